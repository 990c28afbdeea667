/* SPDX-License-Identifier: MIT */
#include "vae/node_density.h"

#include <stdio.h>

#include "ops/ops.h"

/* ---- log N(z; mu, sigma^2) ---- */

static enum vcl_status normal_shape(struct vcl_node *node, struct vcl_error *err)
{
    enum vcl_status r = vcl_node_output(node, (struct vcl_shape){1, 1, 1}, err);
    if (r == VCL_OK)
        node->out[0]->repeat = node->in[0]->repeat;
    return r;
}

static struct vcl_log_normal operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_value *z = node->in[0], *heads = node->n_in > 1 ? node->in[1] : NULL;
    return (struct vcl_log_normal){
        .rows = vcl_value_rows(z, run),
        .dim = (uint32_t)z->size,
        .repeat = heads ? z->repeat / heads->repeat : 1,
        .z = z->data,
        .heads = heads ? heads->data : NULL,
    };
}

static enum vcl_status normal(const struct vcl_node *node, const struct vcl_run *run,
                              struct vcl_error *err)
{
    const struct vcl_log_normal op = operation(node, run);
    return vcl_op_log_normal(run->emit, &op, node->out[0]->data, err);
}

static enum vcl_status normal_backward(const struct vcl_node *node, const struct vcl_run *run,
                                       struct vcl_error *err)
{
    const struct vcl_log_normal op = operation(node, run);
    const struct vcl_want *z = &node->want[0], *heads = &node->want[1];
    struct vcl_buf *dlog_p = node->out[0]->grad;
    enum vcl_status r = VCL_OK;
    if (heads->grad)
        TRY(vcl_op_log_normal_dheads(run->emit, &op, heads->adds, dlog_p, heads->grad, err));
    if (z->grad)
        TRY(vcl_op_log_normal_dz(run->emit, &op, z->adds, dlog_p, z->grad, err));
out:
    return r;
}

const struct vcl_node_def vcl_node_log_normal = {
    .name = "log normal",
    .adds = true,
    .reads_in = true,
    .shape = normal_shape,
    .forward = normal,
    .backward = normal_backward,
};

enum vcl_status vcl_graph_log_normal(struct vcl_graph *graph, const char *name,
                                     struct vcl_value *heads, struct vcl_value *z,
                                     struct vcl_value **ret_log_p, struct vcl_error *err)
{
    struct vcl_value *const in[] = {z, heads};
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(graph, &vcl_node_log_normal, name, NULL, in, heads ? 2 : 1, &node, err));
    *ret_log_p = node->out[0];
out:
    return r;
}

/* ---- components of a mixture ---- */

static enum vcl_status components_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_value *z = node->in[0], *heads = node->in[1];
    enum vcl_status r = vcl_node_output(node, (struct vcl_shape){1, heads->fixed, 1}, err);
    if (r == VCL_OK) {
        node->out[0]->repeat = z->repeat;
        node->out[0]->fixed = z->fixed;
    }
    return r;
}

static struct vcl_mixture mixture(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_value *z = node->in[0], *heads = node->in[1];
    return (struct vcl_mixture){
        .rows = vcl_value_rows(z, run),
        .dim = (uint32_t)z->size,
        .count = heads->fixed,
        .z = z->data,
        .heads = heads->data,
    };
}

static enum vcl_status components(const struct vcl_node *node, const struct vcl_run *run,
                                  struct vcl_error *err)
{
    const struct vcl_mixture op = mixture(node, run);
    return vcl_op_log_components(run->emit, &op, node->out[0]->data, err);
}

static enum vcl_status components_backward(const struct vcl_node *node, const struct vcl_run *run,
                                           struct vcl_error *err)
{
    const struct vcl_mixture op = mixture(node, run);
    const struct vcl_want *z = &node->want[0], *heads = &node->want[1];
    struct vcl_buf *dlog_p = node->out[0]->grad;
    enum vcl_status r = VCL_OK;
    if (heads->grad)
        TRY(vcl_op_log_components_dheads(run->emit, &op, heads->adds, dlog_p, heads->grad, err));
    if (z->grad)
        TRY(vcl_op_log_components_dz(run->emit, &op, z->adds, dlog_p, z->grad, err));
out:
    return r;
}

const struct vcl_node_def vcl_node_log_components = {
    .name = "log components",
    .adds = true,
    .reads_in = true,
    .shape = components_shape,
    .forward = components,
    .backward = components_backward,
};

/* ---- log of a mean ---- */

static bool is_over_rows(const struct vcl_node *node)
{
    const struct vcl_node_log_mean_exp *config = node->config;
    return config->over_rows;
}

static uint32_t terms_of(const struct vcl_node *node)
{
    return is_over_rows(node) ? node->in[0]->repeat : (uint32_t)node->in[0]->size;
}

static enum vcl_status mean_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0];
    enum vcl_status r;
    TRY(vcl_node_output(node, (struct vcl_shape){1, 1, 1}, err));
    TRY(vcl_node_output(node, in->shape, err));
    if (is_over_rows(node))
        node->out[0]->repeat = 1;
    snprintf(node->out[1]->name, sizeof node->out[1]->name, "shares");
out:
    return r;
}

static enum vcl_status mean(const struct vcl_node *node, const struct vcl_run *run,
                            struct vcl_error *err)
{
    return vcl_op_log_mean_exp(run->emit, vcl_value_rows(node->out[0], run), terms_of(node),
                               node->in[0]->data, node->out[0]->data, node->out[1]->data, err);
}

static enum vcl_status mean_backward(const struct vcl_node *node, const struct vcl_run *run,
                                     struct vcl_error *err)
{
    return vcl_op_share_gradient(run->emit, vcl_value_rows(node->out[0], run), terms_of(node),
                                 node->want[0].adds, node->out[0]->grad, node->out[1]->data,
                                 node->want[0].grad, err);
}

const struct vcl_node_def vcl_node_log_mean_exp = {
    .name = "log mean exp",
    .config_size = sizeof(struct vcl_node_log_mean_exp),
    .adds = true,
    .reads_out = true,
    .shape = mean_shape,
    .forward = mean,
    .backward = mean_backward,
};
