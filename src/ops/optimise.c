/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

enum { NORM_RUN = 1024 }; /* elements summed by one row of row_sums */

static enum vcl_status clip(struct vcl_ctx *ctx, const struct vcl_optimise *op,
                            struct vcl_buf **ret_clip, struct vcl_error *err)
{
    size_t runs = (op->n + NORM_RUN - 1) / NORM_RUN;
    struct vcl_buf *partial, *scale;
    enum vcl_status r;
    TRY(vcl_scratch_get(ctx, VCL_SCRATCH_REDUCE, runs * sizeof(float), &partial, err));
    TRY(vcl_scratch_get(ctx, VCL_SCRATCH_CLIP, sizeof(float), &scale, err));
    TRY(vcl_op_row_sums(ctx, op->n, NORM_RUN, true, op->gradient, partial, err));
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "clip_scale",
        .args = {VCL_ARG((int32_t)runs), VCL_ARG(op->clip), VCL_ARG(partial), VCL_ARG(scale)},
        .n_args = 4,
    };
    vcl_row_size(ctx, &launch, 1);
    TRY(vcl_launch_run(ctx, &launch, err));
    *ret_clip = scale;
out:
    return r;
}

enum vcl_status vcl_op_optimise(struct vcl_ctx *ctx, const struct vcl_optimise *op,
                                struct vcl_error *err)
{
    struct vcl_buf *scale = op->value;
    enum vcl_status r;
    if (op->clip > 0)
        TRY(clip(ctx, op, &scale, err));
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = op->kernel,
        .args = {VCL_ARG((int32_t)op->n), VCL_ARG((int32_t)(op->clip > 0)), VCL_ARG(op->a),
                 VCL_ARG(op->b), VCL_ARG(op->c), VCL_ARG(op->decay), VCL_ARG(op->step),
                 VCL_ARG(op->health), VCL_ARG(scale), VCL_ARG(op->gradient), VCL_ARG(op->value),
                 VCL_ARG(op->state0), VCL_ARG(op->state1)},
        .n_args = 13,
    };
    vcl_flat_size(ctx, &launch, op->n, 1);
    TRY(vcl_launch_run(ctx, &launch, err));
out:
    return r;
}
