/* SPDX-License-Identifier: MIT
 *
 * The built-in digits: the same on every machine, balanced, and placed like MNIST's.
 */
#include <stdlib.h>
#include <string.h>

#include "test_data.h"

enum { PIXELS = 28 * 28 };

static struct vcl_dataset *open_digits(const char *split, uint64_t seed, size_t limit)
{
    struct vcl_error err;
    struct vcl_dataset *set = NULL;
    struct vcl_data_params params = {"digits", split, limit, seed};
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_OK);
    return set;
}

/* FNV-1a over labels and pixels of the first 100. */
static uint64_t hash(const struct vcl_dataset *set)
{
    const unsigned char *values = set->values;
    uint64_t h = 0xcbf29ce484222325;
    for (size_t i = 0; i < 100; i++)
        h = (h ^ (unsigned)set->labels[i]) * 0x100000001b3;
    for (size_t i = 0; i < (size_t)100 * PIXELS; i++)
        h = (h ^ values[i]) * 0x100000001b3;
    return h;
}

static void test_stable(void **state)
{
    static const struct {
        const char *split;
        uint64_t seed, hash;
    } recorded[] = {
        {"train", 0, 0x2cbfebd2c9bf13ff},
        {"test", 0, 0xd761343894d49c25},
        {"train", 12345678901234567u, 0x5b9eda07d3f79730},
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct vcl_dataset *set = open_digits(recorded[i].split, recorded[i].seed, 100);
        assert_int_equal(hash(set), recorded[i].hash);
        vcl_dataset_destroy(&set);
    }
}

static void test_shape(void **state)
{
    (void)state;
    struct vcl_dataset *train = open_digits("train", 0, 0), *test = open_digits("test", 0, 0);
    struct vcl_dataset *all = open_digits("all", 0, 0);
    assert_string_equal(train->name, "digits");
    assert_string_equal(train->format, "digits");
    assert_int_equal(train->count, 10000);
    assert_int_equal(test->count, 2000);
    assert_int_equal(all->count, 12000);
    assert_int_equal(train->shape.height * train->shape.width * train->shape.channels, PIXELS);
    assert_int_equal(train->dtype, VCL_U8);
    assert_int_equal(train->classes, 10);
    const char *values = all->values;
    assert_memory_equal(values, train->values, (size_t)10000 * PIXELS);
    assert_memory_equal(values + (size_t)10000 * PIXELS, test->values, (size_t)2000 * PIXELS);
    assert_memory_equal(all->labels + 10000, test->labels, 2000 * sizeof *test->labels);
    struct vcl_dataset *few = open_digits("all", 0, 10001);
    assert_int_equal(few->count, 10001);
    assert_memory_equal(few->values, values, (size_t)10001 * PIXELS);
    vcl_dataset_destroy(&few);
    vcl_dataset_destroy(&train);
    vcl_dataset_destroy(&test);
    vcl_dataset_destroy(&all);
}

static void test_balanced(void **state)
{
    (void)state;
    struct vcl_dataset *set = open_digits("train", 5, 1000);
    for (size_t i = 0; i < set->count; i += 10) {
        unsigned seen = 0;
        for (size_t j = 0; j < 10; j++)
            seen |= 1u << set->labels[i + j];
        assert_int_equal(seen, 1023);
    }
    vcl_dataset_destroy(&set);
}

/* The outermost pixels stay black; each picture has ink, though not everywhere. */
static void test_placed(void **state)
{
    (void)state;
    struct vcl_dataset *set = open_digits("train", 0, 2000);
    const unsigned char *pixel = set->values;
    for (size_t i = 0; i < set->count; i++) {
        unsigned ink = 0;
        for (int at = 0; at < PIXELS; at++, pixel++) {
            int x = at % 28, y = at / 28;
            bool border = x < 1 || y < 1 || x > 26 || y > 26;
            assert_true(!border || *pixel == 0);
            ink += *pixel;
        }
        assert_in_range(ink, 255 * 15, 255 * 300);
    }
    vcl_dataset_destroy(&set);
}

static int compare_pictures(const void *a, const void *b)
{
    return memcmp(*(const unsigned char *const *)a, *(const unsigned char *const *)b, PIXELS);
}

/* No two pictures are the same, within a part, across parts, or across seeds. */
static void test_distinct(void **state)
{
    (void)state;
    struct vcl_dataset *sets[] = {open_digits("all", 0, 0), open_digits("all", 1, 0)};
    static const unsigned char *pictures[24000];
    for (size_t i = 0; i < 24000; i++)
        pictures[i] = (const unsigned char *)sets[i / 12000]->values + i % 12000 * PIXELS;
    qsort(pictures, 24000, sizeof *pictures, compare_pictures);
    for (size_t i = 1; i < 24000; i++)
        assert_true(compare_pictures(pictures + i - 1, pictures + i) < 0);
    vcl_dataset_destroy(&sets[0]);
    vcl_dataset_destroy(&sets[1]);
}

int test_data_digits(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stable),   cmocka_unit_test(test_shape),
        cmocka_unit_test(test_balanced), cmocka_unit_test(test_placed),
        cmocka_unit_test(test_distinct),
    };
    return cmocka_run_group_tests_name("data: digits", tests, NULL, NULL);
}
