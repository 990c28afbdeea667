/* SPDX-License-Identifier: MIT
 *
 * The parts of a search for settings: all candidates come up, a wrong result is one whatever is
 * wrong with it, and the time goes to the products that take it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/devices.h"
#include "gemm/gemm.h"
#include "gemm/tuning.h"
#include "gemms.rows.h"
#include "tune/operands.h"
#include "tune/space.h"
#include "vaecl/tune.h"

/* ---- settings ---- */

static const struct vcl_gemm_param params[] = {
    {"X", (const int[]){1, 2, 4, 8, 0}, "four"},
    {"Y", (const int[]){3, 5, 7, 0}, "three"},
    {"Z", (const int[]){10, 20, 0}, "two"},
    {NULL, NULL, NULL},
};
static const struct vcl_gemm_def searched = {.name = "searched", .params = params};

static bool is_in(const struct vcl_gemm_setting *seen, size_t n, int param, int value)
{
    for (size_t i = 0; i < n; i++) {
        if (seen[i].values[param] == value)
            return true;
    }
    return false;
}

static bool equal(const struct vcl_gemm_setting *a, const struct vcl_gemm_setting *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/* From wherever it begins, each value of each parameter, none twice, and pairs against each other.
 */
static void test_space(void **state)
{
    static const struct vcl_gemm_setting bases[] = {{{1, 3, 10}}, {{2, 5, 20}}, {{8, 7, 10}}};
    (void)state;
    for (int b = 0; b < 3; b++) {
        struct vcl_space space;
        struct vcl_gemm_setting seen[64];
        size_t n = 0;
        bool more = true;
        OK(vcl_space_init(&space, NULL, NULL, &searched, &bases[b], &test_error));
        seen[n++] = bases[b];
        for (;;) {
            assert_true(n < 64);
            OK(vcl_space_next(&space, &seen[n], &more, &test_error));
            if (!more)
                break;
            for (size_t i = 0; i < n; i++)
                assert_false(equal(&seen[i], &seen[n]));
            n++;
        }
        for (int p = 0; p < 3; p++) {
            for (const int *value = params[p].values; *value; value++)
                assert_true(is_in(seen, n, p, *value));
        }
        vcl_space_finish(&space);
    }
}

/* ---- results ---- */

enum { M = 9, N = 7, K = 40, GUARD = 64 };

/* Says whether the result passes with element `at` of C, or of the column sums, off by this much.
 */
static bool passes(struct vcl_operands *operands, struct vcl_outcome *outcome, size_t at, float off)
{
    float value;
    bool exact = true, equal_so, equal_about;
    OK(vcl_operands_reset(operands, &test_error));
    OK(vcl_gemm_naive.run(VCL_AT_ONCE(operands->ctx), &operands->gemm, NULL, &test_error));
    OK(vcl_buf_read(outcome->buf, at * sizeof value, sizeof value, &value, &test_error));
    value += off;
    OK(vcl_buf_write(outcome->buf, at * sizeof value, sizeof value, &value, &test_error));
    OK(vcl_operands_compare(operands, exact, &equal_so, &test_error));
    OK(vcl_operands_compare(operands, !exact, &equal_about, &test_error));
    assert_true(equal_so == equal_about);
    return equal_so;
}

static void test_wrong_results(void **state)
{
    struct vcl_buf *there;
    struct vcl_operands operands;
    (void)state;
    OK(vcl_buf_create(test_target.ctx, sizeof(float), &there, &test_error));
    const struct vcl_gemm gemm = {.m = M, .n = N, .k = K, .b_sums = there, .bias = there};
    OK(vcl_operands_init(&operands, test_target.ctx, &gemm, &test_error));
    OK(vcl_operands_refer(&operands, &vcl_gemm_naive, NULL, &test_error));
    assert_true(passes(&operands, &operands.c, 0, 0));
    assert_false(passes(&operands, &operands.c, 0, 1));
    assert_false(passes(&operands, &operands.c, M * N - 1, 1));
    assert_false(passes(&operands, &operands.c, M * N, 1)); /* beyond its end */
    assert_false(passes(&operands, &operands.c, M * N + GUARD - 1, 1));
    assert_false(passes(&operands, &operands.b_sums, 0, 1));
    assert_false(passes(&operands, &operands.b_sums, N - 1, 1));
    assert_false(passes(&operands, &operands.b_sums, N, 1));
    vcl_operands_finish(&operands);
    vcl_buf_destroy(&there);
}

/* ---- order ---- */

static bool stop_at_once(void *user, const struct vcl_tune_progress *progress)
{
    snprintf(user, VCL_CLASS_TEXT, "%s", progress->product);
    return true;
}

/* Whoever stops waiting has the most for it. Products of one class count together. */
static void test_heaviest_first(void **state)
{
    const struct vcl_gemm products[] = {{.m = 8, .n = 8, .k = 8},
                                        {.m = 32, .n = 32, .k = 32},
                                        {.m = 32, .n = 32, .k = 64},
                                        {.m = 32, .n = 32, .k = 32},
                                        {.m = 32, .n = 32, .k = 32}};
    char first[VCL_CLASS_TEXT] = "";
    struct vcl_tune_summary summary;
    (void)state;
    OK(vcl_tune(test_target.ctx,
                &(struct vcl_tune_params){.products = products,
                                          .count = 5,
                                          .seconds = 100,
                                          .which = VCL_TUNE_ALL,
                                          .progress = stop_at_once,
                                          .user = first},
                &summary, &test_error));
    if (summary.known < 3) /* else nothing here can be tuned */
        assert_string_equal(first, "nn m32 n32 k32");
}

/* Who asks for an implementation without settings has nothing to tune: the others are not tried. */
static void test_asked_for(void **state)
{
    const struct vcl_gemm gemm = {.m = 8, .n = 8, .k = 8};
    struct vcl_tune_summary summary;
    struct vcl_ctx *ctx;
    (void)state;
    OK(vcl_ctx_create(&(struct vcl_ctx_params){.device = test_target.device.id, .gemm = "naive"},
                      &ctx, &test_error));
    OK(vcl_tune(ctx,
                &(struct vcl_tune_params){
                    .products = &gemm, .count = 1, .seconds = 5, .which = VCL_TUNE_ALL},
                &summary, &test_error));
    assert_int_equal(summary.known, 1);
    assert_int_equal(summary.tuned + summary.left, 0);
    vcl_ctx_destroy(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_space),
        cmocka_unit_test(test_wrong_results),
        cmocka_unit_test(test_heaviest_first),
        cmocka_unit_test(test_asked_for),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, true);
}
