/* SPDX-License-Identifier: MIT */
#include "base/philox.h"
#include "ops/ops.h"

enum vcl_status vcl_op_unpack(const struct vcl_emit *emit, bool bytes, enum vcl_binarise binarise,
                              uint32_t rows, uint32_t cols, struct vcl_buf *step,
                              struct vcl_buf *ids, struct vcl_buf *raw, struct vcl_buf *x,
                              struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = bytes ? "unpack_u8" : "unpack_f32",
        VCL_ARGS((int32_t)cols, (int32_t)binarise, (uint32_t)VCL_STREAM_BINARISE, step, ids, raw,
                 x),
    };
    vcl_row_size(emit->ctx, &launch, rows);
    return vcl_emit_launch(emit, &launch, err);
}
