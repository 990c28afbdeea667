/* SPDX-License-Identifier: MIT
 *
 * The largest of each window of pixels, channel by channel.
 */
#include "layers.rows.h"
#include "nn/pooling.h"

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    return vcl_pool_shape(node, VCL_MAX_POOL, err);
}

const struct vcl_node_def vcl_layer_maxpool = {
    .name = "maxpool",
    .help = "largest of windows of K x K pixels: maxpool [kK] [sS]",
    .opts = vcl_pool_options,
    .config_size = sizeof(struct vcl_pool_config),
    .defaults = &vcl_pool_defaults,
    .takes = VCL_TAKES_PIXELS,
    .folds_slope = true,
    .reads_in = true,
    .reads_out = true,
    .shape = shape,
    .forward = vcl_pool_forward,
    .backward = vcl_pool_backward,
};
