/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* flock, gethostname */
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

enum { ATTEMPTS = 10 }; /* at a file that its holder removes just then */

static enum vcl_status lock_error(const char *path, struct vcl_error *err)
{
    return ERR(err, VCL_E_IO, "cannot lock '%s': %s", path, strerror(errno));
}

/* The file holds "PID HOST". */
static enum vcl_status busy(int fd, const char *what, struct vcl_error *err)
{
    char text[300] = "", host[256] = "", here[256] = "";
    long pid = 0;
    ssize_t got = pread(fd, text, sizeof text - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    gethostname(here, sizeof here - 1);
    if (sscanf(text, "%ld %255s", &pid, host) < 1)
        return ERR(err, VCL_E_BUSY, "'%s' is in use by another process", what);
    bool elsewhere = host[0] && strcmp(host, here) != 0;
    return ERR(err, VCL_E_BUSY, "'%s' is in use by process %ld%s%s", what, pid,
               elsewhere ? " on " : "", elsewhere ? host : "");
}

static bool is_same_file(int fd, const char *path)
{
    struct stat open_one, named;
    return fstat(fd, &open_one) == 0 && stat(path, &named) == 0 &&
           open_one.st_ino == named.st_ino && open_one.st_dev == named.st_dev;
}

static void write_owner(int fd)
{
    char host[256] = "", text[300];
    gethostname(host, sizeof host - 1);
    int len = snprintf(text, sizeof text, "%ld %s\n", (long)getpid(), host);
    if (ftruncate(fd, 0) == 0) /* who can't read it says "another process" */
        (void)!pwrite(fd, text, (size_t)len, 0);
}

/* *ret_again: the file's holder has removed it just now. */
static enum vcl_status lock_file(const char *path, const char *what, struct vcl_lock *lock,
                                 bool *ret_again, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0)
        return lock_error(path, err);
    lock->works = flock(fd, LOCK_EX | LOCK_NB) == 0;
    bool taken = !lock->works && errno == EWOULDBLOCK;
    *ret_again = !taken && !is_same_file(fd, path);
    if (taken || *ret_again) {
        r = busy(fd, what, err);
        close(fd);
        return r;
    }
    lock->fd = fd;
    return r;
}

enum vcl_status vcl_lock_take(struct vcl_lock *lock, const char *path, const char *what,
                              struct vcl_error *err)
{
    size_t size = strlen(path) + 1;
    bool again = false;
    enum vcl_status r;
    *lock = (struct vcl_lock){.fd = -1};
    TRY(vcl_alloc(size, 1, &lock->path, err));
    memcpy(lock->path, path, size);
    for (int i = 0; i == 0 || (again && i < ATTEMPTS); i++)
        r = lock_file(path, what, lock, &again, err);
    if (r == VCL_OK) {
        write_owner(lock->fd);
        return r;
    }
out:
    free(lock->path);
    *lock = (struct vcl_lock){.fd = -1};
    return r;
}

enum vcl_status vcl_lock_look(const char *path, const char *what, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return r;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        r = busy(fd, what, err);
    close(fd);
    return r;
}

void vcl_lock_release(struct vcl_lock *lock)
{
    if (!lock || !lock->path)
        return;
    unlink(lock->path); /* before the lock is gone: the next one's file is another */
    close(lock->fd);
    free(lock->path);
    *lock = (struct vcl_lock){.fd = -1};
}
