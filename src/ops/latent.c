/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

static enum vcl_status free_bits_mask(struct vcl_ctx *ctx, const struct vcl_latent *l,
                                      struct vcl_error *err)
{
    enum vcl_status r = vcl_column_sums(ctx, l->batch, l->dim, false, l->kl_elements, l->mask, err);
    if (r < 0)
        return r;
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "free_bits_mask",
        .args = {VCL_ARG((int32_t)l->batch), VCL_ARG((int32_t)l->dim), VCL_ARG(l->free_bits),
                 VCL_ARG(l->mask), VCL_ARG(l->mask)},
        .n_args = 5,
    };
    vcl_flat_size(ctx, &launch, l->dim, 1);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_latent_forward(struct vcl_ctx *ctx, const struct vcl_latent *l,
                                      struct vcl_error *err)
{
    enum vcl_status r;
    bool free_bits = l->free_bits > 0;
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "latent_forward",
        .args = {VCL_ARG((int32_t)l->dim), VCL_ARG((int32_t)l->repeat), VCL_ARG(l->stream),
                 VCL_ARG((int32_t)(l->eps != NULL)), VCL_ARG((int32_t)free_bits), VCL_ARG(l->step),
                 VCL_ARG(l->ids), VCL_ARG(l->eps ? l->eps : l->heads), VCL_ARG(l->heads),
                 VCL_ARG(l->z), VCL_ARG(l->spread), VCL_ARG(l->kl),
                 VCL_ARG(free_bits ? l->kl_elements : l->kl)},
        .n_args = 13,
    };
    vcl_row_size(ctx, &launch, (size_t)l->batch * l->repeat);
    TRY(vcl_launch_run(ctx, &launch, err));
    if (free_bits)
        TRY(free_bits_mask(ctx, l, err));
out:
    return r;
}

enum vcl_status vcl_op_latent_backward(struct vcl_ctx *ctx, const struct vcl_latent *l,
                                       struct vcl_buf *dz, struct vcl_buf *dheads,
                                       struct vcl_error *err)
{
    bool free_bits = l->free_bits > 0;
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "latent_backward",
        .args = {VCL_ARG((int32_t)l->dim), VCL_ARG((int32_t)free_bits),
                 VCL_ARG(1.0f / (float)l->batch), VCL_ARG(l->step), VCL_ARG(l->heads),
                 VCL_ARG(l->spread), VCL_ARG(free_bits ? l->mask : l->spread), VCL_ARG(dz),
                 VCL_ARG(dheads)},
        .n_args = 9,
    };
    vcl_row_size(ctx, &launch, l->batch);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_latent_log_ratio(struct vcl_ctx *ctx, const struct vcl_latent *l,
                                        struct vcl_buf *ratio, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "latent_log_ratio",
        .args = {VCL_ARG((int32_t)l->dim), VCL_ARG((int32_t)l->repeat), VCL_ARG(l->heads),
                 VCL_ARG(l->z), VCL_ARG(l->spread), VCL_ARG(ratio)},
        .n_args = 6,
    };
    vcl_row_size(ctx, &launch, (size_t)l->batch * l->repeat);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_fill_normal(struct vcl_ctx *ctx, uint32_t rows, uint32_t cols,
                                   uint32_t stream, uint32_t first_row, struct vcl_buf *step,
                                   struct vcl_buf *x, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "fill_normal",
        .args = {VCL_ARG((int32_t)cols), VCL_ARG(stream), VCL_ARG(first_row), VCL_ARG(step),
                 VCL_ARG(x)},
        .n_args = 5,
    };
    vcl_row_size(ctx, &launch, rows);
    return vcl_launch_run(ctx, &launch, err);
}
