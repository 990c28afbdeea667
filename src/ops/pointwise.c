/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm.h"
#include "ops/ops.h"

enum vcl_status vcl_op_activation(const struct vcl_emit *emit, const char *activation, size_t n,
                                  struct vcl_buf *x, struct vcl_buf *y, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", activation);
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "activation",
        .options = options,
        VCL_ARGS((int32_t)n, x, y),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_add(const struct vcl_emit *emit, const char *activation, size_t n,
                           struct vcl_buf *a, struct vcl_buf *b, struct vcl_buf *y,
                           struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", activation);
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "add",
        .options = options,
        VCL_ARGS((int32_t)n, a, b, y),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_pass_gradient(const struct vcl_emit *emit, const char *activation, size_t n,
                                     bool accumulate, struct vcl_buf *dy, struct vcl_buf *y,
                                     struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", activation ? activation : "identity");
    struct vcl_launch launch = {
        .source = "pointwise.cl",
        .kernel = "pass_gradient",
        .options = options,
        VCL_ARGS((int32_t)n, (int32_t)accumulate, dy, y, dx),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}
