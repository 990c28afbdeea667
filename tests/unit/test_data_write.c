/* SPDX-License-Identifier: MIT
 *
 * Arrays written and read back.
 */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_data.h"

static const float ramp[24] = {0.0f,  0.1f,  0.2f,  0.3f,  0.4f,  0.5f,  0.6f,  0.7f,
                               0.8f,  0.9f,  1.0f,  0.05f, 0.15f, 0.25f, 0.35f, 0.45f,
                               0.55f, 0.65f, 0.75f, 0.85f, 0.95f, 1.5f,  -2.0f, 1e-7f};
static const int32_t labels[3] = {7, 0, 255};

static void write_ok(const char *name, const struct vcl_array *array, uint32_t columns)
{
    struct vcl_error err = {0};
    if (vcl_array_write(test_path(name), array, columns, false, &err) < 0)
        fail_msg("%s", err.msg);
}

static void write_refused(const char *name, const struct vcl_array *array, enum vcl_status status,
                          const char *part)
{
    struct vcl_error err = {0};
    enum vcl_status r = vcl_array_write(test_path(name), array, 0, false, &err);
    if (r != status)
        fail_msg("status %d, not %d: %s", r, status, err.msg);
    test_contains(err.msg, part);
    FILE *file = fopen(test_path(name), "rb");
    assert_null(file);
}

static void test_npy(void **state)
{
    const struct vcl_array images = {2, {2, 3, 2}, ramp, NULL}, table = {6, {1, 4, 1}, ramp, NULL};
    size_t size;
    (void)state;
    write_ok("w.npy", &images, 0);
    struct vcl_dataset *set = test_open("w.npy", "all");
    assert_int_equal(set->count, 2);
    assert_memory_equal(&set->shape, &images.shape, sizeof set->shape);
    assert_memory_equal(set->values, ramp, sizeof ramp);
    vcl_dataset_destroy(&set);
    write_ok("t.npy", &table, 0);
    unsigned char *data = test_get("t.npy", &size);
    assert_int_equal(size % 64, sizeof ramp % 64);
    test_contains((const char *)data + 10, "'shape': (6, 4), }");
    free(data);
}

static void test_idx(void **state)
{
    const struct vcl_array images = {3, {2, 4, 1}, ramp, labels};
    (void)state;
    static const char *const names[] = {"w.idx", "w2.idx.gz"};
    for (int n = 0; n < 2; n++) {
        write_ok(names[n], &images, 0);
        struct vcl_dataset *set = test_open(names[n], "all");
        assert_int_equal(set->count, 3);
        assert_memory_equal(&set->shape, &images.shape, sizeof set->shape);
        assert_memory_equal(set->labels, labels, sizeof labels);
        const unsigned char *bytes = set->values;
        for (int i = 0; i < 24; i++) {
            float clamped = ramp[i] < 0 ? 0 : ramp[i] > 1 ? 1 : ramp[i];
            assert_true(fabsf((float)bytes[i] - 255 * clamped) <= 0.5001f);
        }
        vcl_dataset_destroy(&set);
    }
    size_t size;
    unsigned char *data = test_get("w2.idx.gz", &size);
    assert_memory_equal(data, "\x1f\x8b\x08\0\0\0\0\0", 8);
    free(data);
    const struct vcl_array colour = {2, {2, 2, 3}, ramp, NULL};
    write_ok("colour-out.idx", &colour, 0);
    struct vcl_dataset *set = test_open("colour-out.idx", "all");
    assert_memory_equal(&set->shape, &colour.shape, sizeof set->shape);
    vcl_dataset_destroy(&set);
}

