/* SPDX-License-Identifier: MIT
 *
 * Each pixel becomes a block of F x F of the same value.
 */
#include "nn/defs.h"
#include "nn/pool.h"

struct upsample {
    int64_t factor;
    struct vcl_pool geometry;
};

static const struct upsample defaults = {.factor = 2};

static const struct vcl_opt opts[] = {
    {.key = "factor",
     .kind = VCL_OPT_INT,
     .offset = offsetof(struct upsample, factor),
     .min = 1,
     .max = 64,
     .arg = "F",
     .help = "how often a pixel is repeated along each axis"},
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct upsample *upsample = node->config;
    const struct vcl_shape in = node->in_shape;
    uint32_t factor = (uint32_t)upsample->factor;
    if ((double)node->in_size * factor * factor > 1 << 24)
        return ERR(err, VCL_E_ARG, "upsample %u of %u x %u x %u is too large", factor, in.height,
                   in.width, in.channels);
    node->out_shape = (struct vcl_shape){in.height * factor, in.width * factor, in.channels};
    upsample->geometry = (struct vcl_pool){
        .kind = VCL_UPSAMPLE,
        .height = in.height,
        .width = in.width,
        .channels = in.channels,
        .out_height = node->out_shape.height,
        .out_width = node->out_shape.width,
        .size_h = factor,
        .size_w = factor,
    };
    return VCL_OK;
}

static enum vcl_status forward(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct upsample *upsample = node->config;
    return vcl_pool_forward(node, run, upsample->geometry, err);
}

static enum vcl_status backward(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct upsample *upsample = node->config;
    return vcl_pool_backward(node, run, upsample->geometry, err);
}

const struct vcl_layer_def vcl_layer_upsample = {
    .name = "upsample",
    .help = "pixels repeated F times along each axis: upsample F",
    .opts = opts,
    .config_size = sizeof(struct upsample),
    .defaults = &defaults,
    .derives = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
