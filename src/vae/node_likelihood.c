/* SPDX-License-Identifier: MIT */
#include "vae/node_likelihood.h"

#include <stdio.h>

#include "ops/ops.h"

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    enum vcl_status r = vcl_node_output(node, (struct vcl_shape){1, 1, 1}, err);
    if (r == VCL_OK)
        snprintf(node->out[0]->name, sizeof node->out[0]->name, "the reconstruction loss");
    return r;
}

static struct vcl_likelihood_op operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_node_likelihood *config = node->config;
    const struct vcl_value *x = node->in[0], *y = node->in[1], *out = node->out[0];
    return (struct vcl_likelihood_op){
        .name = config->form.formula,
        .parameter = config->form.constant,
        .rows = vcl_value_rows(y, run),
        .cols = (uint32_t)y->size,
        .repeat = y->repeat / x->repeat,
        .weight = out->term ? out->term->weight : 0,
        .x = x->data,
        .y = y->data,
        .loss = out->data,
    };
}

/* In training with the gradient, which costs little more, if a row's weight is known already. */
static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    struct vcl_likelihood_op op = operation(node, run);
    if (run->training && node->is_early)
        op.dy = node->want[1].grad;
    return vcl_op_likelihood(run->emit, &op, err);
}

/* Where the weights come from elsewhere: importance weights, for instance. */
static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    struct vcl_likelihood_op op = operation(node, run);
    if (node->is_early)
        return VCL_OK;
    op.weights = node->out[0]->grad;
    op.dy = node->want[1].grad;
    return vcl_op_likelihood(run->emit, &op, err);
}

const struct vcl_node_def vcl_node_likelihood = {
    .name = "likelihood",
    .config_size = sizeof(struct vcl_node_likelihood),
    .weighs = true,
    .early = true,
    .reads_in = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
