/* SPDX-License-Identifier: MIT
 *
 * Dropout: in training each value is zeroed with probability P, the others are multiplied by
 * 1 / (1 - P); in use all stay as they are.
 */
#include <stddef.h>

#include "base/philox.h"
#include "layers.rows.h"
#include "nn/graph.h"
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
    dropout->stream = VCL_STREAM_NODE + node->graph->streams++;
    return vcl_node_output(node, node->in[0]->shape, err);
}

static struct vcl_dropout operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct dropout *dropout = node->config;
    return (struct vcl_dropout){
        .rows = vcl_value_rows(node->in[0], run),
        .cols = (uint32_t)node->in[0]->size,
        .repeat = node->in[0]->repeat,
        .stream = dropout->stream,
        .p = (float)dropout->p,
        .step = run->step,
        .ids = run->ids,
        .x = node->in[0]->data,
    };
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_dropout op = operation(node, run);
    struct vcl_buf *out = node->out[0]->data;
    if (!run->training)
        return vcl_op_activation(run->emit, "identity", (size_t)op.rows * op.cols, op.x, out, err);
    return vcl_op_dropout_forward(run->emit, &op, out, err);
}

static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct vcl_dropout op = operation(node, run);
    const struct vcl_want *want = &node->want[0];
    if (!want->grad)
        return VCL_OK;
    return vcl_op_dropout_gradient(run->emit, &op, want->slope, node->out[0]->grad, want->grad,
                                   err);
}

const struct vcl_node_def vcl_layer_dropout = {
    .name = "dropout",
    .help = "values dropped in training with probability P: dropout P",
    .opts = opts,
    .config_size = sizeof(struct dropout),
    .defaults = &defaults,
    .folds_slope = true,
    .of_examples = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
