/* SPDX-License-Identifier: MIT
 *
 * Tuned rows, whoever made them: what a row may leave out, which one is meant, and that K may be
 * divided in any way.
 */
#include <string.h>

#include "gemm/gemm.h"
#include "gemm/tuning.h"
#include "gemms.rows.h"
#include "tune/tune_product.h"

/* The defaults with another first parameter; false if no other one is possible. */
static bool change_first(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                         const struct vcl_gemm_def *def, struct vcl_gemm_setting *setting)
{
    def->defaults(ctx, gemm, setting);
    const int before = setting->values[0];
    for (const int *value = def->params[0].values; *value; value++) {
        setting->values[0] = *value;
        if (*value != before && (!def->valid || def->valid(ctx, gemm, setting)))
            return true;
    }
    return false;
}

/* A row may leave parameters to their defaults, as those written by hand do. */
static void test_partial(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    const struct vcl_gemm gemm = typical();
    (void)state;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        struct vcl_gemm_setting wanted = {0}, got;
        const struct vcl_gemm_def *chosen;
        if (!(*def)->same_bits || !(*def)->params || !(*def)->supports(ctx, &gemm) ||
            !change_first(ctx, &gemm, *def, &wanted))
            continue;
        const struct vcl_tuned_row row = {
            .shape = vcl_gemm_class_of(&gemm), .def = *def, .setting.values = {wanted.values[0]}};
        OK(vcl_tuning_put(ctx, &row, &test_error));
        OK(vcl_gemm_choose(ctx, &gemm, &chosen, &got, &test_error));
        assert_ptr_equal(chosen, *def);
        assert_memory_equal(&got, &wanted, sizeof got);
    }
    vcl_ctx_destroy(&ctx);
}

static unsigned own_rows(const struct vcl_tuning *tuning)
{
    unsigned n = 0;
    for (const struct vcl_tuned_row *row = tuning->rows; row; row = row->next) {
        n += row->own;
        assert_true(n < 100); /* it ends somewhere */
    }
    return n;
}

/* A row takes the place of the one of its class, wherever that is in the list. */
static void test_put(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    struct vcl_tuning *tuning;
    (void)state;
    OK(vcl_tuning_get(ctx, &tuning, &test_error));
    for (int round = 1; round <= 2; round++) {
        for (uint32_t m = 1; m <= 4; m++) {
            const struct vcl_tuned_row row = {
                .shape = {VCL_KIND_TN, m, 1, 1}, .def = &vcl_gemm_naive, .gflops = round * 10 + m};
            OK(vcl_tuning_put(ctx, &row, &test_error));
            assert_int_equal(own_rows(tuning), round == 1 ? m : 4);
        }
    }
    for (const struct vcl_tuned_row *row = tuning->rows; row && row->own; row = row->next)
        assert_true(row->gflops == 20 + row->shape.m);
    vcl_ctx_destroy(&ctx);
}

/* Who asks for an implementation by name gets it, with its own settings, whatever was tuned. */
static void test_asked_for(void **state)
{
    const struct vcl_gemm gemm = typical();
    const struct vcl_gemm_def *chosen;
    struct vcl_gemm_setting setting;
    (void)state;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        struct vcl_ctx *ctx;
        if (!(*def)->same_bits)
            continue;
        OK(vcl_ctx_create(
            &(struct vcl_ctx_params){.device = test_target.device.id, .gemm = (*def)->name}, &ctx,
            &test_error));
        for (const struct vcl_gemm_def *const *other = vcl_gemm_defs; *other; other++) {
            const struct vcl_tuned_row row = {.shape = vcl_gemm_class_of(&gemm), .def = *other};
            OK(vcl_tuning_put(ctx, &row, &test_error));
            if ((*def)->supports(ctx, &gemm)) {
                OK(vcl_gemm_choose(ctx, &gemm, &chosen, &setting, &test_error));
                assert_ptr_equal(chosen, *def);
            }
        }
        vcl_ctx_destroy(&ctx);
    }
}

