/* SPDX-License-Identifier: MIT
 *
 * The same values in another shape. Nothing runs: its output is its input's memory.
 */
#include <stddef.h>

#include "layers.rows.h"
#include "nn/graph.h"

struct reshape {
    int64_t height, width, channels;
};

static const struct reshape defaults = {0};

#define EXTENT(name, letter, what)                                                                 \
    {                                                                                              \
        .key = #name, .kind = VCL_OPT_INT, .offset = offsetof(struct reshape, name), .min = 1,     \
        .max = 1 << 24, .arg = letter, .help = what                                                \
    }

static const struct vcl_opt opts[] = {
    EXTENT(height, "H", "rows of pixels"),
    EXTENT(width, "W", "pixels a row"),
    EXTENT(channels, "C", "channels; what is left unless given"),
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct reshape *to = node->config;
    const struct vcl_shape in = node->in[0]->shape;
    if (to->height == 0 || to->width == 0)
        return ERR(err, VCL_E_ARG, "reshape needs height and width, as in \"reshape 7 7 64\"");
    double pixels = (double)to->height * (double)to->width, size = (double)node->in[0]->size;
    if (to->channels == 0 && pixels <= size)
        to->channels = (int64_t)(size / pixels);
    if (pixels * (double)to->channels != size) {
        enum vcl_status r =
            ERR(err, VCL_E_ARG,
                "reshape: %lld x %lld x %lld are %.0f values, its input %u x %u x %u has %zu",
                (long long)to->height, (long long)to->width, (long long)to->channels,
                pixels * (double)to->channels, in.height, in.width, in.channels, node->in[0]->size);
        return vcl_error_hint(err, r, "a layer \"dense %.0f\" before it makes so many",
                              pixels * (double)(to->channels ? to->channels : 1));
    }
    return vcl_node_output(
        node, (struct vcl_shape){(uint32_t)to->height, (uint32_t)to->width, (uint32_t)to->channels},
        err);
}

const struct vcl_node_def vcl_layer_reshape = {
    .name = "reshape",
    .help = "the same values as height x width x channels: reshape H W [C]",
    .opts = opts,
    .config_size = sizeof(struct reshape),
    .defaults = &defaults,
    .takes = VCL_TAKES_VALUES,
    .is_alias = true,
    .shape = shape,
};