static void test_idx_refused(void **state)
{
    const int32_t large[3] = {0, 256, 1};
    const struct vcl_array table = {6, {1, 4, 1}, ramp, NULL};
    const struct vcl_array wrong = {3, {2, 4, 1}, ramp, large};
    (void)state;
    write_refused("r.idx", &table, VCL_E_RANGE, "example 5, column 1 is 1.5");
    write_refused("r.idx", &wrong, VCL_E_RANGE, "label 256 of example 1 does not fit");
    /* Neither file appears if the second name is taken. */
    struct vcl_array images = {3, {2, 4, 1}, ramp, labels};
    test_put("taken-labels.idx", "x", 1);
    struct vcl_error err;
    assert_int_equal(vcl_array_write(test_path("taken.idx"), &images, 0, false, &err),
                     VCL_E_EXISTS);
    assert_null(fopen(test_path("taken.idx"), "rb"));
    /* Old labels do not survive beside new examples that have none. */
    images.labels = NULL;
    assert_int_equal(vcl_array_write(test_path("taken.idx"), &images, 0, false, &err),
                     VCL_E_EXISTS);
    assert_int_equal(vcl_array_write(test_path("taken.idx"), &images, 0, true, &err), VCL_OK);
    assert_null(fopen(test_path("taken-labels.idx"), "rb"));
}

static void test_csv(void **state)
{
    const struct vcl_array array = {3, {1, 8, 1}, ramp, labels};
    size_t size;
    (void)state;
    setlocale(LC_ALL, "de_DE.UTF-8"); /* where there is one, the decimal comma must not appear */
    write_ok("w.csv", &array, 0);
    setlocale(LC_ALL, "C");
    unsigned char *data = test_get("w.csv", &size);
    char *at = (char *)data;
    test_contains(at, "x0,x1,x2,x3,x4,x5,x6,x7,label\n");
    at = strchr(at, '\n') + 1;
    for (int i = 0; i < 24; i++) {
        assert_true((float)strtod(at, &at) == ramp[i]);
        assert_int_equal(*at++, ',');
        if (i % 8 == 7) {
            assert_int_equal(strtol(at, &at, 10), labels[i / 8]);
            assert_int_equal(*at++, '\n');
        }
    }
    assert_int_equal(*at, '\0');
    free(data);
}

/* Every bit of a float comes back. */
static void test_csv_digits(void **state)
{
    const float values[] = {1 / 3.0f, 0.1f, 16777215, 1.00000012f, -3.4028235e38f, 1.4e-45f};
    const struct vcl_array array = {2, {1, 3, 1}, values, NULL};
    size_t size;
    (void)state;
    write_ok("digits.csv", &array, 0);
    unsigned char *data = test_get("digits.csv", &size);
    char *at = strchr((char *)data, '\n');
    for (int i = 0; i < 6; i++)
        assert_true(strtof(at + 1, &at) == values[i]);
    free(data);
}

/* Pictures of 2 x 3 pixels are enlarged 21 times and stand 2 pixels apart. */
static void test_png(void **state)
{
    const struct vcl_array grey = {3, {2, 3, 1}, ramp, NULL};
    const uint32_t wide = 2 + 2 * (2 + 3 * 21), high = 2 + 2 * (2 + 2 * 21);
    size_t size, again;
    (void)state;
    write_ok("w.png", &grey, 2);
    struct vcl_dataset *set = test_open("w.png", "all");
    assert_int_equal(set->shape.width, wide);
    assert_int_equal(set->shape.height, high);
    assert_int_equal(set->shape.channels, 1);
    const unsigned char *bytes = set->values;
    unsigned char gap = bytes[0];
    assert_int_equal(bytes[2 * wide + 2], 0);
    assert_int_equal(bytes[2 * wide + 2 + 62], 51);
    assert_int_equal(bytes[2 * wide + 2 + 63], gap);
    assert_int_equal(bytes[2 * wide + 2 + 65], 153);
    assert_int_equal(bytes[(2 + 44) * wide + 2], 38);
    assert_int_equal(bytes[(high - 3) * wide + wide - 3], gap);
    vcl_dataset_destroy(&set);
    write_ok("w2.png", &grey, 2);
    unsigned char *first = test_get("w.png", &size), *second = test_get("w2.png", &again);
    assert_int_equal(size, again);
    assert_memory_equal(first, second, size);
    free(first);
    free(second);
}

