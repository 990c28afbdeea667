/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

#define SOURCE "concat.cl"

enum vcl_status vcl_op_one_hot(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                               struct vcl_buf *labels, struct vcl_buf *y, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "one_hot",
        VCL_ARGS((int32_t)rows, (int32_t)cols, labels, y),
    };
    vcl_part_size(emit->ctx, &launch, rows, cols);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_concat(const struct vcl_emit *emit, const struct vcl_concat *op,
                              struct vcl_buf *x, struct vcl_buf *c, struct vcl_buf *y,
                              struct vcl_error *err)
{
    const size_t vec = vcl_ctx_vec(emit->ctx);
    const size_t parts = (op->first + vec - 1) / vec + (op->second + vec - 1) / vec;
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "concat",
        VCL_ARGS((int32_t)op->rows, (int32_t)op->every, (int32_t)op->first, (int32_t)op->second, x,
                 c, y),
    };
    vcl_flat_size(emit->ctx, &launch, op->rows * parts * vec, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_concat_dx(const struct vcl_emit *emit, const struct vcl_concat *op,
                                 bool adds, struct vcl_buf *dy, struct vcl_buf *dx,
                                 struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "concat_gradient_first",
        VCL_ARGS((int32_t)op->rows, (int32_t)op->first, (int32_t)op->second, (int32_t)adds, dy, dx),
    };
    vcl_part_size(emit->ctx, &launch, op->rows, op->first);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_concat_dc(const struct vcl_emit *emit, const struct vcl_concat *op,
                                 bool adds, struct vcl_buf *dy, struct vcl_buf *dc,
                                 struct vcl_error *err)
{
    const uint32_t rows = op->rows / op->every;
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "concat_gradient_second",
        VCL_ARGS((int32_t)rows, (int32_t)op->every, (int32_t)op->first, (int32_t)op->second,
                 (int32_t)adds, dy, dc),
    };
    vcl_part_size(emit->ctx, &launch, rows, op->second);
    return vcl_emit_launch(emit, &launch, err);
}
