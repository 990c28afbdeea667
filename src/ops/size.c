/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

void vcl_part_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t rows, size_t cols)
{
    size_t vec = vcl_ctx_vec(ctx);
    vcl_flat_size(ctx, launch, rows * ((cols + vec - 1) / vec) * vec, 1);
}

void vcl_row_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t rows)
{
    size_t lanes = 16 / vcl_ctx_vec(ctx);
    launch->global[0] = launch->local[0] = lanes;
    launch->global[1] = rows;
    launch->global[2] = launch->local[1] = launch->local[2] = 1;
}
