/* SPDX-License-Identifier: MIT */
#include "base/philox.h"
#include "ops/ops.h"

enum vcl_status vcl_op_unpack(struct vcl_ctx *ctx, bool bytes, enum vcl_binarise binarise,
                              uint32_t rows, uint32_t cols, struct vcl_buf *step,
                              struct vcl_buf *ids, struct vcl_buf *raw, struct vcl_buf *x,
                              struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = bytes ? "unpack_u8" : "unpack_f32",
        .args = {VCL_ARG((int32_t)cols), VCL_ARG((int32_t)binarise),
                 VCL_ARG((uint32_t)VCL_STREAM_BINARISE), VCL_ARG(step), VCL_ARG(ids), VCL_ARG(raw),
                 VCL_ARG(x)},
        .n_args = 7,
    };
    vcl_row_size(ctx, &launch, rows);
    return vcl_launch_run(ctx, &launch, err);
}