/* Each channel of each pixel; 64 pixels a side are not enlarged. */
static void test_png_colour(void **state)
{
    static float values[64 * 64 * 3];
    const struct vcl_array colour = {1, {64, 64, 3}, values, NULL};
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        values[i] = (float)(i * 7 % 256) / 255;
    write_ok("rgb-out.png", &colour, 0);
    struct vcl_dataset *set = test_open("rgb-out.png", "all");
    assert_int_equal(set->shape.channels, 3);
    assert_int_equal(set->shape.width, 2 + 64 + 2);
    const unsigned char *bytes = set->values;
    for (size_t y = 0; y < 64; y++) {
        for (size_t x = 0; x < 64 * 3; x++)
            assert_int_equal(bytes[(y + 2) * 68 * 3 + 2 * 3 + x], (y * 64 * 3 + x) * 7 % 256);
    }
    vcl_dataset_destroy(&set);
}

static void test_png_columns(void **state)
{
    static const struct {
        size_t count, columns, rows;
    } cases[] = {{1, 1, 1}, {3, 3, 1}, {4, 2, 2}, {7, 3, 3}, {10, 5, 2}, {12, 4, 3}, {64, 8, 8}};
    static float values[64 * 80 * 2];
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct vcl_array array = {cases[i].count, {80, 2, 1}, values, NULL};
        struct vcl_error err;
        assert_int_equal(vcl_array_write(test_path("c.png"), &array, 0, true, &err), VCL_OK);
        struct vcl_dataset *set = test_open("c.png", "all");
        assert_int_equal(set->shape.width, 2 + 4 * cases[i].columns);
        assert_int_equal(set->shape.height, 2 + 82 * cases[i].rows);
        vcl_dataset_destroy(&set);
    }
}

static void test_png_refused(void **state)
{
    const float odd[] = {0, 0, NAN, 0};
    const struct vcl_array two = {2, {2, 3, 2}, ramp, NULL}, table = {6, {1, 4, 1}, ramp, NULL};
    const struct vcl_array nan = {1, {2, 2, 1}, odd, NULL}, none = {0, {2, 2, 1}, ramp, NULL};
    (void)state;
    write_refused("r.png", &two, VCL_E_SHAPE, "pictures have 1 or 3 channels, these have 2");
    write_refused("r.png", &table, VCL_E_SHAPE, "rows of a table are no pictures");
    write_refused("r.png", &nan, VCL_E_NUMERIC, "example 0, column 2 is NaN");
    write_refused("r.png", &none, VCL_E_ARG, "there is nothing to write");
    write_refused("r.tiff", &two, VCL_E_ARG, "the extension does not tell how to write it");
    write_refused("nowhere/r.npy", &two, VCL_E_IO, "cannot write");
}

static void test_replace(void **state)
{
    const struct vcl_array array = {3, {2, 4, 1}, ramp, labels};
    (void)state;
    for (const char *const *e = vcl_array_extensions(); *e; e++) {
        char name[32] = "again";
        struct vcl_error err;
        strcat(name, *e);
        write_ok(name, &array, 0);
        assert_int_equal(vcl_array_write(test_path(name), &array, 0, false, &err), VCL_E_EXISTS);
        test_contains(err.hint, "--force");
        assert_int_equal(vcl_array_write(test_path(name), &array, 0, true, &err), VCL_OK);
    }
}

int test_data_write(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_npy),         cmocka_unit_test(test_idx),
        cmocka_unit_test(test_idx_refused), cmocka_unit_test(test_csv),
        cmocka_unit_test(test_png),         cmocka_unit_test(test_png_columns),
        cmocka_unit_test(test_png_refused), cmocka_unit_test(test_replace),
        cmocka_unit_test(test_csv_digits),  cmocka_unit_test(test_png_colour),
    };
    return cmocka_run_group_tests_name("data: write", tests, NULL, NULL);
}
