/* SPDX-License-Identifier: MIT
 *
 * A convolution along the width of what is one pixel high: series, and tables' columns.
 */
#include "layers.rows.h"
#include "nn/convolution.h"

/* "k4" means 1 x 4. */
static enum vcl_status flatten(struct vcl_opt_pair *pair, int64_t height, const char *name,
                               struct vcl_error *err)
{
    if (pair->height != pair->width)
        return ERR(err, VCL_E_ARG, "conv1d: its %s is one number", name);
    pair->height = height;
    return VCL_OK;
}

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct vcl_conv_config *config = node->config;
    const struct vcl_shape in = node->in[0]->shape;
    enum vcl_status r;
    if (in.height != 1) {
        r = ERR(err, VCL_E_ARG, "conv1d needs a height of 1, its input is %u x %u x %u", in.height,
                in.width, in.channels);
        return vcl_error_hint(err, r, "conv is for pictures");
    }
    TRY(flatten(&config->kernel, 1, "kernel", err));
    TRY(flatten(&config->stride, 1, "stride", err));
    TRY(flatten(&config->pad, 0, "pad", err));
    TRY(vcl_conv_shape(node, err));
out:
    return r;
}

const struct vcl_node_def vcl_layer_conv1d = {
    .name = "conv1d",
    .help = "convolution along the width: conv1d CHANNELS [kK] [sS] [pP] [ACTIVATION]",
    .opts = vcl_conv_options,
    .config_size = sizeof(struct vcl_conv_config),
    .defaults = &vcl_conv_defaults,
    .outputs = VCL_OUTPUTS_CHANNELS,
    .takes = VCL_TAKES_PIXELS,
    .fuses = true,
    .folds_slope = true,
    .adds = true,
    .reads_in = true,
    .shape = shape,
    .forward = vcl_conv_forward,
    .backward = vcl_conv_backward,
};
