/* SPDX-License-Identifier: MIT
 *
 * src/base: errors, memory, text, random numbers.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/philox.h"
#include "base/str.h"

/* ---- errors ---- */

static void test_error_set(void **state)
{
    struct vcl_error err = {.hint = "old"};
    (void)state;
    assert_int_equal(ERR(&err, VCL_E_SHAPE, "has %d columns", 3), VCL_E_SHAPE);
    assert_int_equal(err.status, VCL_E_SHAPE);
    assert_string_equal(err.msg, "has 3 columns");
    assert_string_equal(err.hint, "");
    assert_non_null(strstr(err.file, "test_base.c"));
    assert_true(err.line > 0);
    assert_int_equal(vcl_error_hint(&err, VCL_E_SHAPE, "use %s", "four"), VCL_E_SHAPE);
    assert_string_equal(err.hint, "use four");
    assert_int_equal(vcl_error_wrap(&err, VCL_E_SHAPE, "layer %d", 2), VCL_E_SHAPE);
    assert_string_equal(err.msg, "layer 2: has 3 columns");
    assert_string_equal(err.hint, "use four");
}

static void test_error_without_receiver(void **state)
{
    (void)state;
    assert_int_equal(ERR(NULL, VCL_E_IO, "lost"), VCL_E_IO);
    assert_int_equal(vcl_error_hint(NULL, VCL_E_IO, "lost"), VCL_E_IO);
    assert_int_equal(vcl_error_wrap(NULL, VCL_E_IO, "lost"), VCL_E_IO);
}

static void test_error_is_bounded(void **state)
{
    struct vcl_error err;
    char *text = malloc(5000);
    (void)state;
    memset(text, 'x', 4999);
    text[4999] = '\0';
    vcl_error_set(&err, VCL_E_IO, "f.c", 1, "%s", text);
    assert_int_equal(strlen(err.msg), sizeof err.msg - 1);
    vcl_error_wrap(&err, VCL_E_IO, "%s", text);
    assert_true(strlen(err.msg) < sizeof err.msg);
    assert_non_null(strstr(err.msg, "x: x"));
    vcl_error_hint(&err, VCL_E_IO, "%s", text);
    assert_int_equal(strlen(err.hint), sizeof err.hint - 1);
    free(text);
}

static void test_status_text(void **state)
{
    (void)state;
    assert_string_equal(vcl_status_text(VCL_OK), "success");
    assert_string_equal(vcl_status_text(VCL_E_FORMAT), "malformed file");
    assert_string_equal(vcl_status_text((enum vcl_status)77), "unknown status");
}

/* ---- memory ---- */

static void test_arena(void **state)
{
    struct vcl_arena arena = {0};
    unsigned char *blocks[200];
    (void)state;
    for (int i = 0; i < 200; i++) {
        size_t size = (size_t)i * i + 1;
        assert_int_equal(vcl_arena_alloc(&arena, size, &blocks[i], NULL), VCL_OK);
        assert_int_equal((uintptr_t)blocks[i] % _Alignof(max_align_t), 0);
        for (size_t j = 0; j < size; j++)
            assert_int_equal(blocks[i][j], 0);
        memset(blocks[i], i, size);
    }
    for (int i = 0; i < 200; i++) {
        for (size_t j = 0; j <= (size_t)i * i; j++)
            assert_int_equal(blocks[i][j], (unsigned char)i);
    }
    char *copy = NULL;
    assert_int_equal(vcl_arena_strdup(&arena, "text", &copy, NULL), VCL_OK);
    assert_string_equal(copy, "text");
    vcl_arena_finish(&arena);
    vcl_arena_finish(&arena);
    vcl_arena_finish(NULL);
}

static void test_alloc_overflow(void **state)
{
    struct vcl_error err;
    struct vcl_arena arena = {0};
    void *ptr = NULL;
    (void)state;
    assert_int_equal(vcl_alloc(SIZE_MAX / 2, 3, &ptr, &err), VCL_E_NOMEM);
    assert_int_equal(vcl_arena_alloc(&arena, SIZE_MAX - 8, &ptr, &err), VCL_E_NOMEM);
    assert_null(ptr);
    assert_int_equal(vcl_alloc(0, 0, &ptr, &err), VCL_OK);
    assert_non_null(ptr);
    free(ptr);
}

