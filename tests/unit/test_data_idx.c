/* SPDX-License-Identifier: MIT
 *
 * IDX files, gzip, and folders under MNIST's names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test_data.h"

#define DIMS(...)                                                                                  \
    (const uint32_t[])                                                                             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

static void check_shape(const struct vcl_dataset *set, size_t n, uint32_t h, uint32_t w, uint32_t c)
{
    assert_int_equal(set->count, n);
    assert_int_equal(set->shape.height, h);
    assert_int_equal(set->shape.width, w);
    assert_int_equal(set->shape.channels, c);
}

static void test_shapes(void **state)
{
    static const struct {
        const char *name;
        unsigned n;
        uint32_t dims[4];
        struct vcl_shape shape;
    } cases[] = {
        {"table.idx", 2, {3, 5}, {1, 5, 1}},
        {"grey.idx", 3, {3, 2, 4}, {2, 4, 1}},
        {"colour.idx", 4, {3, 2, 4, 3}, {2, 4, 3}},
        {"packed.idx.gz", 3, {3, 2, 4}, {2, 4, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_shape s = cases[i].shape;
        test_put_idx(cases[i].name, cases[i].n, cases[i].dims, 0);
        struct vcl_dataset *set = test_open(cases[i].name, "all");
        check_shape(set, 3, s.height, s.width, s.channels);
        assert_string_equal(set->format, "idx");
        assert_int_equal(set->dtype, VCL_U8);
        assert_null(set->labels);
        assert_int_equal(set->classes, 0);
        for (size_t j = 0; j < 3 * vcl_shape_size(s); j++)
            assert_int_equal(((const unsigned char *)set->values)[j], j);
        vcl_dataset_destroy(&set);
        assert_null(set);
    }
}

static void test_floats(void **state)
{
    static const unsigned char file[] = {0,    0,    0x0d, 2, 0,    0,    0, 2, 0,    0, 0, 1,
                                         0x3f, 0x80, 0,    0, 0xc0, 0x20, 0, 0, 0xff, 0, 0, 0};
    (void)state;
    test_put("floats.idx", file, 20);
    struct vcl_dataset *set = test_open("floats.idx", "all");
    check_shape(set, 2, 1, 1, 1);
    assert_int_equal(set->dtype, VCL_F32);
    assert_true(((const float *)set->values)[0] == 1.0f);
    assert_true(((const float *)set->values)[1] == -2.5f);
    vcl_dataset_destroy(&set);
    test_put("floats.idx", file, 18);
    test_refused("floats.idx", VCL_E_FORMAT,
                 "header promises 2 x 1 values of 4 bytes, file holds 6 bytes");
}

static void test_not_finite(void **state)
{
    unsigned char file[] = {0,    0,    0x0d, 2, 0,    0,    0, 1, 0,    0,    0, 3,
                            0x3f, 0x80, 0,    0, 0x7f, 0xc0, 0, 0, 0x3f, 0x80, 0, 0};
    (void)state;
    test_put("nan.idx", file, sizeof file);
    test_refused("nan.idx", VCL_E_NUMERIC, "example 0, column 1 is NaN");
    file[17] = 0x80;
    test_put("nan.idx", file, sizeof file);
    test_refused("nan.idx", VCL_E_NUMERIC, "example 0, column 1 is infinite");
}

static void test_malformed(void **state)
{
    (void)state;
    test_put_idx("short.idx", 3, DIMS(4, 2, 3), -5);
    test_refused("short.idx", VCL_E_FORMAT, "header promises 4 x 2 x 3 bytes, file holds 19");
    test_put_idx("long.idx", 3, DIMS(4, 2, 3), 7);
    test_refused("long.idx", VCL_E_FORMAT, "header promises 4 x 2 x 3 bytes, file holds 31");
    test_put_idx("none.idx", 3, DIMS(0, 28, 28), 0);
    test_refused("none.idx", VCL_E_FORMAT, "holds no examples (0 x 28 x 28)");
    test_put_idx("flat.idx", 2, DIMS(5, 0), 0);
    test_refused("flat.idx", VCL_E_FORMAT, "holds no examples (5 x 0)");
    test_put("head.idx", "\0\0\x08\x03\0\0\0\x01\0\0", 10);
    test_refused("head.idx", VCL_E_FORMAT, "ends within its header, after 10 bytes");
    test_put("dims.idx", "\0\0\x08\x07\0\0\0\x01", 8);
    test_refused("dims.idx", VCL_E_FORMAT, "7 dimensions");
    test_put("int.idx", "\0\0\x0c\x01\0\0\0\x01\0\0\0\0", 12);
    test_refused("int.idx", VCL_E_UNSUPPORTED, "int32");
    test_put("huge.idx", "\0\0\x08\x03\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 16);
    test_refused("huge.idx", VCL_E_FORMAT,
                 "header promises 4294967295 x 4294967295 x 4294967295 bytes, file holds 0");
    test_put_idx("labels-only.idx", 1, DIMS(6), 0);
    test_refused("labels-only.idx", VCL_E_FORMAT, "holds 6 labels and no examples");
    test_put("other.idx", "hello, world", 12);
    test_refused("other.idx", VCL_E_FORMAT, "no known format begins like its 12 bytes");
    test_put("empty.idx", "", 0);
    test_refused("empty.idx", VCL_E_FORMAT, "the file is empty");
}

/* A header of 64 KiB and more of zeros, so that the promise is asked for before the end. */
static void put_zeros(const char *name, uint32_t promised, size_t n)
{
    unsigned char *data = calloc(n + 8, 1);
    assert_non_null(data);
    memcpy(data, "\0\0\x08\x02", 4);
    data[7] = 1;
    for (int i = 0; i < 4; i++)
        data[8 + i] = (unsigned char)(promised >> (24 - 8 * i));
    test_put_gz(name, data, n + 8);
    free(data);
}

