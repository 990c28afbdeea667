/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "test_data.h"

#include <ftw.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static char folder[512];

const char *test_path(const char *name)
{
    static char paths[8][1024];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void test_make_folder(const char *name)
{
    assert_int_equal(mkdir(test_path(name), 0777), 0);
}

void test_put(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(test_path(name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

void test_put_gz(const char *name, const void *data, size_t size)
{
    gzFile file = gzopen(test_path(name), "wb9");
    assert_non_null(file);
    assert_int_equal(gzwrite(file, data, (unsigned)size), size);
    assert_int_equal(gzclose(file), Z_OK);
}

unsigned char *test_get(const char *name, size_t *ret_size)
{
    FILE *file = fopen(test_path(name), "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    *ret_size = (size_t)ftell(file);
    rewind(file);
    unsigned char *data = malloc(*ret_size + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *ret_size, file), *ret_size);
    data[*ret_size] = '\0';
    fclose(file);
    return data;
}

void test_put_idx(const char *name, unsigned n_dims, const uint32_t *dims, int extra)
{
    unsigned char data[4096] = {0, 0, 8, (unsigned char)n_dims};
    size_t at = 4, product = 1;
    for (unsigned i = 0; i < n_dims; i++) {
        for (int shift = 24; shift >= 0; shift -= 8)
            data[at++] = (unsigned char)(dims[i] >> shift);
        product *= dims[i];
    }
    for (size_t i = 0; i < product; i++)
        data[at + i] = (unsigned char)i;
    size_t size = (size_t)((long)(at + product) + extra);
    assert_true(size <= sizeof data);
    if (strstr(name, ".gz"))
        test_put_gz(name, data, size);
    else
        test_put(name, data, size);
}

void test_put_npy(const char *name, int version, const char *dictionary, const void *data,
                  size_t size)
{
    unsigned char file[4096] = "\x93NUMPY";
    size_t len = strlen(dictionary), at = 8;
    file[6] = (unsigned char)version;
    file[at++] = (unsigned char)len;
    file[at++] = (unsigned char)(len >> 8);
    at += version > 1 ? 2 : 0;
    assert_true(at + len + size <= sizeof file);
    memcpy(file + at, dictionary, len);
    memcpy(file + at + len, data, size);
    test_put(name, file, at + len + size);
}

static void put_png(const char *name, unsigned width, unsigned height, png_uint_32 format,
                    const unsigned char *pixels)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .width = width, .height = height};
    image.format = format;
    assert_true(png_image_write_to_file(&image, test_path(name), 0, pixels, 0, NULL));
}

void test_put_png(const char *name, unsigned width, unsigned height, unsigned char value)
{
    unsigned char pixels[4096];
    memset(pixels, value, sizeof pixels);
    put_png(name, width, height, PNG_FORMAT_GRAY, pixels);
}

void test_put_colour_png(const char *name, unsigned width, unsigned height, unsigned char value)
{
    unsigned char pixels[4096] = {0};
    for (size_t i = 0; i < (size_t)width * height; i++) {
        pixels[3 * i] = value;
        pixels[3 * i + 2] = 255;
    }
    put_png(name, width, height, PNG_FORMAT_RGB, pixels);
}

struct vcl_dataset *test_open(const char *name, const char *split)
{
    struct vcl_error err = {0};
    struct vcl_dataset *set = NULL;
    struct vcl_data_params params = {.source = test_path(name), .split = split};
    if (vcl_dataset_open(&params, &set, &err) < 0)
        fail_msg("%s (hint: %s)", err.msg, err.hint);
    assert_non_null(set);
    assert_string_equal(set->name, test_path(name));
    return set;
}

void test_contains(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("'%s' is not in '%s'", part, text);
}

void test_refused(const char *name, enum vcl_status status, const char *part)
{
    struct vcl_error err = {0};
    struct vcl_dataset *set = NULL;
    struct vcl_data_params params = {.source = test_path(name), .split = "all"};
    enum vcl_status r = vcl_dataset_open(&params, &set, &err);
    assert_null(set);
    if (r != status)
        fail_msg("status %d, not %d: %s", r, status, err.msg);
    assert_int_equal(err.status, status);
    test_contains(err.msg, part);
    test_contains(err.msg, name);
    assert_int_not_equal(err.msg[strlen(err.msg) - 1], '.');
    assert_null(strchr(err.msg, '\n'));
    /* The same without anybody to tell. */
    assert_int_equal(vcl_dataset_open(&params, &set, NULL), status);
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/vae-cl-test-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    int failed = test_data_input() + test_data_idx() + test_data_npy() + test_data_pictures() +
                 test_data_folder() + test_data_set() + test_data_digits() + test_data_write();
    nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    return failed != 0;
}