static void test_grow(void **state)
{
    uint32_t *items = NULL;
    size_t cap = 0;
    (void)state;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(vcl_grow(&items, &cap, i + 1, sizeof *items, NULL), VCL_OK);
        assert_true(cap > i);
        assert_int_equal(items[i], 0);
        items[i] = i;
    }
    for (uint32_t i = 0; i < 1000; i++)
        assert_int_equal(items[i], i);
    assert_int_equal(vcl_grow(&items, &cap, SIZE_MAX / 4, sizeof *items, NULL), VCL_E_NOMEM);
    assert_int_equal(items[999], 999);
    free(items);
}

/* ---- text ---- */

static void test_str(void **state)
{
    struct vcl_str str = {0};
    (void)state;
    assert_int_equal(vcl_str_check(&str, NULL), VCL_OK);
    for (int i = 0; i < 500; i++)
        vcl_str_add(&str, "%d,", i % 10);
    assert_int_equal(str.len, 1000);
    assert_int_equal(strlen(str.text), 1000);
    vcl_str_add_bytes(&str, "a\0b", 3);
    assert_int_equal(str.len, 1003);
    assert_memory_equal(str.text + 1000, "a\0b", 4);
    vcl_str_add_bytes(&str, NULL, 0);
    vcl_str_finish(&str);
    assert_null(str.text);
    vcl_str_finish(NULL);
    str.failed = true;
    vcl_str_add(&str, "lost");
    assert_null(str.text);
    assert_int_equal(vcl_str_check(&str, NULL), VCL_E_NOMEM);
}

static void test_parse_whole(void **state)
{
    static const char *const bad[] = {"",    " 1",  "1 ", "x",    "1x",  "1.0",
                                      "--1", "+-1", "-",  "0x10", "1e3", "99999999999999999999"};
    int64_t i;
    uint64_t u;
    (void)state;
    assert_true(vcl_parse_i64("-9223372036854775808", &i) && i == INT64_MIN);
    assert_true(vcl_parse_i64("+42", &i) && i == 42);
    assert_true(vcl_parse_i64("010", &i) && i == 10);
    assert_true(vcl_parse_u64("18446744073709551615", &u) && u == UINT64_MAX);
    assert_false(vcl_parse_u64("-1", &u));
    assert_false(vcl_parse_u64("+1", &u));
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        assert_false(vcl_parse_i64(bad[n], &i));
        assert_false(vcl_parse_u64(bad[n], &u));
    }
}

static void test_parse_float(void **state)
{
    static const char *const bad[] = {"",     " 1",    "1 ",  "nan", "inf",
                                      "-inf", "1e999", "1,5", "e5",  "-"};
    double f;
    (void)state;
    assert_true(vcl_parse_f64("1e-3", &f) && f == 1e-3);
    assert_true(vcl_parse_f64("-.5", &f) && f == -0.5);
    assert_true(vcl_parse_f64("+2.", &f) && f == 2);
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        assert_false(vcl_parse_f64(bad[n], &f));
}

static void test_nearest(void **state)
{
    static const char *const names[] = {"learning-rate", "beta", "batch", NULL};
    static const char *const none[] = {NULL};
    (void)state;
    assert_string_equal(vcl_nearest("learning-rat", names), "learning-rate");
    assert_string_equal(vcl_nearest("bteta", names), "beta");
    assert_string_equal(vcl_nearest("bacth", names), "batch");
    assert_null(vcl_nearest("completely-different", names));
    assert_null(vcl_nearest("beta", none));
}

static void test_ends_and_contains(void **state)
{
    (void)state;
    assert_true(vcl_ends_with("a/b.IDX.gz", ".idx.GZ"));
    assert_true(vcl_ends_with("abc", ""));
    assert_false(vcl_ends_with("gz", ".gz"));
    assert_true(vcl_contains("NVIDIA GeForce", "geforce"));
    assert_true(vcl_contains("", ""));
    assert_false(vcl_contains("abc", "abcd"));
}

/* Where one text ends and the next begins counts: names are hashed one after the other. */
static void test_hash(void **state)
{
    (void)state;
    assert_true(vcl_hash(VCL_HASH, "ab") == vcl_hash(VCL_HASH, "ab"));
    assert_true(vcl_hash(VCL_HASH, "ab") != vcl_hash(VCL_HASH, "ba"));
    assert_true(vcl_hash(vcl_hash(VCL_HASH, "ab"), "c") != vcl_hash(vcl_hash(VCL_HASH, "a"), "bc"));
    assert_true(vcl_hash(vcl_hash(VCL_HASH, "a"), "") != vcl_hash(VCL_HASH, "a"));
}

