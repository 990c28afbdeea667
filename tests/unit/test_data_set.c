/* SPDX-License-Identifier: MIT
 *
 * What all sources share: parts, limits, wrapping, division, summary.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "test_data.h"

static void put_bytes(const char *name, size_t n)
{
    char text[96] = "{'descr': '|u1', 'fortran_order': False, 'shape': (";
    unsigned char data[256];
    for (size_t i = 0; i < n; i++)
        data[i] = (unsigned char)i;
    char number[4] = {(char)('0' + n / 100), (char)('0' + n / 10 % 10), (char)('0' + n % 10)};
    test_put_npy(name, 1, strcat(strcat(text, number), ",)}"), data, n);
}

static void test_parts(void **state)
{
    (void)state;
    put_bytes("parts.npy", 25);
    struct vcl_dataset *set = test_open("parts.npy", "test");
    assert_int_equal(set->count, 2);
    assert_memory_equal(set->values, "\x09\x13", 2);
    vcl_dataset_destroy(&set);
    set = test_open("parts.npy", NULL);
    assert_int_equal(set->count, 23);
    assert_memory_equal((const char *)set->values + 8, "\x08\x0a", 2);
    assert_memory_equal((const char *)set->values + 22, "\x18", 1);
    vcl_dataset_destroy(&set);
    set = test_open("parts.npy", "all");
    assert_int_equal(set->count, 25);
    vcl_dataset_destroy(&set);
}

/* Two parts from one reading are those of two. */
static void test_two_parts(void **state)
{
    static const char *const splits[] = {"train", "test", "all", NULL};
    (void)state;
    put_bytes("two.npy", 25);
    for (int i = 0; i < 4; i++) {
        for (int j = 0; j < 3; j++) {
            struct vcl_data_params params = {.source = test_path("two.npy"), .split = splits[i]};
            struct vcl_dataset *one = NULL, *two = NULL;
            struct vcl_error err;
            assert_int_equal(vcl_dataset_open_two(&params, splits[j], &one, &two, &err), VCL_OK);
            struct vcl_dataset *first = test_open("two.npy", splits[i]);
            struct vcl_dataset *second = test_open("two.npy", splits[j]);
            assert_int_equal(one->count, first->count);
            assert_int_equal(two->count, second->count);
            assert_memory_equal(one->values, first->values, first->count);
            assert_memory_equal(two->values, second->values, second->count);
            assert_string_equal(two->name, test_path("two.npy"));
            assert_string_equal(two->format, "npy");
            vcl_dataset_destroy(&one);
            vcl_dataset_destroy(&two);
            vcl_dataset_destroy(&first);
            vcl_dataset_destroy(&second);
        }
    }
}

/* Labels and names of classes go with them; a limit is the first part's alone. */
static void test_two_labelled_parts(void **state)
{
    struct vcl_dataset *one = NULL, *two = NULL;
    struct vcl_error err;
    (void)state;
    test_make_folder("two");
    test_make_folder("two/a");
    test_make_folder("two/b");
    for (char i = 0; i < 22; i++) {
        char name[] = "two/b/00.png";
        name[4] = i < 4 ? 'a' : 'b';
        name[6] = (char)('0' + i / 10);
        name[7] = (char)('0' + i % 10);
        test_put_png(name, 2, 1, (unsigned char)(10 * i));
    }
    struct vcl_data_params params = {.source = test_path("two"), .limit = 7};
    assert_int_equal(vcl_dataset_open_two(&params, "test", &one, &two, &err), VCL_OK);
    assert_int_equal(one->count, 7);
    assert_int_equal(two->count, 2);
    assert_memory_equal(two->values, "\x5a\x5a\xbe\xbe", 4);
    assert_int_equal(one->labels[3], 0);
    assert_int_equal(one->labels[4], 1);
    assert_int_equal(two->labels[1], 1);
    assert_int_equal(two->classes, 2);
    assert_string_equal(two->class_names[1], "b");
    vcl_dataset_destroy(&one);
    assert_string_equal(two->class_names[0], "a");
    vcl_dataset_destroy(&two);
    params.source = "digits";
    assert_int_equal(vcl_dataset_open_two(&params, "test", &one, &two, &err), VCL_OK);
    assert_int_equal(one->count, 7);
    assert_int_equal(two->count, 2000);
    vcl_dataset_destroy(&one);
    vcl_dataset_destroy(&two);
    put_bytes("nine.npy", 9);
    params.source = test_path("nine.npy");
    assert_int_equal(vcl_dataset_open_two(&params, "test", &one, &two, &err), VCL_E_RANGE);
    test_contains(err.hint, "--split all");
    assert_null(one);
    assert_null(two);
}

