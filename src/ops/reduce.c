/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

enum vcl_status vcl_op_row_sums(struct vcl_ctx *ctx, size_t n, size_t cols, bool squares,
                                struct vcl_buf *x, struct vcl_buf *sums, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "row_sums",
        .args = {VCL_ARG((int32_t)n), VCL_ARG((int32_t)cols), VCL_ARG((int32_t)squares), VCL_ARG(x),
                 VCL_ARG(sums)},
        .n_args = 5,
    };
    vcl_row_size(ctx, &launch, (n + cols - 1) / cols);
    return vcl_launch_run(ctx, &launch, err);
}
