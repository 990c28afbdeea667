/* SPDX-License-Identifier: MIT */
#include "vae/node_scaled.h"

#include <stdio.h>

#include "gemm/gemm.h"
#include "ops/ops.h"

/* A layer that works on pixels makes mean and log sigma^2 of each; another all means first. */
static uint32_t channels_of(const struct vcl_value *y, struct vcl_shape data)
{
    bool pixels = y->shape.height == data.height && y->shape.width == data.width &&
                  y->shape.channels == 2 * data.channels;
    return pixels ? data.channels : (uint32_t)vcl_shape_size(data);
}

/* ---- the likelihood ---- */

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_value *y = node->in[1];
    enum vcl_status r = vcl_node_output(node, (struct vcl_shape){1, 1, 1}, err);
    if (r < 0)
        return r;
    node->out[0]->repeat = y->repeat;
    node->out[0]->fixed = y->fixed;
    snprintf(node->out[0]->name, sizeof node->out[0]->name, "the reconstruction loss");
    node->saved_row_floats = node->n_in > 2 ? y->repeat : 0; /* parts of the shared gradient */
    return VCL_OK;
}

static struct vcl_scaled_op operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_value *x = node->in[0], *y = node->in[1], *out = node->out[0];
    return (struct vcl_scaled_op){
        .rows = vcl_value_rows(y, run),
        .cols = (uint32_t)x->size,
        .repeat = y->repeat / x->repeat,
        .channels = channels_of(y, x->shape),
        .weight = out->term ? out->term->weight : 0,
        .x = x->data,
        .y = y->data,
        .loss = out->data,
        .shared = node->n_in > 2 ? node->in[2]->data : NULL,
    };
}

static enum vcl_status with_gradients(const struct vcl_node *node, const struct vcl_run *run,
                                      struct vcl_scaled_op *op, struct vcl_error *err)
{
    enum vcl_status r;
    op->dy = node->want[1].grad;
    op->dshared = node->saved;
    TRY(vcl_op_gaussian_scaled(run->emit, op, err));
    if (op->shared)
        TRY(vcl_column_sums(run->emit, op->rows, 1, false, op->dshared, node->want[2].grad, err));
out:
    return r;
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    struct vcl_scaled_op op = operation(node, run);
    if (run->training && node->is_early)
        return with_gradients(node, run, &op, err);
    return vcl_op_gaussian_scaled(run->emit, &op, err);
}

static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    struct vcl_scaled_op op = operation(node, run);
    if (node->is_early)
        return VCL_OK;
    op.weights = node->out[0]->grad;
    return with_gradients(node, run, &op, err);
}

const struct vcl_node_def vcl_node_scaled = {
    .name = "scaled likelihood",
    .weighs = true,
    .early = true,
    .reads_in = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

/* ---- its mean ---- */

static enum vcl_status mean_shape(struct vcl_node *node, struct vcl_error *err)
{
    return vcl_node_output(node, *(const struct vcl_shape *)node->config, err);
}

static enum vcl_status mean(const struct vcl_node *node, const struct vcl_run *run,
                            struct vcl_error *err)
{
    const struct vcl_value *y = node->in[0], *out = node->out[0];
    return vcl_op_scaled_mean(run->emit, vcl_value_rows(y, run), (uint32_t)out->size,
                              channels_of(y, out->shape), y->data, out->data, err);
}

static const struct vcl_node_def scaled_mean = {
    .name = "scaled mean",
    .config_size = sizeof(struct vcl_shape),
    .shape = mean_shape,
    .forward = mean,
};

enum vcl_status vcl_graph_scaled_mean(struct vcl_graph *graph, struct vcl_value *y,
                                      struct vcl_shape data, struct vcl_value **ret_mean,
                                      struct vcl_error *err)
{
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(graph, &scaled_mean, "mean", &data, &y, 1, &node, err));
    *ret_mean = node->out[0];
out:
    return r;
}
