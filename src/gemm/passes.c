/* SPDX-License-Identifier: MIT
 *
 * Passes beside a product, for implementations that do not do them in their epilogue.
 */
#include <stdio.h>
#include <string.h>

#include "gemm/gemm.h"

enum vcl_status vcl_activation_gradient(const struct vcl_emit *emit, const char *activation,
                                        size_t n, struct vcl_buf *x, struct vcl_buf *y,
                                        struct vcl_buf *dy, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s%s", activation, x ? " -DNEEDS_INPUT" : "");
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "activation_gradient",
        .options = options,
        VCL_ARGS((int32_t)n, x ? x : y, y, dy),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

/* Chunks of rows (kernels/reduce.cl) from which on two passes are faster than one. */
enum { ROW_CHUNK = 256, MANY_CHUNKS = 5 };

static enum vcl_status sum_by_chunks(const struct vcl_emit *emit, size_t rows, size_t cols,
                                     bool accumulate, struct vcl_buf *x, struct vcl_buf *sums,
                                     struct vcl_error *err)
{
    size_t chunks = (rows + ROW_CHUNK - 1) / ROW_CHUNK;
    struct vcl_buf *partial;
    enum vcl_status r;
    TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_REDUCE, chunks * cols * sizeof(float), &partial,
                        err));
    struct vcl_launch each = {
        .source = "core.cl",
        .kernel = "column_chunks",
        VCL_ARGS((int32_t)rows, (int32_t)cols, x, partial),
    };
    struct vcl_launch total = {
        .source = "core.cl",
        .kernel = "column_totals",
        VCL_ARGS((int32_t)chunks, (int32_t)cols, (int32_t)accumulate, partial, sums),
    };
    vcl_flat_size(emit->ctx, &each, cols, chunks);
    vcl_flat_size(emit->ctx, &total, cols, 1);
    TRY(vcl_emit_launch(emit, &each, err));
    TRY(vcl_emit_launch(emit, &total, err));
out:
    return r;
}

enum vcl_status vcl_column_sums(const struct vcl_emit *emit, size_t rows, size_t cols,
                                bool accumulate, struct vcl_buf *x, struct vcl_buf *sums,
                                struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "column_sums",
        VCL_ARGS((int32_t)rows, (int32_t)cols, (int32_t)accumulate, x, sums),
    };
    if (rows > (MANY_CHUNKS - 1) * ROW_CHUNK)
        return sum_by_chunks(emit, rows, cols, accumulate, x, sums, err);
    vcl_flat_size(emit->ctx, &launch, cols, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_gemm_add(const struct vcl_emit *emit, size_t n, struct vcl_buf *x,
                             struct vcl_buf *c, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "add_to",
        VCL_ARGS((int32_t)n, x, c),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_gemm_derivative(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                    struct vcl_error *err)
{
    const char *activation = vcl_gemm_activation(gemm);
    if (!gemm->derivative_at || strcmp(activation, "identity") == 0)
        return VCL_OK;
    return vcl_activation_gradient(emit, activation, (size_t)gemm->m * gemm->n, NULL,
                                   gemm->derivative_at, gemm->c, err);
}

enum vcl_status vcl_gemm_epilogue(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                  struct vcl_error *err)
{
    char options[64];
    const char *activation = gemm->derivative_at ? "identity" : vcl_gemm_activation(gemm);
    if (!gemm->bias && strcmp(activation, "identity") == 0)
        return vcl_gemm_derivative(emit, gemm, err);
    snprintf(options, sizeof options, "-DHAS_BIAS=%d -DACT=act_%s", gemm->bias != NULL, activation);
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "epilogue",
        .options = options,
        VCL_ARGS((int32_t)gemm->n, gemm->bias ? gemm->bias : gemm->c, gemm->c),
    };
    vcl_flat_size(emit->ctx, &launch, gemm->n, gemm->m);
    enum vcl_status r = vcl_emit_launch(emit, &launch, err);
    return r == VCL_OK ? vcl_gemm_derivative(emit, gemm, err) : r;
}

enum vcl_status vcl_gemm_b_sums(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                struct vcl_error *err)
{
    if (!gemm->b_sums)
        return VCL_OK;
    return vcl_column_sums(emit, gemm->k, gemm->n, gemm->accumulate, gemm->b, gemm->b_sums, err);
}
