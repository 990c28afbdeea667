/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ops/ops.h"

/* What both kernels begin with. */
static struct vcl_launch begin(const struct vcl_dropout *op, const char *kernel,
                               const char *options)
{
    return (struct vcl_launch){
        .source = "dropout.cl",
        .kernel = kernel,
        .options = options,
        .args = {VCL_ARG((int32_t)op->rows), VCL_ARG((int32_t)op->cols), VCL_ARG(op->stream),
                 VCL_ARG(op->p), VCL_ARG(1.0f / (1.0f - op->p)), VCL_ARG(op->step),
                 VCL_ARG(op->ids), VCL_ARG(op->x)},
        .n_args = 8,
    };
}

enum vcl_status vcl_op_dropout_forward(struct vcl_ctx *ctx, const struct vcl_dropout *op,
                                       struct vcl_buf *y, struct vcl_error *err)
{
    struct vcl_launch launch = begin(op, "dropout_forward", "-DACT=act_identity");
    launch.args[launch.n_args++] = VCL_ARG(y);
    vcl_part_size(ctx, &launch, op->rows, op->cols);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_dropout_gradient(struct vcl_ctx *ctx, const struct vcl_dropout *op,
                                        const char *in_activation, struct vcl_buf *dy,
                                        struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", in_activation ? in_activation : "identity");
    struct vcl_launch launch = begin(op, "dropout_gradient", options);
    launch.args[launch.n_args++] = VCL_ARG(dy);
    launch.args[launch.n_args++] = VCL_ARG(dx);
    vcl_part_size(ctx, &launch, op->rows, op->cols);
    return vcl_launch_run(ctx, &launch, err);
}
