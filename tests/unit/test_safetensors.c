/* SPDX-License-Identifier: MIT
 *
 * src/vae/safetensors: a file of ours comes back as it was, and one that could be read in two ways
 * is not read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "common/test_folder.h"
#include "vae/safetensors.h"

/* A file of this header, padded to a multiple of 4, and so many bytes 0, 1, 2 ... */
static enum vcl_status parse(const char *header, size_t body, struct vcl_st_file *ret_file,
                             struct vcl_error *err)
{
    size_t len = strlen(header), padded = (len + 3) / 4 * 4;
    unsigned char *data = calloc(8 + padded + body, 1);
    assert_non_null(data);
    data[0] = (unsigned char)padded;
    data[1] = (unsigned char)(padded >> 8);
    memset(data + 8, ' ', padded);
    memcpy(data + 8, header, len);
    for (size_t i = 0; i < body; i++)
        data[8 + padded + i] = (unsigned char)i;
    return vcl_st_parse(data, 8 + padded + body, ret_file, err);
}

#define TENSOR(name, shape, from, to)                                                              \
    "\"" name "\": {\"dtype\": \"F32\", \"shape\": " shape ", \"data_offsets\": [" from ", " to "]}"

static void test_parse(void **state)
{
    struct vcl_st_file file;
    (void)state;
    /* The header is sorted neither by name nor by place. */
    assert_int_equal(
        parse("{" TENSOR("b", "[2, 1]", "4", "12") ", " TENSOR("a", "[]", "0", "4") ", " TENSOR(
                  "c", "[0, 3]", "12", "12") ", \"__metadata__\": {\"k\": \"v\"}}",
              12, &file, NULL),
        VCL_OK);
    assert_int_equal(file.count, 3);
    const struct vcl_st_tensor *a = vcl_st_find(&file, "a"), *b = vcl_st_find(&file, "b");
    assert_true(a->dims == 0 && a->count == 1 && memcmp(a->values, "\0\1\2\3", 4) == 0);
    assert_true(b->dims == 2 && b->shape[0] == 2 && b->shape[1] == 1 && b->count == 2);
    assert_memory_equal(b->values, "\4\5\6\7\x8\x9\xa\xb", 8);
    assert_int_equal(vcl_st_find(&file, "c")->count, 0);
    assert_null(vcl_st_find(&file, "d"));
    assert_string_equal(vcl_st_metadata(&file, "k"), "v");
    assert_null(vcl_st_metadata(&file, "l"));
    vcl_st_finish(&file);
}