/* Characters as RFC 3629 has them: the first and the last of each length, and what is next to
 * them. */
static void test_utf8(void **state)
{
    static const char *const good[] = {"",
                                       "a\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\xc0",
                                      "\xe0\x9f\xbf",
                                      "\xe1\x80",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xff"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_true(vcl_is_utf8(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        json_t *text = vcl_json_text(bad[i]);
        assert_false(vcl_is_utf8(bad[i]));
        assert_non_null(text); /* with other characters in their place */
        assert_true(vcl_is_utf8(json_string_value(text)));
        json_decref(text);
    }
}

/* ---- random numbers ---- */

/* The known answers that come with Random123, the authors' own implementation. */
static void test_philox_known(void **state)
{
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        vcl_philox4x32(known[i].counter, known[i].key, out);
        assert_memory_equal(out, known[i].out, sizeof out);
    }
}

static void test_philox_words(void **state)
{
    const struct vcl_philox rng = {.seed = 0x0123456789abcdef, .stream = 7, .step = 9};
    const uint32_t counter[4] = {2, 5, 9, 7}, key[2] = {0x89abcdef, 0x01234567};
    uint32_t out[4];
    (void)state;
    vcl_philox4x32(counter, key, out);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(vcl_philox_word(&rng, 5, 8 + i), out[i]);
    assert_true(vcl_philox_uniform(&rng, 5, 9) == (float)(out[1] >> 8) / 16777216.0f);
    double sum = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        float u = vcl_philox_uniform(&rng, 0, i);
        assert_true(u >= 0 && u < 1);
        assert_true(vcl_philox_below(&rng, 1, i, 7) < 7);
        sum += (double)u;
    }
    assert_true(sum > 4900 && sum < 5100);
}

static void test_shuffle(void **state)
{
    uint32_t order[1000], again[1000];
    unsigned char seen[1000] = {0};
    struct vcl_philox rng = {.seed = 1, .stream = VCL_STREAM_SHUFFLE};
    (void)state;
    vcl_philox_shuffle(&rng, order, 1000);
    size_t at_home = 0;
    for (uint32_t i = 0; i < 1000; i++) {
        assert_true(order[i] < 1000);
        seen[order[i]]++;
        at_home += order[i] == i;
    }
    for (int i = 0; i < 1000; i++)
        assert_int_equal(seen[i], 1);
    assert_true(at_home < 10);
    vcl_philox_shuffle(&rng, again, 1000);
    assert_memory_equal(order, again, sizeof order);
    rng.step = 1;
    vcl_philox_shuffle(&rng, again, 1000);
    assert_memory_not_equal(order, again, sizeof order);
    vcl_philox_shuffle(&rng, order, 0);
}

/* Each of the 24 orders of four comes about as often. */
static void test_shuffle_is_fair(void **state)
{
    unsigned counts[256] = {0};
    (void)state;
    for (uint32_t step = 0; step < 24000; step++) {
        const struct vcl_philox rng = {.seed = 3, .stream = VCL_STREAM_SHUFFLE, .step = step};
        uint32_t o[4];
        vcl_philox_shuffle(&rng, o, 4);
        counts[o[0] << 6 | o[1] << 4 | o[2] << 2 | o[3]]++;
    }
    int orders = 0;
    for (int i = 0; i < 256; i++) {
        orders += counts[i] > 0;
        assert_true(counts[i] == 0 || (counts[i] > 850 && counts[i] < 1150));
    }
    assert_int_equal(orders, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_set),
        cmocka_unit_test(test_error_without_receiver),
        cmocka_unit_test(test_error_is_bounded),
        cmocka_unit_test(test_status_text),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_alloc_overflow),
        cmocka_unit_test(test_grow),
        cmocka_unit_test(test_str),
        cmocka_unit_test(test_parse_whole),
        cmocka_unit_test(test_parse_float),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_ends_and_contains),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_philox_known),
        cmocka_unit_test(test_philox_words),
        cmocka_unit_test(test_shuffle),
        cmocka_unit_test(test_shuffle_is_fair),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
