/* SPDX-License-Identifier: MIT
 *
 * Layer normalisation: the values of each example to mean 0 and variance 1, then each times its
 * gamma plus its beta. Examples do not see each other, so training and use are the same.
 */
#include <stddef.h>

#include "layers.rows.h"
#include "nn/node_activation.h"
#include "ops/ops.h"

struct layernorm {
    const char *activation;
    double eps;
};

enum { GAMMA, BETA };

static const struct layernorm defaults = {.activation = "identity", .eps = 1e-5};

static const struct vcl_opt opts[] = {
    VCL_ACTIVATION_OPTION(struct layernorm, activation),
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
    const uint32_t size = (uint32_t)node->in[0]->size;
    enum vcl_status r;
    node->saved_row_floats = VCL_LAYERNORM_KEPT;
    TRY(vcl_node_declare(node, GAMMA, "weight", vcl_param_vector(size, 1, 0), err));
    TRY(vcl_node_declare(node, BETA, "bias", vcl_param_vector(size, 0, 0), err));
    TRY(vcl_node_output(node, node->in[0]->shape, err));
out:
    return r;
}

static struct vcl_layernorm operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct layernorm *config = node->config;
    const struct vcl_value *in = node->in[0];
    return (struct vcl_layernorm){
        .rows = vcl_value_rows(in, run),
        .cols = (uint32_t)in->size,
        .eps = (float)config->eps,
        .x = in->data,
        .gamma = vcl_node_param(node, GAMMA)->value,
        .beta = vcl_node_param(node, BETA)->value,
        .kept = node->saved,
    };
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_layernorm op = operation(node, run);
    return vcl_op_layernorm_forward(run->emit, &op, node->activation, node->out[0]->data, err);
}

static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct vcl_layernorm op = operation(node, run);
    const struct vcl_want *want = &node->want[0];
    struct vcl_buf *dy = node->out[0]->grad;
    enum vcl_status r;
    TRY(vcl_op_layernorm_parameters(run->emit, &op, vcl_node_writes(node, GAMMA), dy,
                                    vcl_node_param(node, GAMMA)->gradient,
                                    vcl_node_param(node, BETA)->gradient, err));
    if (want->grad)
        TRY(vcl_op_layernorm_gradient(run->emit, &op, want->slope, dy, want->grad, err));
out:
    return r;
}

const struct vcl_node_def vcl_layer_layernorm = {
    .name = "layernorm",
    .help = "normalisation of each example's values: layernorm [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct layernorm),
    .defaults = &defaults,
    .fuses = true,
    .folds_slope = true,
    .reads_in = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