static void test_gzip(void **state)
{
    (void)state;
    put_zeros("good.gz", 100000 - 4, 100000);
    struct vcl_dataset *set = test_open("good.gz", "all");
    check_shape(set, 1, 1, 99996, 1);
    vcl_dataset_destroy(&set);
    put_zeros("bomb.gz", 70000, 20000000);
    test_refused("bomb.gz", VCL_E_FORMAT, "header promises 1 x 70000 bytes, file holds at least 7");
    put_zeros("liar.gz", 4000000000u, 100000);
    test_refused("liar.gz", VCL_E_FORMAT, "header promises 4000000012 bytes, more than");

    size_t size;
    unsigned char *data = test_get("good.gz", &size);
    test_put("cut.gz", data, size - 20);
    test_refused("cut.gz", VCL_E_FORMAT, "compressed data end early");
    data[size / 2] ^= 0xff;
    test_put("damaged.gz", data, size);
    test_refused("damaged.gz", VCL_E_FORMAT, "damaged gzip data");
    data[size / 2] ^= 0xff;
    data = realloc(data, size + 9);
    memcpy(data + size, "trailing", 9);
    test_put("trailing.gz", data, size + 8);
    test_refused("trailing.gz", VCL_E_FORMAT, "8 bytes follow the compressed data");
    free(data);
}

/* Two members, as `cat a.gz b.gz` makes them, are one file. */
static void test_gzip_members(void **state)
{
    unsigned char both[200];
    size_t a, b;
    (void)state;
    test_put_gz("a.gz", "\0\0\x08\x02\0\0\0\x01\0\0", 10);
    test_put_gz("b.gz", "\0\x03xyz", 5);
    unsigned char *first = test_get("a.gz", &a), *second = test_get("b.gz", &b);
    assert_true(a + b <= sizeof both);
    memcpy(both, first, a);
    memcpy(both + a, second, b);
    test_put("both.gz", both, a + b);
    struct vcl_dataset *set = test_open("both.gz", NULL);
    check_shape(set, 1, 1, 3, 1);
    assert_memory_equal(set->values, "xyz", 3);
    vcl_dataset_destroy(&set);
    free(first);
    free(second);
}

