/* SPDX-License-Identifier: MIT
 *
 * A transposed 2-D convolution with bias and activation: forward is a convolution's gradient.
 */
#include "layers.rows.h"
#include "nn/convolution.h"

const struct vcl_node_def vcl_layer_deconv = {
    .name = "deconv",
    .help = "transposed convolution: deconv CHANNELS [kK] [sS] [pP] [oO] [ACTIVATION]",
    .opts = vcl_deconv_options,
    .config_size = sizeof(struct vcl_conv_config),
    .defaults = &vcl_conv_defaults,
    .outputs = VCL_OUTPUTS_CHANNELS,
    .takes = VCL_TAKES_PIXELS,
    .fuses = true,
    .folds_slope = true,
    .adds = true,
    .reads_in = true,
    .shape = vcl_deconv_shape,
    .forward = vcl_deconv_forward,
    .backward = vcl_deconv_backward,
};
