/* SPDX-License-Identifier: MIT
 *
 * Dropout: in training each value is zeroed with probability P, the others are multiplied by
 * 1 / (1 - P); in use all stay as they are.
 */
#include <stddef.h>

#include "base/philox.h"
#include "nn/defs.h"
#include "ops/ops.h"

struct dropout {
    double p;
    uint32_t stream;
};

static const struct dropout defaults = {.p = 0.5};

static const struct vcl_opt opts[] = {
    {.key = "p",
     .kind = VCL_OPT_FLOAT,
     .offset = offsetof(struct dropout, p),
     .min = 0,
     .max = 0.99,
     .arg = "P",
     .help = "probability of being dropped"},
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct dropout *dropout = node->config;
    (void)err;
    dropout->stream = VCL_STREAM_NODE + node->params->streams++;
    node->out_shape = node->in_shape;
    return VCL_OK;
}

static struct vcl_dropout operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct dropout *dropout = node->config;
    return (struct vcl_dropout){
        .rows = run->rows,
        .cols = (uint32_t)node->in_size,
        .stream = dropout->stream,
        .p = (float)dropout->p,
        .step = run->step,
        .ids = run->ids,
        .x = node->in,
    };
}

static enum vcl_status forward(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_dropout op = operation(node, run);
    if (!run->training)
        return vcl_op_activation(run->emit, "identity", run->rows * node->in_size, node->in,
                                 node->out, err);
    return vcl_op_dropout_forward(run->emit, &op, node->out, err);
}

static enum vcl_status backward(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct vcl_dropout op = operation(node, run);
    if (!node->din)
        return VCL_OK;
    return vcl_op_dropout_gradient(run->emit, &op, node->in_activation, node->dout, node->din, err);
}

const struct vcl_layer_def vcl_layer_dropout = {
    .name = "dropout",
    .help = "values dropped in training with probability P: dropout P",
    .opts = opts,
    .config_size = sizeof(struct dropout),
    .defaults = &defaults,
    .derives = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