static void test_labels_beside(void **state)
{
    (void)state;
    test_put_idx("beside.idx", 2, DIMS(4, 2), 0);
    test_put_idx("beside-labels.idx", 1, DIMS(4), 0);
    struct vcl_dataset *set = test_open("beside.idx", "all");
    assert_int_equal(set->classes, 4);
    assert_int_equal(set->labels[3], 3);
    vcl_dataset_destroy(&set);
    test_put_idx("beside-labels.idx", 1, DIMS(5), 0);
    test_refused("beside.idx", VCL_E_SHAPE, "beside-labels.idx' holds 5 labels, but");
    /* What the folder is called says nothing of its files. */
    test_make_folder("images-idx3");
    test_put_idx("images-idx3/x.idx", 2, DIMS(4, 2), 0);
    test_put_idx("images-idx3/x-labels.idx", 1, DIMS(4), 0);
    set = test_open("images-idx3/x.idx", "all");
    assert_int_equal(set->classes, 4);
    vcl_dataset_destroy(&set);
}

static void test_mnist_names(void **state)
{
    (void)state;
    test_make_folder("m");
    test_put_idx("m/train-images-idx3-ubyte", 3, DIMS(20, 2, 2), 0);
    struct vcl_dataset *set = test_open("m", "test");
    check_shape(set, 2, 2, 2, 1);
    assert_null(set->labels);
    vcl_dataset_destroy(&set);

    test_put_idx("m/train-labels.idx1-ubyte.gz", 1, DIMS(20), 0);
    test_put_idx("m/t10k-images.idx3-ubyte", 3, DIMS(4, 2, 2), 0);
    test_put_idx("m/t10k-labels-idx1-ubyte.gz", 1, DIMS(4), 0);
    set = test_open("m", NULL);
    check_shape(set, 20, 2, 2, 1);
    vcl_dataset_destroy(&set);
    set = test_open("m", "test");
    check_shape(set, 4, 2, 2, 1);
    assert_int_equal(set->classes, 20);
    vcl_dataset_destroy(&set);
    set = test_open("m", "all");
    check_shape(set, 24, 2, 2, 1);
    assert_int_equal(((const unsigned char *)set->values)[20 * 4 + 5], 5);
    assert_int_equal(set->labels[21], 1);
    vcl_dataset_destroy(&set);
}

static void test_mnist_refused(void **state)
{
    (void)state;
    test_make_folder("mm");
    test_put_idx("mm/t10k-images-idx3-ubyte", 3, DIMS(4, 2, 2), 0);
    struct vcl_dataset *set = test_open("mm", "all");
    check_shape(set, 4, 2, 2, 1);
    vcl_dataset_destroy(&set);
    struct vcl_error err;
    struct vcl_data_params params = {.source = test_path("mm"), .split = "train"};
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_E_IO);
    test_contains(err.msg, "holds no train-images-idx3-ubyte");

    test_put_idx("mm/t10k-labels-idx1-ubyte", 1, DIMS(3), 0);
    test_refused("mm", VCL_E_SHAPE, "holds 3 labels, but");
    test_put_idx("mm/t10k-labels-idx1-ubyte", 2, DIMS(4, 1), 0);
    test_refused("mm", VCL_E_FORMAT, "holds examples where labels are expected");
    test_put_idx("mm/t10k-labels-idx1-ubyte", 1, DIMS(4), 0);
    test_put_idx("mm/train-images-idx3-ubyte", 3, DIMS(4, 2, 3), 0);
    test_put_idx("mm/train-labels-idx1-ubyte", 1, DIMS(4), 0);
    test_refused("mm", VCL_E_SHAPE, "2 x 3 x 1 in one part and 2 x 2 x 1 in the other");
    test_put_idx("mm/train-images-idx3-ubyte", 1, DIMS(4), 0);
    test_refused("mm", VCL_E_FORMAT, "holds labels where images are expected");
}

/* One of two files of floats among bytes: their values would be read as each other's. */
static void test_mnist_mixed_types(void **state)
{
    static const unsigned char floats[] = {0, 0, 0x0d, 3, 0,    0,    0, 1, 0, 0, 0, 2,
                                           0, 0, 0,    1, 0x3f, 0x80, 0, 0, 0, 0, 0, 0};
    (void)state;
    test_make_folder("types");
    test_put_idx("types/train-images-idx3-ubyte", 3, DIMS(4, 2, 1), 0);
    test_put("types/t10k-images-idx3-ubyte", floats, sizeof floats);
    test_refused("types", VCL_E_SHAPE, "bytes in one part, float32 in the other");
    struct vcl_dataset *set = test_open("types", "test");
    assert_int_equal(set->dtype, VCL_F32);
    vcl_dataset_destroy(&set);
}

