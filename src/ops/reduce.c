/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

enum vcl_status vcl_op_row_sums(const struct vcl_emit *emit, size_t n, size_t cols, bool squares,
                                struct vcl_buf *x, struct vcl_buf *sums, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "row_sums",
        VCL_ARGS((int32_t)n, (int32_t)cols, (int32_t)squares, x, sums),
    };
    vcl_row_size(emit->ctx, &launch, (n + cols - 1) / cols);
    return vcl_emit_launch(emit, &launch, err);
}
