/* SPDX-License-Identifier: MIT
 *
 * Contents a piece at a time: what lies across the ends of buffers, and gzip that is not sound.
 */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "data/input.h"
#include "test_data.h"

enum { MOST = 3 << 16 };

static void fill(unsigned char *bytes, size_t n)
{
    uint32_t state = 1;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(state >> 24);
    }
}

/* A gzip member at `to`, and its size. */
static size_t zip(const unsigned char *from, size_t n, unsigned char *to, size_t room)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (unsigned char *)from;
    z.avail_in = (uInt)n;
    z.next_out = to;
    z.avail_out = (uInt)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t size = room - z.avail_out;
    deflateEnd(&z);
    return size;
}

/* All contents, read in pieces of `step`, are the `n` bytes. */
static void check_contents(struct vcl_input *input, const unsigned char *bytes, size_t n,
                           size_t step)
{
    static unsigned char read[MOST + 1];
    struct vcl_error err;
    size_t done = 0, got = 1;
    assert_int_equal(input->n_head, n < 65536 ? n : 65536);
    assert_memory_equal(input->head, bytes, input->n_head);
    while (got) {
        size_t wanted = sizeof read - done < step ? sizeof read - done : step;
        assert_int_equal(vcl_input_read(input, read + done, wanted, &got, &err), VCL_OK);
        done += got;
    }
    assert_int_equal(done, n);
    assert_memory_equal(read, bytes, n);
    vcl_input_finish(input);
}

static void check_both(const unsigned char *file, size_t size, const unsigned char *bytes, size_t n)
{
    static const size_t steps[] = {1000, 65535, 65536, MOST};
    for (int i = 0; i < 4; i++) {
        struct vcl_input input;
        struct vcl_error err;
        assert_int_equal(vcl_input_wrap(&input, "memory", file, size, &err), VCL_OK);
        check_contents(&input, bytes, n, steps[i]);
        test_put("input", file, size);
        assert_int_equal(vcl_input_open(&input, test_path("input"), &err), VCL_OK);
        check_contents(&input, bytes, n, steps[i]);
    }
}

static void test_sizes(void **state)
{
    static const size_t sizes[] = {0, 1, 2, 65535, 65536, 65537, 131071, 131072, 131073, MOST};
    static unsigned char bytes[MOST], zipped[MOST + 4096];
    (void)state;
    fill(bytes, MOST);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        size_t n = sizes[i];
        check_both(bytes, n, bytes, n);
        check_both(zipped, zip(bytes, n, zipped, sizeof zipped), bytes, n);
    }
}

/* Wherever a member ends, against a buffer's end. */
static void test_members(void **state)
{
    static unsigned char bytes[MOST], zipped[MOST + 4096];
    (void)state;
    fill(bytes, MOST);
    for (size_t first = 65450; first < 65540; first += 1) {
        size_t size = zip(bytes, first, zipped, sizeof zipped);
        size += zip(bytes + first, 1000, zipped + size, sizeof zipped - size);
        struct vcl_input input;
        struct vcl_error err;
        test_put("members", zipped, size);
        assert_int_equal(vcl_input_open(&input, test_path("members"), &err), VCL_OK);
        check_contents(&input, bytes, first + 1000, 4096);
    }
}

/* The status of reading it all. */
static enum vcl_status read_through(const unsigned char *file, size_t size, struct vcl_error *err)
{
    struct vcl_input input;
    unsigned char *data = NULL;
    size_t n;
    test_put("through", file, size);
    enum vcl_status r = vcl_input_open(&input, test_path("through"), err);
    if (r < 0)
        return r;
    r = vcl_input_read_all(&input, &data, &n, err);
    vcl_input_finish(&input);
    free(data);
    return r;
}

static void test_unsound(void **state)
{
    static unsigned char bytes[100000], zipped[110000];
    struct vcl_error err;
    (void)state;
    fill(bytes, sizeof bytes);
    size_t size = zip(bytes, sizeof bytes, zipped, sizeof zipped);
    assert_int_equal(read_through(zipped, size, &err), VCL_OK);
    for (size_t cut = 1; cut < 40; cut++) {
        assert_int_equal(read_through(zipped, size - cut, &err), VCL_E_FORMAT);
        test_contains(err.msg, "compressed data end early, after");
    }
    zipped[size] = 0x1f; /* as another member would begin */
    assert_int_equal(read_through(zipped, size + 1, &err), VCL_E_FORMAT);
    test_contains(err.msg, "1 bytes follow the compressed data");
    assert_int_equal(read_through(zipped, size + 7, &err), VCL_E_FORMAT);
    test_contains(err.msg, "7 bytes follow the compressed data");
    zipped[size - 8] ^= 1; /* the checksum of the contents */
    assert_int_equal(read_through(zipped, size, &err), VCL_E_FORMAT);
    test_contains(err.msg, "damaged gzip data");
}

int test_data_input(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_unsound),
    };
    return cmocka_run_group_tests_name("data: input", tests, NULL, NULL);
}
