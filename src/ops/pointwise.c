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

enum vcl_status vcl_op_add(struct vcl_ctx *ctx, const char *activation, size_t n, struct vcl_buf *a,
                           struct vcl_buf *b, struct vcl_buf *y, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", activation);
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "add",
        .options = options,
        .args = {VCL_ARG((int32_t)n), VCL_ARG(a), VCL_ARG(b), VCL_ARG(y)},
        .n_args = 4,
    };
    vcl_flat_size(ctx, &launch, n, 1);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_pass_gradient(struct vcl_ctx *ctx, const char *activation, size_t n,
                                     bool accumulate, struct vcl_buf *dy, struct vcl_buf *y,
                                     struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", activation ? activation : "identity");
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "pass_gradient",
        .options = options,
        .args = {VCL_ARG((int32_t)n), VCL_ARG((int32_t)accumulate), VCL_ARG(dy), VCL_ARG(y),
                 VCL_ARG(dx)},
        .n_args = 5,
    };
    vcl_flat_size(ctx, &launch, n, 1);
    return vcl_launch_run(ctx, &launch, err);
}