static void test_too_few(void **state)
{
    struct vcl_error err;
    struct vcl_dataset *set = NULL;
    (void)state;
    put_bytes("few.npy", 9);
    struct vcl_data_params params = {.source = test_path("few.npy"), .split = "test"};
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_E_RANGE);
    test_contains(err.msg, "9 examples leave none for testing");
    test_contains(err.hint, "--split all");
}

static void test_limit(void **state)
{
    struct vcl_error err;
    struct vcl_dataset *set = NULL;
    (void)state;
    put_bytes("limit.npy", 25);
    struct vcl_data_params params = {.source = test_path("limit.npy"), .limit = 10};
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_OK);
    assert_int_equal(set->count, 10);
    assert_memory_equal((const char *)set->values + 8, "\x08\x0a", 2);
    vcl_dataset_destroy(&set);
    params.limit = 1000;
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_OK);
    assert_int_equal(set->count, 23);
    vcl_dataset_destroy(&set);
    vcl_dataset_destroy(&set);
    vcl_dataset_destroy(NULL);
}

static void test_unknown(void **state)
{
    struct vcl_error err;
    struct vcl_dataset *set = NULL;
    struct vcl_data_params params = {.source = "digit"};
    (void)state;
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_E_ARG);
    test_contains(err.msg, "'digit': no such file or folder, and no built-in data set");
    test_contains(err.hint, "did you mean 'digits'?");
    params.source = "/nowhere/at/all";
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_E_ARG);
    test_contains(err.hint, "built in: digits");
    params.source = NULL;
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_E_ARG);
    params = (struct vcl_data_params){.source = "digits", .split = "tests"};
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_E_ARG);
    test_contains(err.msg, "split 'tests' is not one of train, test, all");
    test_contains(err.hint, "did you mean 'test'?");
    assert_null(set);
}

static void test_wrap(void **state)
{
    const float values[] = {0, 1, 2, 3, 4, NAN};
    const int32_t labels[] = {0, 4, 2}, negative[] = {0, -1, 2};
    const struct vcl_shape pair = {1, 2, 1};
    struct vcl_error err;
    struct vcl_dataset *set = NULL;
    (void)state;
    assert_int_equal(vcl_dataset_wrap("mine", 2, pair, VCL_F32, values, labels, &set, &err), 0);
    assert_string_equal(set->name, "mine");
    assert_ptr_equal(set->values, values);
    assert_int_equal(set->classes, 5);
    vcl_dataset_destroy(&set);
    assert_int_equal(vcl_dataset_wrap("mine", 3, pair, VCL_F32, values, NULL, &set, &err),
                     VCL_E_NUMERIC);
    test_contains(err.msg, "'mine': example 2, column 1 is NaN");
    assert_int_equal(vcl_dataset_wrap("mine", 2, pair, VCL_F32, values, negative, &set, &err),
                     VCL_E_RANGE);
    test_contains(err.msg, "label of example 1 is -1");
    assert_int_equal(vcl_dataset_wrap("mine", 0, pair, VCL_F32, values, NULL, &set, &err),
                     VCL_E_FORMAT);
    assert_int_equal(vcl_dataset_wrap("mine", 2, pair, VCL_F32, NULL, NULL, &set, &err), VCL_E_ARG);
    assert_null(set);
}

