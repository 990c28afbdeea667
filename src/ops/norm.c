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

enum vcl_status vcl_op_batchnorm_statistics(struct vcl_ctx *ctx, const struct vcl_batchnorm *op,
                                            struct vcl_error *err)
{
    char options[64];
    struct vcl_buf *moments;
    size_t chunks;
    enum vcl_status r;
    TRY(chunk_sums(ctx, op, &chunks, &moments, err));
    struct vcl_launch each = {
        .source = "norm.cl",
        .kernel = "batchnorm_moments",
        .options = options_of(NULL, options),
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols), VCL_ARG(op->x),
                 VCL_ARG(moments)},
        .n_args = 4,
    };
    struct vcl_launch all = {
        .source = "norm.cl",
        .kernel = "batchnorm_statistics",
        .options = options,
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols), VCL_ARG(op->momentum),
                 VCL_ARG(op->eps), VCL_ARG(moments), VCL_ARG(op->kept), VCL_ARG(op->running_mean),
                 VCL_ARG(op->running_var)},
        .n_args = 8,
    };
    vcl_part_size(ctx, &each, chunks, op->cols);
    vcl_flat_size(ctx, &all, op->cols, 1);
    TRY(vcl_launch_run(ctx, &each, err));
    TRY(vcl_launch_run(ctx, &all, err));
out:
    return r;
}

enum vcl_status vcl_op_batchnorm_running(struct vcl_ctx *ctx, const struct vcl_batchnorm *op,
                                         struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "batchnorm_running",
        .options = options_of(NULL, options),
        .args = {VCL_ARG((int32_t)op->cols), VCL_ARG(op->eps), VCL_ARG(op->running_mean),
                 VCL_ARG(op->running_var), VCL_ARG(op->kept)},
        .n_args = 5,
    };
    vcl_flat_size(ctx, &launch, op->cols, 1);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_batchnorm_apply(struct vcl_ctx *ctx, const struct vcl_batchnorm *op,
                                       const char *activation, struct vcl_buf *y,
                                       struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "batchnorm_apply",
        .options = options_of(activation, options),
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols), VCL_ARG(op->x),
                 VCL_ARG(op->kept), VCL_ARG(op->gamma), VCL_ARG(op->beta), VCL_ARG(y)},
        .n_args = 7,
    };
    vcl_part_size(ctx, &launch, op->rows, op->cols);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_batchnorm_parameters(struct vcl_ctx *ctx, const struct vcl_batchnorm *op,
                                            bool accumulate, struct vcl_buf *dy,
                                            struct vcl_buf *dgamma, struct vcl_buf *dbeta,
                                            struct vcl_error *err)
{
    char options[64];
    struct vcl_buf *sums;
    size_t chunks;
    enum vcl_status r;
    TRY(chunk_sums(ctx, op, &chunks, &sums, err));
    struct vcl_launch each = {
        .source = "norm.cl",
        .kernel = "batchnorm_sums",
        .options = options_of(NULL, options),
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols), VCL_ARG(op->x),
                 VCL_ARG(dy), VCL_ARG(op->kept), VCL_ARG(sums)},
        .n_args = 6,
    };
    struct vcl_launch all = {
        .source = "norm.cl",
        .kernel = "batchnorm_totals",
        .options = options,
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols),
                 VCL_ARG((int32_t)accumulate), VCL_ARG(sums), VCL_ARG(op->kept), VCL_ARG(dgamma),
                 VCL_ARG(dbeta)},
        .n_args = 7,
    };
    vcl_part_size(ctx, &each, chunks, op->cols);
    vcl_flat_size(ctx, &all, op->cols, 1);
    TRY(vcl_launch_run(ctx, &each, err));
    TRY(vcl_launch_run(ctx, &all, err));
out:
    return r;
}

enum vcl_status vcl_op_batchnorm_gradient(struct vcl_ctx *ctx, const struct vcl_batchnorm *op,
                                          const char *in_activation, struct vcl_buf *dy,
                                          struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "batchnorm_gradient",
        .options = options_of(in_activation, options),
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols), VCL_ARG(op->x),
                 VCL_ARG(dy), VCL_ARG(op->kept), VCL_ARG(op->gamma), VCL_ARG(dx)},
        .n_args = 7,
    };
    vcl_part_size(ctx, &launch, op->rows, op->cols);
    return vcl_launch_run(ctx, &launch, err);
}

/* ---- layer normalisation ---- */

enum vcl_status vcl_op_layernorm_forward(struct vcl_ctx *ctx, const struct vcl_layernorm *op,
                                         const char *activation, struct vcl_buf *y,
                                         struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "layernorm_forward",
        .options = options_of(activation, options),
        .args = {VCL_ARG((int32_t)op->cols), VCL_ARG(op->eps), VCL_ARG(op->x), VCL_ARG(op->gamma),
                 VCL_ARG(op->beta), VCL_ARG(op->kept), VCL_ARG(y)},
        .n_args = 7,
    };
    vcl_row_size(ctx, &launch, op->rows);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_layernorm_parameters(struct vcl_ctx *ctx, const struct vcl_layernorm *op,
                                            bool accumulate, struct vcl_buf *dy,
                                            struct vcl_buf *dgamma, struct vcl_buf *dbeta,
                                            struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "layernorm_parameters",
        .options = options_of(NULL, options),
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols),
                 VCL_ARG((int32_t)accumulate), VCL_ARG(op->x), VCL_ARG(dy), VCL_ARG(op->kept),
                 VCL_ARG(dgamma), VCL_ARG(dbeta)},
        .n_args = 8,
    };
    vcl_flat_size(ctx, &launch, op->cols, 1);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_layernorm_gradient(struct vcl_ctx *ctx, const struct vcl_layernorm *op,
                                          const char *in_activation, struct vcl_buf *dy,
                                          struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    struct vcl_launch launch = {
        .source = "norm.cl",
        .kernel = "layernorm_gradient",
        .options = options_of(in_activation, options),
        .args = {VCL_ARG((int32_t)op->cols), VCL_ARG(op->x), VCL_ARG(dy), VCL_ARG(op->gamma),
                 VCL_ARG(op->kept), VCL_ARG(dx)},
        .n_args = 6,
    };
    vcl_row_size(ctx, &launch, op->rows);
    return vcl_launch_run(ctx, &launch, err);
}
