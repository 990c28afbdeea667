/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

static enum vcl_status free_bits_mask(const struct vcl_emit *emit, const struct vcl_latent *l,
                                      struct vcl_error *err)
{
    enum vcl_status r =
        vcl_column_sums(emit, l->batch, l->dim, false, l->kl_elements, l->mask, err);
    if (r < 0)
        return r;
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "free_bits_mask",
        VCL_ARGS((int32_t)l->batch, (int32_t)l->dim, l->free_bits, l->mask, l->mask),
    };
    vcl_flat_size(emit->ctx, &launch, l->dim, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_latent_forward(const struct vcl_emit *emit, const struct vcl_latent *l,
                                      struct vcl_error *err)
{
    enum vcl_status r;
    bool free_bits = l->free_bits > 0;
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "latent_forward",
        VCL_ARGS((int32_t)l->dim, l->stream, (int32_t)(l->eps != NULL), (int32_t)free_bits, l->step,
                 l->ids, l->eps ? l->eps : l->heads, l->heads, l->z, l->spread, l->kl,
                 free_bits ? l->kl_elements : l->kl),
    };
    vcl_row_size(emit->ctx, &launch, l->batch);
    TRY(vcl_emit_launch(emit, &launch, err));
    if (free_bits)
        TRY(free_bits_mask(emit, l, err));
out:
    return r;
}

enum vcl_status vcl_op_latent_backward(const struct vcl_emit *emit, const struct vcl_latent *l,
                                       float weight, struct vcl_buf *dz, struct vcl_buf *dheads,
                                       struct vcl_error *err)
{
    bool free_bits = l->free_bits > 0;
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "latent_backward",
        VCL_ARGS((int32_t)l->dim, (int32_t)free_bits, weight / (float)l->batch, l->step, l->heads,
                 l->spread, free_bits ? l->mask : l->spread, dz, dheads),
    };
    vcl_row_size(emit->ctx, &launch, l->batch);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_fill_normal(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                   uint32_t stream, uint32_t first_row, struct vcl_buf *step,
                                   struct vcl_buf *x, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "fill_normal",
        VCL_ARGS((int32_t)cols, stream, first_row, step, x),
    };
    vcl_row_size(emit->ctx, &launch, rows);
    return vcl_emit_launch(emit, &launch, err);
}
