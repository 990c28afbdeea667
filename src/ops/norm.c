/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm.h"
#include "ops/ops.h"

enum { ROW_CHUNK = 256 }; /* of kernels/norm.cl */

static const char *options_of(const char *activation, char options[64])
{
    snprintf(options, 64, "-DACT=act_%s", activation ? activation : "identity");
    return options;
}

/* ---- batch normalisation ---- */

/* Scratch for two sums a chunk of rows and column. */
static enum vcl_status chunk_sums(struct vcl_ctx *ctx, const struct vcl_batchnorm *op,
                                  size_t *ret_chunks, struct vcl_buf **ret_buf,
                                  struct vcl_error *err)
{
    *ret_chunks = ((size_t)op->rows + ROW_CHUNK - 1) / ROW_CHUNK;
    size_t size = 2 * *ret_chunks * op->cols * sizeof(float);
    return vcl_scratch_get(ctx, VCL_SCRATCH_REDUCE, size, ret_buf, err);
}

enum vcl_status vcl_op_batchnorm_statistics(const struct vcl_emit *emit,
                                            const struct vcl_batchnorm *op, struct vcl_error *err)
{
    char options[64];
    struct vcl_buf *moments;
    size_t chunks;
    enum vcl_status r;
    TRY(chunk_sums(emit->ctx, op, &chunks, &moments, err));
    struct vcl_launch each = {
        .source = "norm.cl",
        .kernel = "batchnorm_moments",
        .options = options_of(NULL, options),
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, op->x, moments),
    };
    struct vcl_launch all = {
        .source = "norm.cl",
        .kernel = "batchnorm_statistics",
        .options = options,
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, op->momentum, op->eps, moments, op->kept,
                 op->running_mean, op->running_var),
    };
    vcl_part_size(emit->ctx, &each, chunks, op->cols);
    vcl_flat_size(emit->ctx, &all, op->cols, 1);
    TRY(vcl_emit_launch(emit, &each, err));
    TRY(vcl_emit_launch(emit, &all, err));
out:
    return r;
}

enum vcl_status vcl_op_batchnorm_running(const struct vcl_emit *emit,
                                         const struct vcl_batchnorm *op, struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "batchnorm_running",
        .options = options_of(NULL, options),
        VCL_ARGS((int32_t)op->cols, op->eps, op->running_mean, op->running_var, op->kept),
    };
    vcl_flat_size(emit->ctx, &launch, op->cols, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_batchnorm_apply(const struct vcl_emit *emit, const struct vcl_batchnorm *op,
                                       const char *activation, struct vcl_buf *y,
                                       struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "batchnorm_apply",
        .options = options_of(activation, options),
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, op->x, op->kept, op->gamma, op->beta, y),
    };
    vcl_part_size(emit->ctx, &launch, op->rows, op->cols);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_batchnorm_parameters(const struct vcl_emit *emit,
                                            const struct vcl_batchnorm *op, bool accumulate,
                                            struct vcl_buf *dy, struct vcl_buf *dgamma,
                                            struct vcl_buf *dbeta, struct vcl_error *err)
{
    char options[64];
    struct vcl_buf *sums;
    size_t chunks;
    enum vcl_status r;
    TRY(chunk_sums(emit->ctx, op, &chunks, &sums, err));
    struct vcl_launch each = {
        .source = "norm.cl",
        .kernel = "batchnorm_sums",
        .options = options_of(NULL, options),
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, op->x, dy, op->kept, sums),
    };
    struct vcl_launch all = {
        .source = "norm.cl",
        .kernel = "batchnorm_totals",
        .options = options,
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, (int32_t)accumulate, sums, op->kept, dgamma,
                 dbeta),
    };
    vcl_part_size(emit->ctx, &each, chunks, op->cols);
    vcl_flat_size(emit->ctx, &all, op->cols, 1);
    TRY(vcl_emit_launch(emit, &each, err));
    TRY(vcl_emit_launch(emit, &all, err));
out:
    return r;
}

enum vcl_status vcl_op_batchnorm_gradient(const struct vcl_emit *emit,
                                          const struct vcl_batchnorm *op, const char *in_activation,
                                          struct vcl_buf *dy, struct vcl_buf *dx,
                                          struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "batchnorm_gradient",
        .options = options_of(in_activation, options),
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, op->x, dy, op->kept, op->gamma, dx),
    };
    vcl_part_size(emit->ctx, &launch, op->rows, op->cols);
    return vcl_emit_launch(emit, &launch, err);
}

/* ---- layer normalisation ---- */

enum vcl_status vcl_op_layernorm_forward(const struct vcl_emit *emit,
                                         const struct vcl_layernorm *op, const char *activation,
                                         struct vcl_buf *y, struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "layernorm_forward",
        .options = options_of(activation, options),
        VCL_ARGS((int32_t)op->cols, op->eps, op->x, op->gamma, op->beta, op->kept, y),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_layernorm_parameters(const struct vcl_emit *emit,
                                            const struct vcl_layernorm *op, bool accumulate,
                                            struct vcl_buf *dy, struct vcl_buf *dgamma,
                                            struct vcl_buf *dbeta, struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "layernorm_parameters",
        .options = options_of(NULL, options),
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, (int32_t)accumulate, op->x, dy, op->kept,
                 dgamma, dbeta),
    };
    vcl_flat_size(emit->ctx, &launch, op->cols, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_layernorm_gradient(const struct vcl_emit *emit,
                                          const struct vcl_layernorm *op, const char *in_activation,
                                          struct vcl_buf *dy, struct vcl_buf *dx,
                                          struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "layernorm_gradient",
        .options = options_of(in_activation, options),
        VCL_ARGS((int32_t)op->cols, op->x, dy, op->gamma, op->kept, dx),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}
