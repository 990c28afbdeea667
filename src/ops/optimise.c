/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

enum { NORM_RUN = 1024 }; /* elements summed by one row of row_sums */

static enum vcl_status clip(const struct vcl_emit *emit, const struct vcl_optimise *op,
                            struct vcl_buf **ret_clip, struct vcl_error *err)
{
    size_t runs = (op->n + NORM_RUN - 1) / NORM_RUN;
    struct vcl_buf *partial, *scale;
    enum vcl_status r;
    TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_REDUCE, runs * sizeof(float), &partial, err));
    TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_CLIP, sizeof(float), &scale, err));
    TRY(vcl_op_row_sums(emit, op->n, NORM_RUN, true, op->gradient, partial, err));
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "clip_scale",
        VCL_ARGS((int32_t)runs, op->clip, partial, scale),
    };
    vcl_row_size(emit->ctx, &launch, 1);
    TRY(vcl_emit_launch(emit, &launch, err));
    *ret_clip = scale;
out:
    return r;
}

enum vcl_status vcl_op_optimise(const struct vcl_emit *emit, const struct vcl_optimise *op,
                                struct vcl_error *err)
{
    struct vcl_buf *scale = op->value;
    enum vcl_status r;
    if (op->clip > 0)
        TRY(clip(emit, op, &scale, err));
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = op->kernel,
        VCL_ARGS((int32_t)op->n, (uint32_t)op->first, (int32_t)(op->clip > 0), op->a, op->b, op->c,
                 op->decay, op->step, op->health, scale, op->gradient, op->value, op->state0,
                 op->state1),
    };
    vcl_flat_size(emit->ctx, &launch, op->n, 1);
    TRY(vcl_emit_launch(emit, &launch, err));
out:
    return r;
}
