/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

#define SOURCE "permute.cl"

enum vcl_status vcl_op_permute_columns(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                       uint32_t stream, struct vcl_buf *step, struct vcl_buf *keys,
                                       struct vcl_buf *x, struct vcl_buf *y, struct vcl_error *err)
{
    struct vcl_launch draw = {
        .source = SOURCE,
        .kernel = "permute_keys",
        VCL_ARGS((int32_t)cols, stream, step, keys),
    };
    struct vcl_launch permute = {
        .source = SOURCE,
        .kernel = "permute_columns",
        VCL_ARGS((int32_t)rows, (int32_t)cols, keys, x, y),
    };
    enum vcl_status r;
    vcl_row_size(emit->ctx, &draw, rows);
    TRY(vcl_emit_launch(emit, &draw, err));
    /* An item an element, whatever the device's lanes. */
    vcl_flat_size(emit->ctx, &permute, (size_t)rows * cols * vcl_ctx_vec(emit->ctx), 1);
    TRY(vcl_emit_launch(emit, &permute, err));
out:
    return r;
}
