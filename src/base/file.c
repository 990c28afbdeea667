/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"

static enum vcl_status system_error(const char *what, const char *path, struct vcl_error *err)
{
    return ERR(err, VCL_E_IO, "%s '%s': %s", what, path, strerror(errno));
}

enum vcl_status vcl_file_open(const char *path, FILE **ret_file, uint64_t *ret_size,
                              struct vcl_error *err)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    if (!file)
        return system_error("cannot open", path, err);
    bool known = fstat(fileno(file), &st) == 0;
    if (known && (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))) {
        fclose(file);
        return ERR(err, VCL_E_IO, "cannot read '%s': it is a device, not a file", path);
    }
    known = known && S_ISREG(st.st_mode) && st.st_size > 0; /* files of /proc have a size of 0 */
    *ret_size = known ? (uint64_t)st.st_size : UINT64_MAX;
    *ret_file = file;
    return VCL_OK;
}

/* Room for a file of known size, and the zero byte behind it, is made exactly. */
static enum vcl_status read_whole(FILE *file, uint64_t known, unsigned char **data, size_t *size,
                                  struct vcl_error *err)
{
    size_t cap = 0;
    enum vcl_status r;
    TRY(vcl_grow(data, &cap, known < SIZE_MAX ? (size_t)known + 1 : 4096, 1, err));
    for (;;) {
        *size += fread(*data + *size, 1, cap - 1 - *size, file);
        int next = *size == cap - 1 ? fgetc(file) : EOF;
        if (next == EOF)
            break;
        TRY(vcl_grow(data, &cap, *size + 2, 1, err));
        (*data)[(*size)++] = (unsigned char)next;
    }
    (*data)[*size] = '\0';
out:
    return r;
}

enum vcl_status vcl_file_read(const char *path, unsigned char **ret_data, size_t *ret_size,
                              struct vcl_error *err)
{
    unsigned char *data = NULL;
    size_t size = 0;
    uint64_t known;
    FILE *file;
    enum vcl_status r = vcl_file_open(path, &file, &known, err);
    if (r < 0)
        return r;
    TRY(read_whole(file, known, &data, &size, err));
    if (ferror(file)) {
        r = system_error("cannot read", path, err);
        goto out;
    }
    *ret_data = data;
    *ret_size = size;
    data = NULL;
out:
    free(data);
    fclose(file);
    return r;
}

bool vcl_file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

bool vcl_is_folder(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int vcl_open_folder_of(const char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    const char *slash = strrchr(path, '/');
    if (!slash)
        return open(".", flags);
    size_t len = slash == path ? 1 : (size_t)(slash - path);
    char *folder;
    if (vcl_alloc(len + 1, 1, &folder, NULL) < 0) {
        errno = ENOMEM;
        return -1;
    }
    memcpy(folder, path, len);
    folder[len] = '\0';
    int fd = open(folder, flags);
    free(folder);
    return fd;
}

/* A folder that we may write but not read, and a file system that syncs no folders, are no errors:
 * no more can be done there. */
enum vcl_status vcl_sync_folder_of(const char *path, struct vcl_error *err)
{
    int fd = vcl_open_folder_of(path);
    if (fd < 0)
        return errno == EACCES ? VCL_OK : system_error("cannot sync the folder of", path, err);
    enum vcl_status r = VCL_OK;
    if (fsync(fd) != 0 && errno != EINVAL && errno != ENOTSUP)
        r = system_error("cannot sync the folder of", path, err);
    close(fd);
    return r;
}

enum vcl_status vcl_file_rename(const char *from, const char *to, struct vcl_error *err)
{
    if (rename(from, to) != 0)
        return system_error("cannot rename", from, err);
    return vcl_sync_folder_of(to, err);
}

enum vcl_status vcl_make_folders(const char *path, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    char *copy = NULL;
    size_t len = strlen(path);
    TRY(vcl_alloc(len + 1, 1, &copy, err));
    memcpy(copy, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (copy[i] != '/' && copy[i] != '\0')
            continue;
        char saved = copy[i];
        copy[i] = '\0';
        bool made = mkdir(copy, 0777) == 0;
        if (!made && !(errno == EEXIST && vcl_is_folder(copy))) {
            r = system_error("cannot create folder", copy, err);
            goto out;
        }
        if (made)
            TRY(vcl_sync_folder_of(copy, err));
        copy[i] = saved;
    }
out:
    free(copy);
    return r;
}

enum vcl_status vcl_make_new_folder(const char *path, bool *ret_made, struct vcl_error *err)
{
    bool made = mkdir(path, 0777) == 0;
    if (!made && errno != EEXIST)
        return system_error("cannot create folder", path, err);
    *ret_made = made;
    return made ? vcl_sync_folder_of(path, err) : VCL_OK;
}

enum vcl_status vcl_path_join(const char *folder, const char *name, char **ret_path,
                              struct vcl_error *err)
{
    size_t len = strlen(folder);
    while (len > 1 && folder[len - 1] == '/')
        len--;
    char *path = NULL;
    enum vcl_status r = vcl_alloc(len + strlen(name) + 2, 1, &path, err);
    if (r < 0)
        return r;
    memcpy(path, folder, len);
    if (len && !(len == 1 && folder[0] == '/')) /* "" is the current folder */
        path[len++] = '/';
    strcpy(path + len, name);
    *ret_path = path;
    return VCL_OK;
}
