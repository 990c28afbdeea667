/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "data/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum vcl_status add(struct vcl_folder *folder, const char *name, struct vcl_error *err)
{
    char *copy = NULL;
    enum vcl_status r =
        vcl_grow(&folder->names, &folder->cap, folder->count + 1, sizeof *folder->names, err);
    if (r == VCL_OK)
        r = vcl_alloc(strlen(name) + 1, 1, &copy, err);
    if (r < 0)
        return r;
    folder->names[folder->count++] = strcpy(copy, name);
    return VCL_OK;
}

enum vcl_status vcl_folder_init(struct vcl_folder *folder, const char *path, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    *folder = (struct vcl_folder){0};
    DIR *stream = opendir(path);
    if (!stream)
        return ERR(err, VCL_E_IO, "cannot open folder '%s': %s", path, strerror(errno));
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            break;
        if (entry->d_name[0] != '.')
            TRY(add(folder, entry->d_name, err));
    }
    if (errno)
        FAIL(err, VCL_E_IO, "cannot read folder '%s': %s", path, strerror(errno));
    if (folder->count > 1)
        qsort(folder->names, folder->count, sizeof *folder->names, compare);
out:
    closedir(stream);
    if (r < 0)
        vcl_folder_finish(folder);
    return r;
}

void vcl_folder_finish(struct vcl_folder *folder)
{
    if (!folder)
        return;
    for (size_t i = 0; i < folder->count; i++)
        free(folder->names[i]);
    free(folder->names);
    *folder = (struct vcl_folder){0};
}

enum vcl_status vcl_folder_take_folders(struct vcl_folder *folder, const char *path,
                                        struct vcl_folder *folders, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    char *full = NULL;
    size_t kept = 0, i = 0;
    for (; i < folder->count; i++) {
        TRY(vcl_path_join(path, folder->names[i], &full, err));
        if (vcl_is_folder(full)) {
            TRY(add(folders, folder->names[i], err));
            free(folder->names[i]);
        } else {
            folder->names[kept++] = folder->names[i];
        }
        free(full);
        full = NULL;
    }
out:
    for (; i < folder->count; i++)
        folder->names[kept++] = folder->names[i];
    folder->count = kept;
    free(full);
    return r;
}
