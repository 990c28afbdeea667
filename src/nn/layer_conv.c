/* SPDX-License-Identifier: MIT
 *
 * A 2-D convolution with bias and activation.
 */
#include "layers.rows.h"
#include "nn/convolution.h"

const struct vcl_node_def vcl_layer_conv = {
    .name = "conv",
    .help = "convolution: conv CHANNELS [kK] [sS] [pP] [ACTIVATION]",
    .opts = vcl_conv_options,
    .config_size = sizeof(struct vcl_conv_config),
    .defaults = &vcl_conv_defaults,
    .outputs = VCL_OUTPUTS_CHANNELS,
    .takes = VCL_TAKES_PIXELS,
    .fuses = true,
    .folds_slope = true,
    .adds = true,
    .reads_in = true,
    .shape = vcl_conv_shape,
    .forward = vcl_conv_forward,
    .backward = vcl_conv_backward,
};
