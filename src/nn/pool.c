/* SPDX-License-Identifier: MIT */
#include "nn/pool.h"

#include "base/str.h"

enum { MOST = 4096 };

const struct vcl_pool_config vcl_pool_defaults = {.size_word = NULL, .stride_word = NULL};

const struct vcl_opt vcl_pool_options[] = {
    {.key = "size",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct vcl_pool_config, size_word),
     .arg = "kK",
     .help = "windows of K x K pixels; 1 x K where the height is 1"},
    {.key = "stride",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct vcl_pool_config, stride_word),
     .arg = "sS",
     .help = "pixels from one window to the next; K unless given"},
    {0},
};

/* "k3", or just "3". */
static enum vcl_status read_word(const char *word, char letter, const char *name,
                                 uint32_t *ret_number, struct vcl_error *err)
{
    int64_t number;
    if (!vcl_parse_i64(word + (*word == letter), &number) || number < 1 || number > MOST)
        return ERR(err, VCL_E_ARG, "%s: '%s' is not a number from 1 to %d, as in \"%c2\"", name,
                   word, MOST, letter);
    *ret_number = (uint32_t)number;
    return VCL_OK;
}

enum vcl_status vcl_pool_shape(struct vcl_node *node, enum vcl_pooling kind, struct vcl_error *err)
{
    struct vcl_pool_config *config = node->config;
    const struct vcl_shape in = node->in_shape;
    const char *name = node->def->name;
    uint32_t size = 0, stride;
    enum vcl_status r;
    if (!config->size_word)
        FAIL(err, VCL_E_ARG, "%s needs its window's size, as in \"%s 2\"", name, name);
    TRY(read_word(config->size_word, 'k', name, &size, err));
    stride = size;
    if (config->stride_word)
        TRY(read_word(config->stride_word, 's', name, &stride, err));
    bool is_line = in.height == 1;
    if ((!is_line && size > in.height) || size > in.width)
        FAIL(err, VCL_E_ARG, "%s: a window of %u does not fit %u x %u pixels", name, size,
             in.height, in.width);
    node->out_shape = (struct vcl_shape){is_line ? 1 : (in.height - size) / stride + 1,
                                         (in.width - size) / stride + 1, in.channels};
    config->geometry = (struct vcl_pool){
        .kind = kind,
        .height = in.height,
        .width = in.width,
        .channels = in.channels,
        .out_height = node->out_shape.height,
        .out_width = node->out_shape.width,
        .size_h = is_line ? 1 : size,
        .size_w = size,
        .stride_h = is_line ? 1 : stride,
        .stride_w = stride,
    };
out:
    return r;
}

enum vcl_status vcl_pool_forward(const struct vcl_node *node, const struct vcl_run *run,
                                 struct vcl_pool op, struct vcl_error *err)
{
    op.batch = run->rows;
    op.x = node->in;
    op.y = node->out;
    return vcl_op_pool_forward(run->ctx, &op, err);
}

enum vcl_status vcl_pool_backward(const struct vcl_node *node, const struct vcl_run *run,
                                  struct vcl_pool op, struct vcl_error *err)
{
    if (!node->din)
        return VCL_OK;
    op.batch = run->rows;
    op.x = node->in;
    op.y = node->out;
    return vcl_op_pool_gradient(run->ctx, &op, node->in_activation, node->dout, node->din, err);
}
