/* SPDX-License-Identifier: MIT
 *
 * Passes beside a product, for implementations that do not do them in their epilogue.
 */
#include <stdio.h>
#include <string.h>

#include "gemm/gemm.h"

enum vcl_status vcl_activation_gradient(struct vcl_ctx *ctx, const char *activation, size_t n,
                                        struct vcl_buf *x, struct vcl_buf *y, struct vcl_buf *dy,
                                        struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s%s", activation, x ? " -DNEEDS_INPUT" : "");
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "activation_gradient",
        .options = options,
        .args = {VCL_ARG((int32_t)n), VCL_ARG(x ? x : y), VCL_ARG(y), VCL_ARG(dy)},
        .n_args = 4,
    };
    vcl_flat_size(ctx, &launch, n, 1);
    return vcl_launch_run(ctx, &launch, err);
}

/* Chunks of rows (kernels/reduce.cl) from which on two passes are faster than one. */
enum { ROW_CHUNK = 256, MANY_CHUNKS = 5 };

static enum vcl_status sum_by_chunks(struct vcl_ctx *ctx, size_t rows, size_t cols, bool accumulate,
                                     struct vcl_buf *x, struct vcl_buf *sums, struct vcl_error *err)
{
    size_t chunks = (rows + ROW_CHUNK - 1) / ROW_CHUNK;
    struct vcl_buf *partial;
    enum vcl_status r;
    TRY(vcl_scratch_get(ctx, VCL_SCRATCH_REDUCE, chunks * cols * sizeof(float), &partial, err));
    struct vcl_launch each = {
        .source = "core.cl",
        .kernel = "column_chunks",
        .args = {VCL_ARG((int32_t)rows), VCL_ARG((int32_t)cols), VCL_ARG(x), VCL_ARG(partial)},
        .n_args = 4,
    };
    struct vcl_launch total = {
        .source = "core.cl",
        .kernel = "column_totals",
        .args = {VCL_ARG((int32_t)chunks), VCL_ARG((int32_t)cols), VCL_ARG((int32_t)accumulate),
                 VCL_ARG(partial), VCL_ARG(sums)},
        .n_args = 5,
    };
    vcl_flat_size(ctx, &each, cols, chunks);
    vcl_flat_size(ctx, &total, cols, 1);
    TRY(vcl_launch_run(ctx, &each, err));
    TRY(vcl_launch_run(ctx, &total, err));
out:
    return r;
}

enum vcl_status vcl_column_sums(struct vcl_ctx *ctx, size_t rows, size_t cols, bool accumulate,
                                struct vcl_buf *x, struct vcl_buf *sums, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "column_sums",
        .args = {VCL_ARG((int32_t)rows), VCL_ARG((int32_t)cols), VCL_ARG((int32_t)accumulate),
                 VCL_ARG(x), VCL_ARG(sums)},
        .n_args = 5,
    };
    if (rows > (MANY_CHUNKS - 1) * ROW_CHUNK)
        return sum_by_chunks(ctx, rows, cols, accumulate, x, sums, err);
    vcl_flat_size(ctx, &launch, cols, 1);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_gemm_add(struct vcl_ctx *ctx, size_t n, struct vcl_buf *x, struct vcl_buf *c,
                             struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "add_to",
        .args = {VCL_ARG((int32_t)n), VCL_ARG(x), VCL_ARG(c)},
        .n_args = 3,
    };
    vcl_flat_size(ctx, &launch, n, 1);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_gemm_derivative(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                    struct vcl_error *err)
{
    const char *activation = vcl_gemm_activation(gemm);
    if (!gemm->derivative_at || strcmp(activation, "identity") == 0)
        return VCL_OK;
    return vcl_activation_gradient(ctx, activation, (size_t)gemm->m * gemm->n, NULL,
                                   gemm->derivative_at, gemm->c, err);
}

enum vcl_status vcl_gemm_epilogue(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                  struct vcl_error *err)
{
    char options[64];
    const char *activation = gemm->derivative_at ? "identity" : vcl_gemm_activation(gemm);
    if (!gemm->bias && strcmp(activation, "identity") == 0)
        return vcl_gemm_derivative(ctx, gemm, err);
    snprintf(options, sizeof options, "-DHAS_BIAS=%d -DACT=act_%s", gemm->bias != NULL, activation);
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "epilogue",
        .options = options,
        .args = {VCL_ARG((int32_t)gemm->n), VCL_ARG(gemm->bias ? gemm->bias : gemm->c),
                 VCL_ARG(gemm->c)},
        .n_args = 3,
    };
    vcl_flat_size(ctx, &launch, gemm->n, gemm->m);
    enum vcl_status r = vcl_launch_run(ctx, &launch, err);
    return r == VCL_OK ? vcl_gemm_derivative(ctx, gemm, err) : r;
}

enum vcl_status vcl_gemm_b_sums(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                struct vcl_error *err)
{
    if (!gemm->b_sums)
        return VCL_OK;
    return vcl_column_sums(ctx, gemm->k, gemm->n, gemm->accumulate, gemm->b, gemm->b_sums, err);
}
