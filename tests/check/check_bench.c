/* SPDX-License-Identifier: MIT */
#include "check/check_bench.h"

#include <stdio.h>

#include "base/clock.h"
#include "gemm/gemm.h"

/* As in training on 28 x 28 pictures with 400 hidden units, then large ones. A's gradient is a
 * product with A transposed, the data's with B transposed. */
static const struct vcl_gemm shapes[] = {
    {.m = 100, .n = 400, .k = 784, .activation = "relu"},
    {.m = 100, .n = 784, .k = 400},
    {.m = 100, .n = 40, .k = 400},
    {.m = 784, .n = 400, .k = 100, .trans_a = true},
    {.m = 100, .n = 400, .k = 784, .trans_b = true},
    {.m = 512, .n = 512, .k = 512},
    {.m = 1024, .n = 1024, .k = 1024},
};

/* Runs for a tenth of a second or more, after a first run that compiles. */
static enum vcl_status time_product(struct vcl_ctx *ctx, const struct vcl_gemm_def *def,
                                    const struct vcl_gemm *gemm, double *ret_seconds,
                                    struct vcl_error *err)
{
    double elapsed = 0;
    size_t runs = 0;
    struct vcl_gemm_setting setting = {0};
    enum vcl_status r;
    if (def->defaults)
        def->defaults(ctx, gemm, &setting);
    TRY(def->run(VCL_AT_ONCE(ctx), gemm, &setting, err));
    TRY(vcl_ctx_finish(ctx, err));
    for (double begun = vcl_now(); elapsed < 0.1; elapsed = vcl_now() - begun) {
        for (int i = 0; i < 4; i++)
            TRY(def->run(VCL_AT_ONCE(ctx), gemm, &setting, err));
        TRY(vcl_ctx_finish(ctx, err));
        runs += 4;
    }
    *ret_seconds = elapsed / (double)runs;
out:
    return r;
}

static enum vcl_status bench_shape(struct vcl_ctx *ctx, const struct vcl_gemm *shape,
                                   struct vcl_error *err)
{
    struct vcl_gemm gemm = *shape;
    enum vcl_status r;
    TRY(vcl_buf_create(ctx, sizeof(float) * gemm.m * gemm.k, &gemm.a, err));
    TRY(vcl_buf_create(ctx, sizeof(float) * gemm.k * gemm.n, &gemm.b, err));
    TRY(vcl_buf_create(ctx, sizeof(float) * gemm.m * gemm.n, &gemm.c, err));
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        double time;
        if (!(*def)->supports(ctx, &gemm))
            continue;
        TRY(time_product(ctx, *def, &gemm, &time, err));
        printf("# %-8s %4u x %4u x %4u%s%s %9.1f us %8.2f GFLOP/s\n", (*def)->name, gemm.m, gemm.n,
               gemm.k, gemm.trans_a ? " A'" : "   ", gemm.trans_b ? " B'" : "   ", 1e6 * time,
               2e-9 * gemm.m * gemm.n * gemm.k / time);
    }
out:
    vcl_buf_destroy(&gemm.a);
    vcl_buf_destroy(&gemm.b);
    vcl_buf_destroy(&gemm.c);
    return r;
}

enum vcl_status check_bench(struct vcl_ctx *ctx, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        TRY(bench_shape(ctx, &shapes[i], err));
out:
    return r;
}
