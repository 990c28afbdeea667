/* SPDX-License-Identifier: MIT */
#include "nn/node_activation.h"

#include <string.h>

#include "ops/ops.h"

const struct vcl_activation *vcl_node_activation_of(const struct vcl_node *node)
{
    return node->config;
}

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    return vcl_node_output(node, node->in[0]->shape, err);
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    return vcl_op_activation(run->emit, vcl_node_activation_of(node)->name,
                             vcl_value_floats(node->in[0], run), node->in[0]->data,
                             node->out[0]->data, err);
}

/* In place where it can be. */
static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0], *out = node->out[0];
    struct vcl_buf *grad = node->want[0].grad;
    enum vcl_status r;
    if (grad != out->grad)
        TRY(vcl_op_pass_gradient(run->emit, NULL, vcl_value_floats(node->in[0], run), false,
                                 out->grad, out->data, grad, err));
    TRY(vcl_activation_gradient(run->emit, vcl_node_activation_of(node)->name,
                                vcl_value_floats(node->in[0], run), in->data, out->data, grad,
                                err));
out:
    return r;
}

const struct vcl_node_def vcl_node_activation = {
    .name = "activation",
    .config_size = sizeof(struct vcl_activation),
    .is_in_place = true,
    .reads_in = true,
    .reads_out = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};

enum vcl_status vcl_activation_check(const struct vcl_opt *row, const char *value,
                                     struct vcl_error *err)
{
    const struct vcl_activation *found;
    (void)row;
    return vcl_activation_find(value, &found, err);
}

enum vcl_status vcl_graph_activate(struct vcl_graph *graph, const char *node_name,
                                   const char *activation, struct vcl_value *in,
                                   struct vcl_value **ret_out, struct vcl_error *err)
{
    const struct vcl_activation *found;
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_activation_find(activation, &found, err));
    *ret_out = in;
    if (strcmp(found->name, "identity") == 0)
        return VCL_OK;
    TRY(vcl_graph_add(graph, &vcl_node_activation, node_name, found, &in, 1, &node, err));
    *ret_out = node->out[0];
out:
    return r;
}