static void test_refused(void **state)
{
    static const struct {
        const char *header;
        size_t body;
        const char *part;
    } cases[] = {
        /* Which of the two would be the tensor? */
        {"{" TENSOR("a", "[1]", "0", "4") ", " TENSOR("a", "[1]", "4", "8") "}", 8, "duplicate"},
        {"{" TENSOR("a", "[1]", "0", "4") ", " TENSOR("a", "[1]", "0", "4") "}", 4, "duplicate"},
        {"{\"__metadata__\": {\"k\": \"v\", \"k\": \"w\"}}", 0, "duplicate"},
        {"{\"__metadata__\": {\"k\": 1}}", 0, "'k' is not text"},
        {"{\"__metadata__\": []}", 0, "__metadata__ is not an object"},
        /* Overlapping, with a hole, beyond the end, before the end. */
        {"{" TENSOR("a", "[2]", "0", "8") ", " TENSOR("b", "[1]", "4", "8") "}", 8,
         "expected from 8"},
        {"{" TENSOR("a", "[1]", "0", "4") ", " TENSOR("b", "[1]", "8", "12") "}", 12,
         "expected from 4"},
        {"{" TENSOR("a", "[2]", "0", "8") "}", 7, "bytes 0 to 8 of 7"},
        {"{" TENSOR("a", "[1]", "0", "4") "}", 5, "1 bytes follow the last tensor"},
        {"{" TENSOR("a", "[1]", "0", "8") "}", 8, "8 bytes for 1 values"},
        {"{" TENSOR("a", "[1]", "0", "5") "}", 5, "5 bytes for 1 values"},
        {"{" TENSOR("a", "[2, -1]", "0", "4") "}", 4, "dimension out of range"},
        {"{" TENSOR("a", "[4294967296]", "0", "4") "}", 4, "dimension out of range"},
        {"{" TENSOR("a", "[1, 1, 1, 1, 1, 1, 1, 1, 1]", "0", "4") "}", 4, "up to 8 dimensions"},
        {"{\"a\": {\"dtype\": \"F16\", \"shape\": [2], \"data_offsets\": [0, 4]}}", 4, "F16"},
        {"{\"a\": {\"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "of no type"},
        {"{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0]}}", 4,
         "no data_offsets"},
        {"[]", 0, "not a JSON object"},
        {"{", 0, "not a JSON object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_st_file file = {0};
        struct vcl_error err = {0};
        assert_int_equal(parse(cases[i].header, cases[i].body, &file, &err), VCL_E_FORMAT);
        assert_null(file.data);
        if (!strstr(err.msg, cases[i].part))
            fail_msg("'%s' is not in '%s'", cases[i].part, err.msg);
    }
}

/* The header's own length. */
static void test_lengths(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *part;
    } cases[] = {
        {"\2\0\0\0\0\0\0", 7, "7 bytes are too few"},
        {"\2\0\0\0\0\0\0\0{", 9, "2 bytes is promised, the file holds 1"},
        {"\2\0\0\0\0\0\0\x80{}", 10, "is promised"},
        {"\2\0\0\0\0\0\0\0{}", 10, "length 2 leaves tensors unaligned"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_st_file file = {0};
        struct vcl_error err = {0};
        unsigned char *data = malloc(cases[i].size);
        assert_non_null(data);
        memcpy(data, cases[i].bytes, cases[i].size);
        assert_int_equal(vcl_st_parse(data, cases[i].size, &file, &err), VCL_E_FORMAT);
        if (!strstr(err.msg, cases[i].part))
            fail_msg("'%s' is not in '%s'", cases[i].part, err.msg);
    }
}

/* Every bit of every value, whatever the length of the header. */
static void test_round_trip(void **state)
{
    const float values[] = {0, -0.0f, 1e-45f, 3.4e38f, 0.1f, -7};
    char *folder = test_folder_create();
    char name[16] = "n";
    (void)state;
    for (size_t len = 1; len <= 9; len++) {
        const struct vcl_st_tensor tensors[] = {
            {.name = name, .dims = 2, .shape = {2, 2}, .count = 4, .values = values},
            {.name = "other", .dims = 1, .shape = {2}, .count = 2, .values = values + 4}};
        json_t *metadata = json_pack("{s:s}", "key", name);
        char *path = test_path_in(folder, name);
        struct vcl_st_file file;
        size_t size;
        struct vcl_writer writer;
        assert_int_equal(vcl_writer_init(&writer, path, false, NULL), VCL_OK);
        assert_int_equal(vcl_st_write(&writer, tensors, 2, metadata, NULL), VCL_OK);
        assert_int_equal(vcl_writer_commit(&writer, NULL), VCL_OK);
        unsigned char *bytes = test_file_read(folder, name, &size);
        assert_int_equal((bytes[0] | bytes[1] << 8) % 8, 0); /* what readers may rely on */
        assert_int_equal(size, 8 + (size_t)(bytes[0] | bytes[1] << 8) + sizeof values);
        free(bytes);
        assert_int_equal(vcl_st_read(path, &file, NULL), VCL_OK);
        assert_int_equal(file.count, 2);
        assert_memory_equal(vcl_st_find(&file, name)->values, values, 16);
        assert_memory_equal(vcl_st_find(&file, "other")->values, values + 4, 8);
        assert_string_equal(vcl_st_metadata(&file, "key"), name);
        vcl_st_finish(&file);
        json_decref(metadata);
        free(path);
        name[len] = 'n';
    }
    test_folder_destroy(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
