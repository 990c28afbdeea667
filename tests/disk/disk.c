/* SPDX-License-Identifier: MIT
 *
 * Stands between a program and the C library (LD_PRELOAD) for every call that changes files, to say
 * what was called and to be a disk that fails. The calls on what lies below $DISK_ROOT count:
 *
 *     DISK_JOURNAL=FOLDER   each becomes a line of FOLDER/calls (journal.h)
 *     DISK_FAIL=N           the N-th fails with EIO; what it should have done is not done
 *     DISK_KILL=N           the program is killed before the N-th
 *     DISK_DELAY=MS         each fsync takes so much longer
 */
#undef _FILE_OFFSET_BITS /* `open` and `open64` are two functions here */
#define _GNU_SOURCE
#include "journal.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

/* `real` is the C library's function of this name. */
#define REAL(name)                                                                                 \
    __typeof__(&name) real;                                                                        \
    void *found_##name = dlsym(RTLD_NEXT, #name);                                                  \
    memcpy(&real, &found_##name, sizeof real)

/* ---- opening ---- */

/* What an open does to a file: "create", "truncate", or NULL. */
static const char *change(const char *path, int flags)
{
    struct stat info;
    bool there = path && stat(path, &info) == 0;
    if (path && !there && flags & O_CREAT)
        return "create";
    return there && flags & O_TRUNC && S_ISREG(info.st_mode) ? "truncate" : NULL;
}

static bool open_is_due(int folder, const char *name, int flags)
{
    char path[DISK_PATH];
    const char *kind = change(disk_path(folder, name, path), flags);
    return kind && disk_due(kind, path, NULL);
}

#define OPEN_CALL(name, params, args, folder, path)                                                \
    int name params                                                                                \
    {                                                                                              \
        REAL(name);                                                                                \
        va_list list;                                                                              \
        va_start(list, flags);                                                                     \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;                    \
        va_end(list);                                                                              \
        return open_is_due(folder, path, flags) ? -1 : real args;                                  \
    }

OPEN_CALL(open, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD, path)
OPEN_CALL(open64, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD, path)
OPEN_CALL(openat, (int folder, const char *path, int flags, ...), (folder, path, flags, mode),
          folder, path)
OPEN_CALL(openat64, (int folder, const char *path, int flags, ...), (folder, path, flags, mode),
          folder, path)

static int flags_of(const char *mode)
{
    return *mode == 'w' ? O_CREAT | O_TRUNC : *mode == 'a' ? O_CREAT : 0;
}

FILE *fopen(const char *path, const char *mode)
{
    REAL(fopen);
    return open_is_due(AT_FDCWD, path, flags_of(mode)) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
    REAL(fopen64);
    return open_is_due(AT_FDCWD, path, flags_of(mode)) ? NULL : real(path, mode);
}

/* ---- writing ---- */

#define FD_CALL(type, name, params, args, fd)                                                      \
    type name params                                                                               \
    {                                                                                              \
        REAL(name);                                                                                \
        char path[DISK_PATH];                                                                      \
        return disk_due(#name, disk_path_of(fd, path), NULL) ? -1 : real args;                     \
    }

FD_CALL(ssize_t, write, (int fd, const void *data, size_t size), (fd, data, size), fd)
FD_CALL(ssize_t, pwrite, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at),
        fd)
FD_CALL(ssize_t, pwrite64, (int fd, const void *data, size_t size, off64_t at),
        (fd, data, size, at), fd)
FD_CALL(ssize_t, writev, (int fd, const struct iovec *parts, int n), (fd, parts, n), fd)
FD_CALL(int, ftruncate, (int fd, off_t size), (fd, size), fd)
FD_CALL(int, ftruncate64, (int fd, off64_t size), (fd, size), fd)
FD_CALL(int, fflush, (FILE * file), (file), file ? fileno(file) : -1)

size_t fwrite(const void *data, size_t size, size_t count, FILE *file)
{
    REAL(fwrite);
    char path[DISK_PATH];
    return disk_due("fwrite", disk_path_of(fileno(file), path), NULL)
               ? 0
               : real(data, size, count, file);
}

static int sync_file(const char *kind, int fd, int (*real)(int))
{
    char path[DISK_PATH];
    const char *known = disk_path_of(fd, path);
    disk_delay(known);
    return disk_due(kind, known, NULL) ? -1 : real(fd);
}

int fsync(int fd)
{
    REAL(fsync);
    return sync_file("fsync", fd, real);
}

int fdatasync(int fd)
{
    REAL(fdatasync);
    return sync_file("fdatasync", fd, real);
}

/* The path of a file that may have been written, or NULL. */
static const char *written(int fd, char path[DISK_PATH])
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || (flags & O_ACCMODE) == O_RDONLY ? NULL : disk_path_of(fd, path);
}

/* Closed in any case, as the system does it. */
#define CLOSE_CALL(name, params, args, fd)                                                         \
    int name params                                                                                \
    {                                                                                              \
        REAL(name);                                                                                \
        char path[DISK_PATH];                                                                      \
        bool due = disk_due(#name, written(fd, path), NULL);                                       \
        int r = real args;                                                                         \
        errno = due ? EIO : errno;                                                                 \
        return due ? EOF : r;                                                                      \
    }

CLOSE_CALL(close, (int fd), (fd), fd)
CLOSE_CALL(fclose, (FILE * file), (file), fileno(file))

/* ---- names ---- */

#define NAME_CALL(name, params, args, folder, path)                                                \
    int name params                                                                                \
    {                                                                                              \
        REAL(name);                                                                                \
        char one[DISK_PATH];                                                                       \
        return disk_due(#name, disk_path(folder, path, one), NULL) ? -1 : real args;               \
    }

#define NAMES_CALL(name, params, args, folder, from, other, to)                                    \
    int name params                                                                                \
    {                                                                                              \
        REAL(name);                                                                                \
        char one[DISK_PATH], two[DISK_PATH];                                                       \
        return disk_due(#name, disk_path(folder, from, one), disk_path(other, to, two))            \
                   ? -1                                                                            \
                   : real args;                                                                    \
    }

NAMES_CALL(rename, (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
NAMES_CALL(renameat, (int a, const char *from, int b, const char *to), (a, from, b, to), a, from, b,
           to)
NAMES_CALL(renameat2, (int a, const char *from, int b, const char *to, unsigned flags),
           (a, from, b, to, flags), a, from, b, to)
NAMES_CALL(link, (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
NAMES_CALL(linkat, (int a, const char *from, int b, const char *to, int flags),
           (a, from, b, to, flags), a, from, b, to)
NAME_CALL(unlink, (const char *path), (path), AT_FDCWD, path)
NAME_CALL(unlinkat, (int folder, const char *path, int flags), (folder, path, flags), folder, path)
NAME_CALL(remove, (const char *path), (path), AT_FDCWD, path)
NAME_CALL(rmdir, (const char *path), (path), AT_FDCWD, path)
NAME_CALL(mkdir, (const char *path, mode_t mode), (path, mode), AT_FDCWD, path)
NAME_CALL(mkdirat, (int folder, const char *path, mode_t mode), (folder, path, mode), folder, path)
