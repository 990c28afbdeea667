/* SPDX-License-Identifier: MIT
 *
 * Folders of pictures.
 */
#include <string.h>

#include "test_data.h"

static const unsigned char *values(const struct vcl_dataset *set)
{
    return set->values;
}

static void test_flat(void **state)
{
    (void)state;
    test_make_folder("flat");
    test_put_png("flat/b.png", 3, 2, 20);
    test_put_png("flat/a.png", 3, 2, 10);
    test_put("flat/c.pgm", "P5 3 2 255\n\36\36\36\36\36\36", 17);
    test_put("flat/notes.txt", "not a picture", 13);
    test_put("flat/README", "nor this", 8);
    test_put("flat/.hidden", "nor this", 8);
    struct vcl_dataset *set = test_open("flat", "all");
    assert_string_equal(set->format, "images");
    assert_int_equal(set->count, 3);
    assert_int_equal(set->shape.channels, 1);
    assert_null(set->labels);
    assert_null(set->class_names);
    for (int i = 0; i < 3; i++)
        assert_int_equal(values(set)[6 * i], 10 * (i + 1));
    vcl_dataset_destroy(&set);
}

static void test_classes(void **state)
{
    (void)state;
    test_make_folder("tree");
    test_make_folder("tree/dog");
    test_make_folder("tree/cat");
    test_make_folder("tree/.git");
    test_put("tree/labels.csv", "cat,dog", 7);
    test_put_png("tree/dog/1.png", 2, 2, 1);
    test_put_png("tree/cat/2.png", 2, 2, 2);
    test_put_png("tree/cat/1.png", 2, 2, 3);
    struct vcl_dataset *set = test_open("tree", "all");
    assert_int_equal(set->count, 3);
    assert_int_equal(set->classes, 2);
    assert_string_equal(set->class_names[0], "cat");
    assert_string_equal(set->class_names[1], "dog");
    assert_int_equal(set->labels[0], 0);
    assert_int_equal(set->labels[2], 1);
    assert_int_equal(values(set)[0], 3);
    assert_int_equal(values(set)[4], 2);
    assert_int_equal(values(set)[8], 1);
    vcl_dataset_destroy(&set);
    test_put_png("tree/stray.png", 2, 2, 1);
    test_refused("tree", VCL_E_FORMAT, "stray.png': lies beside class folders");
}

static void test_mixed_colour(void **state)
{
    static const unsigned char wanted[] = {9, 0, 255, 7, 7, 7};
    (void)state;
    test_make_folder("mixed");
    test_put_colour_png("mixed/a.png", 1, 1, 9);
    test_put_png("mixed/b.png", 1, 1, 7);
    struct vcl_dataset *set = test_open("mixed", "all");
    assert_int_equal(set->shape.channels, 3);
    assert_memory_equal(values(set), wanted, sizeof wanted);
    vcl_dataset_destroy(&set);
}

static void test_sizes(void **state)
{
    (void)state;
    test_make_folder("sizes");
    test_put_png("sizes/a.png", 3, 2, 0);
    test_put_png("sizes/b.png", 2, 3, 0);
    test_refused("sizes", VCL_E_SHAPE, "b.png' has 2 x 3 pixels (width x height)");
    test_refused("sizes", VCL_E_SHAPE, "a.png' has 3 x 2");
    test_put_png("sizes/b.png", 4, 2, 0); /* wider alone, higher alone, as large in all */
    test_refused("sizes", VCL_E_SHAPE, "b.png' has 4 x 2");
    test_put_png("sizes/b.png", 3, 3, 0);
    test_refused("sizes", VCL_E_SHAPE, "b.png' has 3 x 3");
    test_put_png("sizes/b.png", 6, 1, 0);
    test_refused("sizes", VCL_E_SHAPE, "b.png' has 6 x 1");
}

static void test_refusals(void **state)
{
    (void)state;
    test_make_folder("bare");
    test_refused("bare", VCL_E_FORMAT, "the folder holds no pictures");
    test_put("bare/.hidden.png", "x", 1);
    test_refused("bare", VCL_E_FORMAT, "the folder holds no pictures");
    test_put("bare/x.bin", "what is this", 12);
    test_refused("bare", VCL_E_FORMAT, "x.bin': no known format");
    test_make_folder("array");
    test_put_npy("array/x.npy", 1, "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)}", "a",
                 1);
    test_refused("array", VCL_E_FORMAT, "x.npy': is NPY, not a picture");
    test_make_folder("deep");
    test_make_folder("deep/a");
    test_refused("deep", VCL_E_FORMAT, "deep/a': the folder holds no pictures");
    test_make_folder("deep/a/b");
    test_refused("deep", VCL_E_FORMAT, "deep/a/b': a folder within a folder of pictures");
}

int test_data_folder(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_flat),         cmocka_unit_test(test_classes),
        cmocka_unit_test(test_mixed_colour), cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests_name("data: folder", tests, NULL, NULL);
}
