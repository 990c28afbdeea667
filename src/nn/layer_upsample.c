/* SPDX-License-Identifier: MIT
 *
 * Each pixel becomes a block of F x F of the same value.
 */
#include "layers.rows.h"
#include "nn/pooling.h"

struct upsample {
    struct vcl_pool geometry; /* first, see nn/pool.h */
    int64_t factor;
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
    const struct vcl_shape in = node->in[0]->shape;
    uint32_t factor = (uint32_t)upsample->factor;
    if ((double)node->in[0]->size * factor * factor > 1 << 24)
        return ERR(err, VCL_E_ARG, "upsample %u of %u x %u x %u is too large", factor, in.height,
                   in.width, in.channels);
    const struct vcl_shape out = {in.height * factor, in.width * factor, in.channels};
    upsample->geometry = (struct vcl_pool){
        .kind = VCL_UPSAMPLE,
        .height = in.height,
        .width = in.width,
        .channels = in.channels,
        .out_height = out.height,
        .out_width = out.width,
        .size_h = factor,
        .size_w = factor,
    };
    return vcl_node_output(node, out, err);
}

const struct vcl_node_def vcl_layer_upsample = {
    .name = "upsample",
    .help = "pixels repeated F times along each axis: upsample F",
    .opts = opts,
    .config_size = sizeof(struct upsample),
    .defaults = &defaults,
    .takes = VCL_TAKES_PIXELS,
    .folds_slope = true,
    .shape = shape,
    .forward = vcl_pool_forward,
    .backward = vcl_pool_backward,
};
