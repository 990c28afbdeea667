/* SPDX-License-Identifier: MIT */
#define _DEFAULT_SOURCE /* flock, getentropy */
#include "base/writer.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define TAG_DIGITS 16
#define SUFFIX     ".tmp"
enum { ATTEMPTS = 100 }; /* at a name that nobody else has */

static enum vcl_status write_error(const char *path, struct vcl_error *err)
{
    return ERR(err, VCL_E_IO, "cannot write '%s': %s", path, strerror(errno));
}

static enum vcl_status exists_error(const char *path, struct vcl_error *err)
{
    enum vcl_status r = ERR(err, VCL_E_EXISTS, "'%s' exists already", path);
    return vcl_error_hint(err, r, "choose another name, or give --force to replace it");
}

/* ---- temporary files ---- */

static bool is_temporary(const char *name, const char *final)
{
    size_t len = strlen(final);
    return strncmp(name, final, len) == 0 && name[len] == '.' &&
           strspn(name + len + 1, "0123456789abcdef") == TAG_DIGITS &&
           strcmp(name + len + 1 + TAG_DIGITS, SUFFIX) == 0;
}

/* A file whose lock can be had has no writer any more. */
static void remove_if_stale(int folder, const char *name)
{
    int fd = openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return;
    if (flock(fd, LOCK_EX | LOCK_NB) == 0)
        unlinkat(folder, name, 0);
    close(fd);
}

void vcl_writer_remove_stale(const char *path)
{
    const char *slash = strrchr(path, '/'), *final = slash ? slash + 1 : path;
    int fd = vcl_open_folder_of(path);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *entry; (entry = readdir(folder));) {
        if (is_temporary(entry->d_name, final))
            remove_if_stale(fd, entry->d_name);
    }
    closedir(folder);
}

/* Opens a new file and locks it. The lock is tried, not waited for: who holds it takes the file for
 * stale, having seen it before it was locked, and is about to remove it. */
static int open_locked(const char *name, mode_t mode)
{
    struct stat st;
    int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return -1;
    bool mine = flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    if (mine && fstat(fd, &st) == 0 && st.st_nlink > 0)
        return fd;
    close(fd);
    errno = EEXIST;
    return -1;
}

static enum vcl_status open_temporary(struct vcl_writer *writer, mode_t mode, struct vcl_error *err)
{
    size_t size = strlen(writer->path) + TAG_DIGITS + sizeof "." SUFFIX;
    enum vcl_status r = vcl_alloc(size, 1, &writer->temporary, err);
    if (r < 0)
        return r;
    for (int i = 0; i < ATTEMPTS && writer->lock < 0; i++) {
        uint64_t tag;
        if (getentropy(&tag, sizeof tag) != 0)
            break;
        snprintf(writer->temporary, size, "%s.%016llx" SUFFIX, writer->path,
                 (unsigned long long)tag);
        writer->lock = open_locked(writer->temporary, mode);
        if (writer->lock < 0 && errno != EEXIST)
            break;
    }
    return writer->lock < 0 ? write_error(writer->path, err) : VCL_OK;
}

/* stdio's own descriptor is closed before the rename, the one with the lock after it. */
static enum vcl_status open_stream(struct vcl_writer *writer, struct vcl_error *err)
{
    int fd = fcntl(writer->lock, F_DUPFD_CLOEXEC, 0);
    writer->file = fd < 0 ? NULL : fdopen(fd, "wb");
    if (writer->file)
        return VCL_OK;
    enum vcl_status r = write_error(writer->path, err);
    if (fd >= 0)
        close(fd);
    return r;
}

/* ---- the writer ---- */

enum vcl_status vcl_writer_init(struct vcl_writer *writer, const char *path, bool replace,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct stat link, old;
    size_t size = strlen(path) + 1;
    *writer = (struct vcl_writer){.lock = -1, .replace = replace};
    if (!replace && lstat(path, &link) == 0)
        return exists_error(path, err);
    bool replaces = stat(path, &old) == 0;
    if (replaces && !S_ISREG(old.st_mode))
        return ERR(err, VCL_E_IO, "cannot write '%s': it is there and is not a file", path);
    TRY(vcl_alloc(size, 1, &writer->path, err));
    memcpy(writer->path, path, size);
    vcl_writer_remove_stale(path);
    TRY(open_temporary(writer, replaces ? 0600 : 0666, err));
    TRY(open_stream(writer, err));
    if (replaces && fchmod(writer->lock, old.st_mode & 0777) != 0)
        r = write_error(path, err);
out:
    if (r < 0)
        vcl_writer_finish(writer);
    return r;
}

enum vcl_status vcl_writer_add(struct vcl_writer *writer, const void *data, size_t size,
                               struct vcl_error *err)
{
    if (size && fwrite(data, 1, size, writer->file) != size)
        return write_error(writer->path, err);
    return VCL_OK;
}

enum vcl_status vcl_writer_sync(struct vcl_writer *writer, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (!writer->file)
        return r;
    if (fflush(writer->file) != 0 || fsync(fileno(writer->file)) != 0)
        r = write_error(writer->path, err);
    if (fclose(writer->file) != 0 && r == VCL_OK)
        r = write_error(writer->path, err);
    writer->file = NULL;
    return r;
}

/* A second name instead of a rename where nothing may be replaced: it fails if the name is there by
 * now. Not all file systems have such names. */
static enum vcl_status publish(const struct vcl_writer *writer, struct vcl_error *err)
{
    if (!writer->replace) {
        if (link(writer->temporary, writer->path) == 0) {
            unlink(writer->temporary);
            return VCL_OK;
        }
        if (errno == EEXIST)
            return exists_error(writer->path, err);
    }
    return rename(writer->temporary, writer->path) == 0 ? VCL_OK : write_error(writer->path, err);
}

static void close_lock(struct vcl_writer *writer)
{
    if (writer->lock >= 0)
        close(writer->lock);
    writer->lock = -1;
}

enum vcl_status vcl_writer_commit(struct vcl_writer *writer, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_writer_sync(writer, err));
    TRY(publish(writer, err));
    free(writer->temporary);
    writer->temporary = NULL;
    TRY(vcl_sync_folder_of(writer->path, err));
out:
    vcl_writer_finish(writer);
    return r;
}

void vcl_writer_finish(struct vcl_writer *writer)
{
    if (!writer || !writer->path)
        return;
    if (writer->file)
        fclose(writer->file);
    if (writer->temporary && writer->lock >= 0)
        unlink(writer->temporary);
    close_lock(writer);
    free(writer->temporary);
    free(writer->path);
    *writer = (struct vcl_writer){.lock = -1};
}

enum vcl_status vcl_file_write(const char *path, const void *data, size_t size, bool replace,
                               struct vcl_error *err)
{
    struct vcl_writer writer;
    enum vcl_status r = vcl_writer_init(&writer, path, replace, err);
    if (r < 0)
        return r;
    TRY(vcl_writer_add(&writer, data, size, err));
    TRY(vcl_writer_commit(&writer, err));
out:
    vcl_writer_finish(&writer);
    return r;
}