/* Examples in any order and more than once, with what belongs to them; the copy outlives the set.
 */
static void test_take(void **state)
{
    const float values[] = {1, 2, 3, 4, 5, 6};
    const int32_t labels[] = {2, 0, 4};
    const uint32_t wanted[] = {2, 0, 2}, beyond[] = {0, 3};
    const struct vcl_shape pair = {1, 2, 1};
    struct vcl_error err;
    struct vcl_dataset *set = NULL, *some = NULL;
    (void)state;
    assert_int_equal(vcl_dataset_wrap("mine", 3, pair, VCL_F32, values, labels, &set, &err), 0);
    assert_int_equal(vcl_dataset_take(set, beyond, 2, &some, &err), VCL_E_RANGE);
    test_contains(err.msg, "'mine' has 3 examples, counted from 0: there is no number 3");
    assert_int_equal(vcl_dataset_take(set, beyond, 0, &some, &err), VCL_E_RANGE);
    assert_null(some);
    assert_int_equal(vcl_dataset_take(set, wanted, 3, &some, &err), VCL_OK);
    vcl_dataset_destroy(&set);
    assert_int_equal(some->count, 3);
    assert_memory_equal(some->values, ((const float[]){5, 6, 1, 2, 5, 6}), 6 * sizeof(float));
    assert_memory_equal(some->labels, ((const int32_t[]){4, 2, 4}), 3 * sizeof(int32_t));
    assert_int_equal(some->classes, 5);
    assert_null(some->class_names);
    assert_string_equal(some->name, "mine");
    vcl_dataset_destroy(&some);
}

/* Names of classes are copied, too, and a set without labels stays one. */
static void test_take_named(void **state)
{
    struct vcl_error err;
    struct vcl_dataset *some = NULL;
    (void)state;
    test_make_folder("taken");
    test_make_folder("taken/a");
    test_make_folder("taken/b");
    test_put_png("taken/a/1.png", 2, 1, 7);
    test_put_png("taken/b/1.png", 2, 1, 9);
    struct vcl_dataset *set = test_open("taken", "all");
    assert_int_equal(vcl_dataset_take(set, (const uint32_t[]){0}, 1, &some, &err), VCL_OK);
    vcl_dataset_destroy(&set);
    assert_memory_equal(some->values, "\x07\x07", 2);
    assert_int_equal(some->classes, 2);
    assert_string_equal(some->class_names[1], "b");
    vcl_dataset_destroy(&some);
    put_bytes("plain.npy", 25);
    set = test_open("plain.npy", "all");
    assert_int_equal(vcl_dataset_take(set, (const uint32_t[]){24}, 1, &some, &err), VCL_OK);
    assert_memory_equal(some->values, "\x18", 1);
    assert_null(some->labels);
    assert_int_equal(some->classes, 0);
    vcl_dataset_destroy(&some);
    vcl_dataset_destroy(&set);
}

static struct vcl_dataset *wrap_bytes(const unsigned char *values, size_t count, uint32_t width)
{
    struct vcl_dataset *set = NULL;
    const struct vcl_shape shape = {1, width, 1};
    struct vcl_error err;
    assert_int_equal(vcl_dataset_wrap("bytes", count, shape, VCL_U8, values, NULL, &set, &err), 0);
    return set;
}

static void check_division(const struct vcl_dataset *set, double fraction, size_t wanted)
{
    uint32_t *train, *valid;
    size_t n_train, n_valid;
    struct vcl_error err;
    unsigned char seen[100] = {0};
    assert_int_equal(vcl_dataset_divide(set, fraction, 3, &train, &n_train, &valid, &n_valid, &err),
                     VCL_OK);
    assert_int_equal(n_valid, wanted);
    assert_int_equal(n_train + n_valid, set->count);
    for (size_t i = 0; i < n_train; i++) {
        assert_true(i == 0 || train[i] > train[i - 1]);
        seen[train[i]]++;
    }
    for (size_t i = 0; i < n_valid; i++) {
        assert_true(i == 0 || valid[i] > valid[i - 1]);
        seen[valid[i]]++;
    }
    for (size_t i = 0; i < set->count; i++)
        assert_int_equal(seen[i], 1);
    free(train);
    free(valid);
}

