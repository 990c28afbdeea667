/* SPDX-License-Identifier: MIT
 *
 * The mean of each window of pixels, channel by channel.
 */
#include "layers.rows.h"
#include "nn/pooling.h"

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    return vcl_pool_shape(node, VCL_AVG_POOL, err);
}

const struct vcl_node_def vcl_layer_avgpool = {
    .name = "avgpool",
    .help = "mean of windows of K x K pixels: avgpool [kK] [sS]",
    .opts = vcl_pool_options,
    .config_size = sizeof(struct vcl_pool_config),
    .defaults = &vcl_pool_defaults,
    .takes = VCL_TAKES_PIXELS,
    .folds_slope = true,
    .shape = shape,
    .forward = vcl_pool_forward,
    .backward = vcl_pool_backward,
};
