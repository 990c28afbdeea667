/* SPDX-License-Identifier: MIT
 *
 * What the tests of src/data share: a temporary folder, small files in it, and opening data sets
 * that must or must not open. Each group is a file; test_data.c runs them all.
 */
#ifndef TEST_DATA_H
#define TEST_DATA_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vaecl/data.h"

int test_data_idx(void);
int test_data_input(void);
int test_data_npy(void);
int test_data_pictures(void);
int test_data_folder(void);
int test_data_set(void);
int test_data_digits(void);
int test_data_write(void);

/* "FOLDER/name"; good until eight more were asked for. */
const char *test_path(const char *name);
void test_make_folder(const char *name);
void test_put(const char *name, const void *data, size_t size);
void test_put_gz(const char *name, const void *data, size_t size);
/* The caller frees it. */
unsigned char *test_get(const char *name, size_t *ret_size);

/* An IDX file of bytes 0, 1, 2 ... ; `extra` bytes more (or fewer) than its header promises. */
void test_put_idx(const char *name, unsigned n_dims, const uint32_t *dims, int extra);
/* An NPY file with this text as its dictionary. */
void test_put_npy(const char *name, int version, const char *dictionary, const void *data,
                  size_t size);
/* A grey PNG filled with one value. */
void test_put_png(const char *name, unsigned width, unsigned height, unsigned char value);
/* An RGB PNG with pixels of (value, 0, 255). */
void test_put_colour_png(const char *name, unsigned width, unsigned height, unsigned char value);

/* `name` is within the temporary folder. */
struct vcl_dataset *test_open(const char *name, const char *split);
/* Fails the test unless opening gives `status` and a message that contains `part`, without a full
 * stop at its end. */
void test_refused(const char *name, enum vcl_status status, const char *part);
void test_contains(const char *text, const char *part);

#endif
