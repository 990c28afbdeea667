/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation: the values of each example to mean 0 and variance 1, then each times its
 * gamma plus its beta. Examples do not see each other, so training and use are the same.
 */
#include <stddef.h>
#include <stdio.h>

#include "nn/defs.h"
#include "ops/ops.h"

struct layernorm {
    const char *activation;
    double eps;
};

enum { GAMMA, BETA };

static const struct layernorm defaults = {.activation = "identity", .eps = 1e-5};

static const struct vcl_opt opts[] = {
    {.key = "activation",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct layernorm, activation),
     .arg = "NAME",
     .help = VCL_ACTIVATIONS_HELP},
    {.key = "eps",
     .kind = VCL_OPT_FLOAT,
     .offset = offsetof(struct layernorm, eps),
     .min = 1e-12,
     .max = 1,
     .arg = "F",
     .help = "added to the variance"},
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct layernorm *config = node->config;
    char name[80];
    enum vcl_status r;
    TRY(vcl_node_activation(node, &config->activation, err));
    node->out_shape = node->in_shape;
    node->row_work = VCL_LAYERNORM_KEPT;
    snprintf(name, sizeof name, "%s.weight", node->name);
    TRY(vcl_params_add_vector(node->params, name, (uint32_t)node->in_size, 1, false,
                              &node->param[GAMMA], err));
    snprintf(name, sizeof name, "%s.bias", node->name);
    TRY(vcl_params_add_vector(node->params, name, (uint32_t)node->in_size, 0, false,
                              &node->param[BETA], err));
out:
    return r;
}

static struct vcl_layernorm operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct layernorm *config = node->config;
    return (struct vcl_layernorm){
        .rows = run->rows,
        .cols = (uint32_t)node->in_size,
        .eps = (float)config->eps,
        .x = node->in,
        .gamma = vcl_node_param(node, GAMMA)->value,
        .beta = vcl_node_param(node, BETA)->value,
        .kept = node->kept,
    };
}

static enum vcl_status forward(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct layernorm *config = node->config;
    const struct vcl_layernorm op = operation(node, run);
    enum vcl_status r;
    TRY(vcl_op_layernorm_forward(run->emit, &op, vcl_node_fused(node, config->activation),
                                 vcl_node_target(node), err));
    TRY(vcl_node_activate(node, run, config->activation, err));
out:
    return r;
}

static enum vcl_status backward(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct layernorm *config = node->config;
    const struct vcl_layernorm op = operation(node, run);
    struct vcl_param *gamma = vcl_node_param(node, GAMMA), *beta = vcl_node_param(node, BETA);
    enum vcl_status r;
    TRY(vcl_node_derive(node, run, config->activation, err));
    TRY(vcl_op_layernorm_parameters(run->emit, &op, gamma->gradient_written, node->dout,
                                    gamma->gradient, beta->gradient, err));
    gamma->gradient_written = beta->gradient_written = true;
    if (node->din)
        TRY(vcl_op_layernorm_gradient(run->emit, &op, node->in_activation, node->dout, node->din,
                                      err));
out:
    return r;
}

const struct vcl_layer_def vcl_layer_layernorm = {
    .name = "layernorm",
    .help = "normalisation of each example's values: layernorm [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct layernorm),
    .defaults = &defaults,
    .derives = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
