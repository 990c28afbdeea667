/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local bool inside; /* the journal's own calls do not count */
static unsigned long calls;

/* A test that cannot look must not pass. */
static void die(const char *what)
{
    perror(what);
    _exit(99);
}

const char *disk_path(int folder, const char *name, char path[DISK_PATH])
{
    size_t len = 0;
    if (!name)
        return NULL;
    if (name[0] != '/') {
        if (folder != AT_FDCWD && !disk_path_of(folder, path))
            return NULL;
        if (folder == AT_FDCWD && !getcwd(path, DISK_PATH))
            return NULL;
        len = strlen(path);
        path[len++] = '/';
    }
    if (len + strlen(name) >= DISK_PATH)
        die("a path that is too long");
    strcpy(path + len, name);
    return path;
}

const char *disk_path_of(int fd, char path[DISK_PATH])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = fd < 0 ? -1 : readlink(link, path, DISK_PATH - 1);
    if (len < 0)
        return NULL;
    path[len] = '\0';
    return path;
}

static bool counts(const char *path)
{
    const char *root = getenv("DISK_ROOT");
    size_t len = root ? strlen(root) : 0;
    return path && len && strncmp(path, root, len) == 0 && (!path[len] || path[len] == '/');
}

static unsigned long number(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoul(text, NULL, 10) : 0;
}

/* ---- the journal ---- */

static void copy(int from, const char *journal, const char *name)
{
    char path[DISK_PATH], part[65536];
    snprintf(path, sizeof path, "%s/%s", journal, name);
    int to = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    ssize_t n;
    if (to < 0)
        die(path);
    while ((n = read(from, part, sizeof part)) > 0) {
        if (write(to, part, (size_t)n) != n)
            die(path);
    }
    if (n < 0 || close(to) != 0)
        die(path);
}

/* The name of a copy of the file as it is now. */
static void keep(const char *journal, const char *path, char name[32])
{
    struct stat info;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || fstat(fd, &info) != 0)
        die(path);
    snprintf(name, 32, S_ISDIR(info.st_mode) ? "folder" : "%lu", calls);
    if (!S_ISDIR(info.st_mode))
        copy(fd, journal, name);
    close(fd);
}

static bool is_kept(const char *kind)
{
    return strstr(kind, "sync") || strstr(kind, "rename") || strstr(kind, "link") == kind;
}

static void note(const char *journal, const char *kind, const char *one, const char *two)
{
    char path[DISK_PATH], line[2 * DISK_PATH + 64], content[32] = "";
    struct stat info;
    if (is_kept(kind) && lstat(one, &info) == 0)
        keep(journal, one, content);
    int len = snprintf(line, sizeof line, "%s\t%s\t%s\t%s\n", kind, one ? one : "", two ? two : "",
                       content);
    snprintf(path, sizeof path, "%s/calls", journal);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (fd < 0 || write(fd, line, (size_t)len) != len || close(fd) != 0)
        die(path);
}

/* ---- one call ---- */

static bool count(const char *kind, const char *one, const char *two)
{
    const char *journal = getenv("DISK_JOURNAL");
    calls++;
    if (calls == number("DISK_KILL"))
        raise(SIGKILL);
    bool due = calls == number("DISK_FAIL");
    if (journal)
        note(journal, due ? "failed" : kind, one, two);
    return due;
}

bool disk_due(const char *kind, const char *one, const char *two)
{
    int saved = errno;
    bool due = false;
    if (!inside && (counts(one) || counts(two))) {
        inside = true;
        pthread_mutex_lock(&one_at_a_time);
        due = count(kind, one, two);
        pthread_mutex_unlock(&one_at_a_time);
        inside = false;
    }
    errno = due ? EIO : saved;
    return due;
}

void disk_delay(const char *path)
{
    unsigned long ms = number("DISK_DELAY");
    const struct timespec time = {(time_t)(ms / 1000), (long)(ms % 1000) * 1000000};
    if (ms && !inside && counts(path))
        nanosleep(&time, NULL);
}