/* Labels are counted over both parts, whichever is opened and whichever has more. */
static void test_mnist_classes(void **state)
{
    static const struct {
        const char *folder;
        uint32_t train, test;
    } cases[] = {{"fewer", 5, 9}, {"more", 9, 5}};
    static const char *const splits[] = {"train", "test", "all"};
    char name[64];
    (void)state;
    for (int i = 0; i < 2; i++) {
        const char *folder = cases[i].folder;
        test_make_folder(folder);
        snprintf(name, sizeof name, "%s/train-images-idx3-ubyte", folder);
        test_put_idx(name, 3, DIMS(cases[i].train, 2, 1), 0);
        snprintf(name, sizeof name, "%s/train-labels-idx1-ubyte", folder);
        test_put_idx(name, 1, DIMS(cases[i].train), 0);
        snprintf(name, sizeof name, "%s/t10k-images-idx3-ubyte", folder);
        test_put_idx(name, 3, DIMS(cases[i].test, 2, 1), 0);
        snprintf(name, sizeof name, "%s/t10k-labels-idx1-ubyte", folder);
        test_put_idx(name, 1, DIMS(cases[i].test), 0);
        for (int split = 0; split < 3; split++) {
            struct vcl_dataset *set = test_open(folder, splits[split]);
            assert_int_equal(set->classes, 9);
            vcl_dataset_destroy(&set);
        }
    }
}

/* Labels for one part only: the whole would have examples without one. */
static void test_mnist_half_labelled(void **state)
{
    (void)state;
    test_make_folder("half");
    test_put_idx("half/train-images-idx3-ubyte", 3, DIMS(4, 2, 1), 0);
    test_put_idx("half/t10k-images-idx3-ubyte", 3, DIMS(2, 2, 1), 0);
    test_put_idx("half/t10k-labels-idx1-ubyte", 1, DIMS(2), 0);
    test_refused("half", VCL_E_SHAPE, "labels in one part only");
}

static void test_mnist_itself(void **state)
{
    (void)state;
    struct vcl_error err;
    struct vcl_dataset *set = NULL;
    struct vcl_data_summary summary;
    struct vcl_data_params params = {.source = getenv("VAE_CL_TEST_MNIST"), .split = "test"};
    if (!params.source) {
        print_message("MNIST: not there (VAE_CL_TEST_MNIST names no folder)\n");
        return;
    }
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_OK);
    check_shape(set, 10000, 28, 28, 1);
    assert_int_equal(set->classes, 10);
    assert_int_equal(set->labels[0], 7);
    assert_int_equal(vcl_dataset_summarise(set, &summary, &err), VCL_OK);
    assert_true(summary.grey_entropy > 45.48 && summary.grey_entropy < 45.58);
    assert_true(summary.pixel_floor > 205.0 && summary.pixel_floor < 206.0);
    print_message("MNIST: ran on '%s': grey entropy %.2f, pixel floor %.2f nats\n", params.source,
                  summary.grey_entropy, summary.pixel_floor);
    vcl_dataset_destroy(&set);
    params.split = "all";
    assert_int_equal(vcl_dataset_open(&params, &set, &err), VCL_OK);
    check_shape(set, 70000, 28, 28, 1);
    vcl_dataset_destroy(&set);
}

int test_data_idx(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_floats),
        cmocka_unit_test(test_not_finite),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_gzip),
        cmocka_unit_test(test_gzip_members),
        cmocka_unit_test(test_labels_beside),
        cmocka_unit_test(test_mnist_names),
        cmocka_unit_test(test_mnist_refused),
        cmocka_unit_test(test_mnist_itself),
        cmocka_unit_test(test_mnist_mixed_types),
        cmocka_unit_test(test_mnist_classes),
        cmocka_unit_test(test_mnist_half_labelled),
    };
    return cmocka_run_group_tests_name("data: idx", tests, NULL, NULL);
}