static void test_divide(void **state)
{
    unsigned char values[100] = {0};
    uint32_t *train = NULL, *valid = NULL;
    size_t n_train, n_valid;
    struct vcl_error err;
    (void)state;
    struct vcl_dataset *set = wrap_bytes(values, 100, 1);
    check_division(set, 0, 0);
    check_division(set, 0.104, 10);
    check_division(set, 0.105, 11);
    check_division(set, 0.99, 99);
    const double refused[] = {-0.1, 1, 0.999, NAN};
    for (int i = 0; i < 4; i++)
        assert_int_equal(
            vcl_dataset_divide(set, refused[i], 3, &train, &n_train, &valid, &n_valid, &err),
            VCL_E_RANGE);
    assert_null(train);
    vcl_dataset_destroy(&set);
}

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static void test_summary_of_bytes(void **state)
{
    static const unsigned char values[] = {0, 255, 51, 255, 255, 51};
    struct vcl_data_summary s;
    struct vcl_error err;
    (void)state;
    struct vcl_dataset *set = wrap_bytes(values, 2, 3);
    assert_int_equal(vcl_dataset_summarise(set, &s, &err), VCL_OK);
    const double of_fifth = -0.2 * log(0.2) - 0.8 * log(0.8);
    assert_true(near(s.min, 0) && near(s.max, 1) && near(s.mean, (0.5 + 1 + 0.2) / 3));
    assert_int_equal(s.constant_columns, 2);
    assert_true(near(s.grey_entropy, of_fifth));
    assert_true(near(s.pixel_floor, log(2) + of_fifth));
    vcl_dataset_destroy(&set);
}

static void test_summary_of_floats(void **state)
{
    const float values[] = {0.25f, 0.75f, 0.5f, 0.5f}, wide[] = {-1, 2};
    const struct vcl_shape pair = {1, 2, 1};
    struct vcl_dataset *set = NULL;
    struct vcl_data_summary s;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_dataset_wrap("f", 2, pair, VCL_F32, values, NULL, &set, &err), VCL_OK);
    assert_int_equal(vcl_dataset_summarise(set, &s, &err), VCL_OK);
    const double quarter = -0.25 * log(0.25) - 0.75 * log(0.75);
    assert_true(near(s.grey_entropy, (2 * quarter + 2 * log(2)) / 2));
    const double column = -0.375 * log(0.375) - 0.625 * log(0.625);
    assert_true(near(s.pixel_floor, 2 * column));
    assert_int_equal(s.constant_columns, 0);
    vcl_dataset_destroy(&set);
    assert_int_equal(vcl_dataset_wrap("f", 1, pair, VCL_F32, wide, NULL, &set, &err), VCL_OK);
    assert_int_equal(vcl_dataset_summarise(set, &s, &err), VCL_OK);
    assert_true(near(s.min, -1) && near(s.max, 2) && near(s.mean, 0.5));
    assert_true(isnan(s.grey_entropy) && isnan(s.pixel_floor));
    vcl_dataset_destroy(&set);
}

int test_data_set(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_two_parts),
        cmocka_unit_test(test_two_labelled_parts),
        cmocka_unit_test(test_too_few),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_wrap),
        cmocka_unit_test(test_take),
        cmocka_unit_test(test_take_named),
        cmocka_unit_test(test_divide),
        cmocka_unit_test(test_summary_of_bytes),
        cmocka_unit_test(test_summary_of_floats),
    };
    return cmocka_run_group_tests_name("data: set", tests, NULL, NULL);
}
