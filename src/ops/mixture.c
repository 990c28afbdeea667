/* SPDX-License-Identifier: MIT */
#include "ops/ops.h"

#define SOURCE "mixture.cl"

enum vcl_status vcl_op_log_components(const struct vcl_emit *emit, const struct vcl_mixture *op,
                                      struct vcl_buf *log_p, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_components",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->count, op->z, op->heads, log_p),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_log_components_dz(const struct vcl_emit *emit, const struct vcl_mixture *op,
                                         bool adds, struct vcl_buf *dlog_p, struct vcl_buf *dz,
                                         struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_components_dz",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->count, (int32_t)adds, op->z, op->heads, dlog_p, dz),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_log_components_dheads(const struct vcl_emit *emit,
                                             const struct vcl_mixture *op, bool adds,
                                             struct vcl_buf *dlog_p, struct vcl_buf *dheads,
                                             struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_components_dheads",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->count, (int32_t)op->rows, (int32_t)adds, op->z,
                 op->heads, dlog_p, dheads),
    };
    vcl_row_size(emit->ctx, &launch, op->count);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_mixture_draw(const struct vcl_emit *emit, const struct vcl_mixture *op,
                                    uint32_t stream, uint32_t first_row, struct vcl_buf *step,
                                    struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "mixture_draw",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->count, stream, first_row, step, op->heads, op->z),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}
