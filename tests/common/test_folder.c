/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "common/test_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void *allocate(size_t size)
{
    void *memory = malloc(size);
    if (!memory)
        die("malloc");
    return memory;
}

char *test_path_in(const char *folder, const char *name)
{
    size_t size = strlen(folder) + strlen(name) + 2;
    char *path = allocate(size);
    snprintf(path, size, "%s/%s", folder, name);
    return path;
}

char *test_folder_create(void)
{
    const char *parent = getenv("TMPDIR");
    char *folder = test_path_in(parent && *parent ? parent : "/tmp", "vae-cl-test-XXXXXX");
    if (!mkdtemp(folder))
        die(folder);
    return folder;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)info;
    (void)type;
    (void)walk;
    return remove(path);
}

void test_folder_destroy(char **folder)
{
    if (!folder || !*folder)
        return;
    nftw(*folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free(*folder);
    *folder = NULL;
}

unsigned char *test_file_read(const char *folder, const char *name, size_t *ret_size)
{
    char *path = test_path_in(folder, name);
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        die(path);
    long size = ftell(file);
    rewind(file);
    unsigned char *data = allocate((size_t)size + 1);
    if (size < 0 || fread(data, 1, (size_t)size, file) != (size_t)size)
        die(path);
    data[size] = '\0';
    fclose(file);
    free(path);
    *ret_size = (size_t)size;
    return data;
}
