/* SPDX-License-Identifier: MIT */
#include "ops/ops.h"

#define SOURCE "density.cl"

enum vcl_status vcl_op_draws(const struct vcl_emit *emit, const struct vcl_draws *d,
                             struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "draws",
        VCL_ARGS((int32_t)d->dim, (int32_t)d->repeat, d->stream, (int32_t)(d->eps != NULL), d->step,
                 d->ids, d->eps ? d->eps : d->heads, d->heads, d->z, d->spread, d->log_q),
    };
    vcl_row_size(emit->ctx, &launch, (size_t)d->batch * d->repeat);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_draws_gradient(const struct vcl_emit *emit, const struct vcl_draws *d,
                                      struct vcl_buf *dz, struct vcl_buf *dlog_q,
                                      struct vcl_buf *dheads, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "draws_gradient",
        VCL_ARGS((int32_t)d->dim, (int32_t)d->repeat, (int32_t)(dlog_q != NULL), d->heads,
                 d->spread, dz, dlog_q ? dlog_q : dz, dheads),
    };
    vcl_row_size(emit->ctx, &launch, d->batch);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_log_normal(const struct vcl_emit *emit, const struct vcl_log_normal *op,
                                  struct vcl_buf *log_p, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_normal",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->repeat, (int32_t)(op->heads != NULL), op->z,
                 op->heads ? op->heads : op->z, log_p),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_log_normal_dz(const struct vcl_emit *emit, const struct vcl_log_normal *op,
                                     bool adds, struct vcl_buf *dlog_p, struct vcl_buf *dz,
                                     struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_normal_dz",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->repeat, (int32_t)(op->heads != NULL), (int32_t)adds,
                 op->z, op->heads ? op->heads : op->z, dlog_p, dz),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_log_normal_dheads(const struct vcl_emit *emit,
                                         const struct vcl_log_normal *op, bool adds,
                                         struct vcl_buf *dlog_p, struct vcl_buf *dheads,
                                         struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_normal_dheads",
        VCL_ARGS((int32_t)op->dim, (int32_t)op->repeat, (int32_t)adds, op->z, op->heads, dlog_p,
                 dheads),
    };
    vcl_row_size(emit->ctx, &launch, op->rows / op->repeat);
    return vcl_emit_launch(emit, &launch, err);
}
