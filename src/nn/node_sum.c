/* SPDX-License-Identifier: MIT */
#include "nn/node_sum.h"

#include <string.h>

#include "ops/ops.h"

static enum vcl_status like_input(struct vcl_node *node, struct vcl_error *err)
{
    return vcl_node_output(node, node->in[0]->shape, err);
}

/* ---- sum ---- */

static enum vcl_status sum(const struct vcl_node *node, const struct vcl_run *run,
                           struct vcl_error *err)
{
    const struct vcl_node_sum *config = node->config;
    struct vcl_buf *in[VCL_NODE_INPUTS];
    for (uint32_t i = 0; i < node->n_in; i++)
        in[i] = node->in[i]->data;
    return vcl_op_weighted_sum(run->emit, vcl_value_floats(node->out[0], run), node->n_in,
                               config->factors, in, node->out[0]->data, err);
}

static enum vcl_status sum_backward(const struct vcl_node *node, const struct vcl_run *run,
                                    struct vcl_error *err)
{
    const struct vcl_node_sum *config = node->config;
    enum vcl_status r = VCL_OK;
    for (uint32_t i = node->n_in; i-- > 0;) {
        if (node->want[i].grad)
            TRY(vcl_op_weighted_gradient(run->emit, vcl_value_floats(node->out[0], run),
                                         config->factors[i], node->want[i].adds, node->out[0]->grad,
                                         node->want[i].grad, err));
    }
out:
    return r;
}

const struct vcl_node_def vcl_node_sum = {
    .name = "sum",
    .config_size = sizeof(struct vcl_node_sum),
    .adds = true,
    .shape = like_input,
    .forward = sum,
    .backward = sum_backward,
};

enum vcl_status vcl_graph_sum(struct vcl_graph *graph, const char *name, uint32_t count,
                              struct vcl_value *const *in, const float *factors,
                              struct vcl_value **ret_sum, struct vcl_error *err)
{
    struct vcl_node_sum config = {{0}};
    struct vcl_node *node;
    enum vcl_status r;
    memcpy(config.factors, factors, count * sizeof *factors);
    TRY(vcl_graph_add(graph, &vcl_node_sum, name, &config, in, count, &node, err));
    *ret_sum = node->out[0];
out:
    return r;
}

/* ---- stop ---- */

const struct vcl_node_def vcl_node_stop = {.name = "stop", .is_alias = true, .shape = like_input};

enum vcl_status vcl_graph_stop(struct vcl_graph *graph, struct vcl_value *in,
                               struct vcl_value **ret_out, struct vcl_error *err)
{
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(graph, &vcl_node_stop, in->name, NULL, &in, 1, &node, err));
    *ret_out = node->out[0];
    (*ret_out)->is_cut = true;
out:
    return r;
}

/* ---- scaled gradient ---- */

static enum vcl_status copy(const struct vcl_node *node, const struct vcl_run *run,
                            struct vcl_error *err)
{
    return vcl_op_activation(run->emit, "identity", vcl_value_floats(node->in[0], run),
                             node->in[0]->data, node->out[0]->data, err);
}

static enum vcl_status scale_gradient(const struct vcl_node *node, const struct vcl_run *run,
                                      struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0];
    return vcl_op_scale_rows(run->emit, vcl_value_rows(in, run), (uint32_t)in->size,
                             node->want[0].adds, node->later->data, node->out[0]->grad,
                             node->want[0].grad, err);
}

const struct vcl_node_def vcl_node_scaled_gradient = {
    .name = "scaled gradient",
    .adds = true,
    .shape = like_input,
    .forward = copy,
    .backward = scale_gradient,
};

enum vcl_status vcl_graph_scaled_gradient(struct vcl_graph *graph, struct vcl_value *in,
                                          struct vcl_value ***ret_scale, struct vcl_value **ret_out,
                                          struct vcl_error *err)
{
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(graph, &vcl_node_scaled_gradient, in->name, NULL, &in, 1, &node, err));
    *ret_out = node->out[0];
    *ret_scale = &node->later;
out:
    return r;
}
