/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm.h"
#include "ops/ops.h"

enum vcl_status vcl_op_activation(struct vcl_ctx *ctx, const char *activation, size_t n,
                                  struct vcl_buf *x, struct vcl_buf *y, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", activation);
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "activation",
        .options = options,
        .args = {VCL_ARG((int32_t)n), VCL_ARG(x), VCL_ARG(y)},
        .n_args = 3,
    };
    vcl_flat_size(ctx, &launch, n, 1);
    return vcl_launch_run(ctx, &launch, err);
}
