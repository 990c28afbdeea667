/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "test_data.h"

#define DICT(descr, order, shape)                                                                  \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }\n"

static void check_floats(const char *name, const float *wanted, size_t n)
{
    struct vcl_dataset *set = test_open(name, "all");
    assert_string_equal(set->format, "npy");
    assert_int_equal(set->dtype, VCL_F32);
    assert_int_equal(set->count * vcl_shape_size(set->shape), n);
    assert_memory_equal(set->values, wanted, n * sizeof *wanted);
    vcl_dataset_destroy(&set);
}

/* Values that hold the same numbers in each type: 1, 2 and, where there is a sign, -3. */
static void test_types(void **state)
{
    static const struct {
        const char *descr;
        unsigned char data[24];
        size_t size;
        bool has_sign;
    } types[] = {
        {"<f4", {0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 0, 0, 0x40, 0xc0}, 12, true},
        {">f4", {0x3f, 0x80, 0, 0, 0x40, 0, 0, 0, 0xc0, 0x40, 0, 0}, 12, true},
        {"<f8", {[6] = 0xf0, 0x3f, [15] = 0x40, [22] = 0x08, 0xc0}, 24, true},
        {"<i4", {1, 0, 0, 0, 2, 0, 0, 0, 0xfd, 0xff, 0xff, 0xff}, 12, true},
        {">i2", {0, 1, 0, 2, 0xff, 0xfd}, 6, true},
        {"|i1", {1, 2, 0xfd}, 3, true},
        {"<i8", {1, [8] = 2, [16] = 0xfd, 255, 255, 255, 255, 255, 255, 255}, 24, true},
        {"<u2", {1, 0, 2, 0, 3, 0}, 6, false},
        {">u4", {[3] = 1, [7] = 2, [11] = 3}, 12, false},
        {"<u8", {1, [8] = 2, [16] = 3}, 24, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const float wanted[] = {1, 2, types[i].has_sign ? -3 : 3};
        char text[128] = "{'shape': (3,), 'fortran_order': False, 'descr': '";
        strcat(strcat(text, types[i].descr), "'}");
        test_put_npy("types.npy", 1 + (int)(i % 3), text, types[i].data, types[i].size);
        check_floats("types.npy", wanted, 3);
    }
}

static void test_bytes(void **state)
{
    (void)state;
    test_put_npy("u1.npy", 1, DICT("|u1", "False", "(2, 1, 2, 1)"), "abcd", 4);
    struct vcl_dataset *set = test_open("u1.npy", "all");
    assert_int_equal(set->dtype, VCL_U8);
    assert_int_equal(set->count, 2);
    assert_memory_equal(set->values, "abcd", 4);
    vcl_dataset_destroy(&set);
    test_put_npy("bool.npy", 1, DICT("|b1", "False", "(1, 4)"), "\0\1\1\0", 4);
    set = test_open("bool.npy", "all");
    assert_int_equal(set->dtype, VCL_U8);
    assert_int_equal(set->shape.width, 4);
    assert_memory_equal(set->values, "\0\xff\xff\0", 4);
    vcl_dataset_destroy(&set);
}

static void test_shapes(void **state)
{
    static const struct {
        const char *dictionary;
        struct vcl_shape shape;
    } cases[] = {
        {DICT("|u1", "False", "(12,)"), {1, 1, 1}},
        {DICT("|u1", "False", "(12L,)"), {1, 1, 1}},
        {DICT("|u1", "False", "(3, 4)"), {1, 4, 1}},
        {DICT("|u1", "False", "(1, 3, 4)"), {3, 4, 1}},
        {DICT("|u1", "False", "(2,1,2,3)"), {1, 2, 3}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_put_npy("shape.npy", 1, cases[i].dictionary, "abcdefghijkl", 12);
        struct vcl_dataset *set = test_open("shape.npy", "all");
        assert_memory_equal(&set->shape, &cases[i].shape, sizeof set->shape);
        assert_int_equal(set->count * vcl_shape_size(set->shape), 12);
        vcl_dataset_destroy(&set);
    }
}

/* numpy.asfortranarray(numpy.arange(6).reshape(2, 3)) lies in the file as 0 3 1 4 2 5. */
static void test_fortran_order(void **state)
{
    (void)state;
    test_put_npy("f.npy", 1, DICT("|u1", "True", "(2, 3)"), "\0\3\1\4\2\5", 6);
    struct vcl_dataset *set = test_open("f.npy", "all");
    assert_memory_equal(set->values, "\0\1\2\3\4\5", 6);
    vcl_dataset_destroy(&set);
    test_put_npy("f3.npy", 1, DICT("|u1", "True", "(2, 2, 2)"), "\0\4\2\6\1\5\3\7", 8);
    set = test_open("f3.npy", "all");
    assert_memory_equal(set->values, "\0\1\2\3\4\5\6\7", 8);
    vcl_dataset_destroy(&set);
    const float columns[] = {1, 3, 2, 4}, rows[] = {1, 2, 3, 4};
    test_put_npy("ff.npy", 1, DICT("<f4", "True", "(2, 2)"), columns, sizeof columns);
    check_floats("ff.npy", rows, 4);
}

static void test_not_exact(void **state)
{
    const int32_t good[] = {1 << 24, -(1 << 30)};
    const float as_float[] = {16777216.0f, -1073741824.0f};
    (void)state;
    test_put_npy("big.npy", 1, DICT("<i4", "False", "(2,)"), good, sizeof good);
    check_floats("big.npy", as_float, 2);
    const int32_t bad[] = {5, (1 << 24) + 1};
    test_put_npy("inexact.npy", 1, DICT("<i4", "False", "(2,)"), bad, sizeof bad);
    test_refused("inexact.npy", VCL_E_RANGE, "value 1, in the order of the file, does not fit");
    const int64_t low[] = {INT64_MIN};
    const float as_low[] = {-9223372036854775808.0f};
    test_put_npy("low.npy", 1, DICT("<i8", "False", "(1,)"), low, sizeof low);
    check_floats("low.npy", as_low, 1);
    const double huge[] = {0.1, 1e39};
    test_put_npy("huge.npy", 1, DICT("<f8", "False", "(2,)"), huge, sizeof huge);
    test_refused("huge.npy", VCL_E_RANGE, "value 1, in the order of the file, does not fit");
    const double odd[] = {1, 2, 3, 1.0 / 0.0};
    test_put_npy("inf.npy", 1, DICT("<f8", "False", "(2, 2)"), odd, sizeof odd);
    test_refused("inf.npy", VCL_E_NUMERIC, "example 1, column 1 is infinite");
}

static void test_malformed(void **state)
{
    static const struct {
        const char *dictionary, *part;
        enum vcl_status status;
    } cases[] = {
        {"hello", "no dictionary", VCL_E_FORMAT},
        {"{'descr': '|u1', 'shape': (2,)}", "is missing", VCL_E_FORMAT},
        {"{'descr': '|u1', 'colour': 1}", "a key other than", VCL_E_FORMAT},
        {"{'descr': '|u1' 'shape': (2,)}", "no comma between entries", VCL_E_FORMAT},
        {"{'descr': 7}", "descr is not a string", VCL_E_FORMAT},
        {"{'descr", "a key other than", VCL_E_FORMAT},
        {"{'descr': [('x', '<f4')]}", "named fields", VCL_E_UNSUPPORTED},
        {DICT("<c8", "False", "(2,)"), "type '<c8'", VCL_E_UNSUPPORTED},
        {DICT("<f2", "False", "(2,)"), "type '<f2'", VCL_E_UNSUPPORTED},
        {DICT("|O", "False", "(2,)"), "type '|O'", VCL_E_UNSUPPORTED},
        {DICT("|u1", "maybe", "(2,)"), "neither True nor False", VCL_E_FORMAT},
        {DICT("|u1", "False", "2"), "shape is not a tuple", VCL_E_FORMAT},
        {DICT("|u1", "False", "(-2,)"), "a dimension is not a number", VCL_E_FORMAT},
        {DICT("|u1", "False", "(99999999999999999999,)"), "not a number", VCL_E_FORMAT},
        {DICT("|u1", "False", "(1 2)"), "no comma between dimensions", VCL_E_FORMAT},
        {DICT("|u1", "False", "()"), "a single number", VCL_E_SHAPE},
        {DICT("|u1", "False", "(1, 1, 1, 1, 2)"), "more than 4 dimensions", VCL_E_SHAPE},
        {DICT("|u1", "False", "(0, 2)"), "holds no examples (0 x 2)", VCL_E_FORMAT},
        {DICT("|u1", "False", "(3,)"), "header promises 3 bytes, file holds 2", VCL_E_FORMAT},
        {DICT("|u1", "False", "(1,)"), "header promises 1 bytes, file holds 2", VCL_E_FORMAT},
        {DICT("|u1", "False", "(1, 4294967296)"), "dimension 1", VCL_E_FORMAT},
        {DICT("<f4", "False", "(4294967296, 4294967295, 4294967295)"), "promises", VCL_E_FORMAT},
        {DICT("|u1", "False", "(2,)") "x", "text after the dictionary", VCL_E_FORMAT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_put_npy("bad.npy", 1, cases[i].dictionary, "ab", 2);
        test_refused("bad.npy", cases[i].status, cases[i].part);
    }
    test_put("v9.npy", "\x93NUMPY\x09\x00\x01\x00{", 11);
    test_refused("v9.npy", VCL_E_UNSUPPORTED, "NPY version 9");
    test_put("cut.npy", "\x93NUMPY\x01", 7);
    test_refused("cut.npy", VCL_E_FORMAT, "ends within its header, after 7 bytes");
    test_put("cut.npy", "\x93NUMPY\x02\x00\xff\xff\xff\xff{}", 14);
    test_refused("cut.npy", VCL_E_FORMAT, "header promises 4294967295 bytes of itself");
}

int test_data_npy(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types),     cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_shapes),    cmocka_unit_test(test_fortran_order),
        cmocka_unit_test(test_not_exact), cmocka_unit_test(test_malformed),
    };
    return cmocka_run_group_tests_name("data: npy", tests, NULL, NULL);
}
