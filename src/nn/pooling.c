/* SPDX-License-Identifier: MIT */
#include "nn/pooling.h"

enum { MOST = 4096 };

const struct vcl_pool_config vcl_pool_defaults = {.size = {2, 2}, .stride = {-1, -1}};

const struct vcl_opt vcl_pool_options[] = {
    {.key = "size",
     .kind = VCL_OPT_PAIR,
     .offset = offsetof(struct vcl_pool_config, size),
     .min = 1,
     .max = MOST,
     .letter = 'k',
     .arg = "kK",
     .help = "windows of K x K pixels, or 1 x K where the height is 1; 2 unless given"},
    {.key = "stride",
     .kind = VCL_OPT_PAIR,
     .offset = offsetof(struct vcl_pool_config, stride),
     .min = 1,
     .max = MOST,
     .letter = 's',
     .arg = "sS",
     .help = "pixels from one window to the next; K unless given"},
    {0},
};

enum vcl_status vcl_pool_shape(struct vcl_node *node, enum vcl_pooling kind, struct vcl_error *err)
{
    struct vcl_pool_config *config = node->config;
    const struct vcl_shape in = node->in[0]->shape;
    struct vcl_opt_pair size = config->size, stride = config->stride;
    if (stride.height < 0)
        stride = size;
    if (in.height == 1)
        size.height = stride.height = 1;
    if (size.height > in.height || size.width > in.width)
        return ERR(err, VCL_E_ARG, "%s: a window of %u x %u does not fit %u x %u pixels",
                   node->def->name, (unsigned)size.height, (unsigned)size.width, in.height,
                   in.width);
    config->geometry = (struct vcl_pool){
        .kind = kind,
        .height = in.height,
        .width = in.width,
        .channels = in.channels,
        .out_height = (in.height - (uint32_t)size.height) / (uint32_t)stride.height + 1,
        .out_width = (in.width - (uint32_t)size.width) / (uint32_t)stride.width + 1,
        .size_h = (uint32_t)size.height,
        .size_w = (uint32_t)size.width,
        .stride_h = (uint32_t)stride.height,
        .stride_w = (uint32_t)stride.width,
    };
    return vcl_node_output(
        node,
        (struct vcl_shape){config->geometry.out_height, config->geometry.out_width, in.channels},
        err);
}

static struct vcl_pool operation(const struct vcl_node *node, const struct vcl_run *run)
{
    struct vcl_pool op = *(const struct vcl_pool *)node->config;
    op.batch = vcl_value_rows(node->in[0], run);
    op.x = node->in[0]->data;
    op.y = node->out[0]->data;
    return op;
}

enum vcl_status vcl_pool_forward(const struct vcl_node *node, const struct vcl_run *run,
                                 struct vcl_error *err)
{
    const struct vcl_pool op = operation(node, run);
    return vcl_op_pool_forward(run->emit, &op, err);
}

enum vcl_status vcl_pool_backward(const struct vcl_node *node, const struct vcl_run *run,
                                  struct vcl_error *err)
{
    const struct vcl_pool op = operation(node, run);
    const struct vcl_want *want = &node->want[0];
    if (!want->grad)
        return VCL_OK;
    return vcl_op_pool_gradient(run->emit, &op, want->slope, node->out[0]->grad, want->grad, err);
}
