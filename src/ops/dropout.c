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
        VCL_ARGS((int32_t)op->rows, (int32_t)op->cols, (int32_t)op->repeat, op->stream, op->p,
                 1.0f / (1.0f - op->p), op->step, op->ids, op->x),
    };
}

enum vcl_status vcl_op_dropout_forward(const struct vcl_emit *emit, const struct vcl_dropout *op,
                                       struct vcl_buf *y, struct vcl_error *err)
{
    struct vcl_launch launch = begin(op, "dropout_forward", "-DACT=act_identity");
    vcl_arg_add(&launch, VCL_ARG(y));
    vcl_part_size(emit->ctx, &launch, op->rows, op->cols);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_dropout_gradient(const struct vcl_emit *emit, const struct vcl_dropout *op,
                                        const char *in_activation, struct vcl_buf *dy,
                                        struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", in_activation ? in_activation : "identity");
    struct vcl_launch launch = begin(op, "dropout_gradient", options);
    vcl_arg_add(&launch, VCL_ARG(dy));
    vcl_arg_add(&launch, VCL_ARG(dx));
    vcl_part_size(emit->ctx, &launch, op->rows, op->cols);
    return vcl_emit_launch(emit, &launch, err);
}