/* C as it was, and with it the column sums of B, after one way of doing the product. */
static void multiply_into(struct vcl_ctx *ctx, const struct vcl_gemm_def *def,
                          const struct vcl_gemm_setting *setting, struct vcl_gemm *gemm,
                          float results[M * N + N])
{
    float before[M * N + N];
    for (int i = 0; i < M * N + N; i++)
        before[i] = (float)i / 7;
    OK(vcl_buf_write(gemm->c, 0, M * N * sizeof *before, before, &test_error));
    OK(vcl_buf_write(gemm->b_sums, 0, N * sizeof *before, before + M * N, &test_error));
    OK(def->run(VCL_AT_ONCE(ctx), gemm, setting, &test_error));
    OK(vcl_buf_read(gemm->c, 0, M * N * sizeof *results, results, &test_error));
    OK(vcl_buf_read(gemm->b_sums, 0, N * sizeof *results, results + M * N, &test_error));
}

/* A GPU's product whose K is divided among work-groups: all of it at once, a part at a time, and
 * not at all, with all that a product may have beside itself. */
static void test_divided(void **state)
{
    enum { LONG = 5 * 256 + 17, SPLIT = 6 };
    float wanted[M * N + N], got[M * N + N];
    struct vcl_ctx *ctx;
    (void)state;
    OK(vcl_ctx_create(&(struct vcl_ctx_params){.device = test_target.device.id, .lanes = 1}, &ctx,
                      &test_error));
    struct vcl_gemm gemm = {.m = M,
                            .n = N,
                            .k = LONG,
                            .a = random_buf(ctx, M * LONG),
                            .b = random_buf(ctx, LONG * N),
                            .c = random_buf(ctx, M * N),
                            .bias = random_buf(ctx, N),
                            .b_sums = random_buf(ctx, N),
                            .accumulate = true,
                            .activation = "tanh"};
    struct vcl_gemm_setting setting = {0};
    multiply_into(ctx, &vcl_gemm_naive, NULL, &gemm, wanted);
    vcl_gemm_tiled.defaults(ctx, &gemm, &setting);
    for (const int *split = vcl_gemm_tiled.params[SPLIT].values; *split; split++) {
        setting.values[SPLIT] = *split;
        multiply_into(ctx, &vcl_gemm_tiled, &setting, &gemm, got);
        assert_memory_equal(got, wanted, sizeof got);
    }
    struct vcl_buf **bufs[] = {&gemm.a, &gemm.b, &gemm.c, &gemm.bias, &gemm.b_sums};
    for (int i = 0; i < 5; i++)
        vcl_buf_destroy(bufs[i]);
    vcl_ctx_destroy(&ctx);
}

/* A product too small for a float is -0 or 0 by its sign, and what tiles are padded with changes
 * neither. */
static void test_signs_of_zero(void **state)
{
    const float tiny = -1e-30f, small = 1e-30f, minus_zero = -0.0f;
    struct vcl_ctx *ctx;
    (void)state;
    OK(vcl_ctx_create(&(struct vcl_ctx_params){.device = test_target.device.id, .lanes = 1}, &ctx,
                      &test_error));
    struct vcl_gemm gemm = {.m = 1,
                            .n = 1,
                            .k = 1,
                            .a = random_buf(ctx, 1),
                            .b = random_buf(ctx, 1),
                            .c = random_buf(ctx, 1)};
    OK(vcl_buf_write(gemm.a, 0, sizeof tiny, &tiny, &test_error));
    OK(vcl_buf_write(gemm.b, 0, sizeof small, &small, &test_error));
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        struct vcl_gemm_setting setting = {0};
        float got;
        if (!(*def)->same_bits || !(*def)->supports(ctx, &gemm))
            continue;
        if ((*def)->defaults)
            (*def)->defaults(ctx, &gemm, &setting);
        OK((*def)->run(VCL_AT_ONCE(ctx), &gemm, &setting, &test_error));
        OK(vcl_buf_read(gemm.c, 0, sizeof got, &got, &test_error));
        assert_memory_equal(&got, &minus_zero, sizeof got);
    }
    vcl_buf_destroy(&gemm.a);
    vcl_buf_destroy(&gemm.b);
    vcl_buf_destroy(&gemm.c);
    vcl_ctx_destroy(&ctx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_partial),       cmocka_unit_test(test_put),
        cmocka_unit_test(test_asked_for),     cmocka_unit_test(test_divided),
        cmocka_unit_test(test_signs_of_zero),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, true);
}
