/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ops/ops.h"

static const struct {
    const char *forward, *gradient;
} kernels[] = {
    [VCL_MAX_POOL] = {"max_pool", "max_pool_gradient"},
    [VCL_AVG_POOL] = {"avg_pool", "avg_pool_gradient"},
    [VCL_UPSAMPLE] = {"upsample_nearest", "upsample_nearest_gradient"},
};

/* What all kernels begin with: the geometry, and x. */
static struct vcl_launch begin(const struct vcl_pool *op, const char *kernel, const char *options)
{
    const uint32_t geometry[] = {op->batch,      op->height,    op->width,  op->channels,
                                 op->out_height, op->out_width, op->size_h, op->size_w,
                                 op->stride_h,   op->stride_w};
    struct vcl_launch launch = {.source = "pool.cl", .kernel = kernel, .options = options};
    for (size_t i = 0; i < sizeof geometry / sizeof *geometry; i++)
        vcl_arg_add(&launch, VCL_ARG((int32_t)geometry[i]));
    if (op->kind == VCL_AVG_POOL)
        vcl_arg_add(&launch, VCL_ARG(1.0f / (float)(op->size_h * op->size_w)));
    vcl_arg_add(&launch, VCL_ARG(op->x));
    return launch;
}

enum vcl_status vcl_op_pool_forward(const struct vcl_emit *emit, const struct vcl_pool *op,
                                    struct vcl_error *err)
{
    struct vcl_launch launch = begin(op, kernels[op->kind].forward, "-DACT=act_identity");
    vcl_arg_add(&launch, VCL_ARG(op->y));
    vcl_part_size(emit->ctx, &launch, (size_t)op->batch * op->out_height * op->out_width,
                  op->channels);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_pool_gradient(const struct vcl_emit *emit, const struct vcl_pool *op,
                                     const char *in_activation, struct vcl_buf *dy,
                                     struct vcl_buf *dx, struct vcl_error *err)
{
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s", in_activation ? in_activation : "identity");
    struct vcl_launch launch = begin(op, kernels[op->kind].gradient, options);
    if (op->kind == VCL_MAX_POOL)
        vcl_arg_add(&launch, VCL_ARG(op->y));
    vcl_arg_add(&launch, VCL_ARG(dy));
    vcl_arg_add(&launch, VCL_ARG(dx));
    vcl_part_size(emit->ctx, &launch, (size_t)op->batch * op->height * op->width, op->channels);
    return vcl_emit_launch(emit, &launch, err);
}
