/* SPDX-License-Identifier: MIT
 *
 * Batch normalisation: each feature to mean 0 and variance 1 over the batch, then times gamma plus
 * beta. A feature is a channel, over all pixels, or a value where there is one row of one channel,
 * as after a dense layer. In use, running averages stand for the batch's mean and variance.
 */
#include <stddef.h>
#include <stdio.h>

#include "nn/defs.h"
#include "ops/ops.h"

struct batchnorm {
    const char *activation;
    double momentum, eps;
    uint32_t features;
};

enum { GAMMA, BETA, RUNNING_MEAN, RUNNING_VAR };

/* PyTorch's defaults; its momentum is the new value's share. */
static const struct batchnorm defaults = {.activation = "identity", .momentum = 0.1, .eps = 1e-5};

static const struct vcl_opt opts[] = {
    {.key = "activation",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct batchnorm, activation),
     .arg = "NAME",
     .help = VCL_ACTIVATIONS_HELP},
    {.key = "momentum",
     .kind = VCL_OPT_FLOAT,
     .offset = offsetof(struct batchnorm, momentum),
     .min = 0,
     .max = 1,
     .arg = "F",
     .help = "share of a batch in the running averages"},
    {.key = "eps",
     .kind = VCL_OPT_FLOAT,
     .offset = offsetof(struct batchnorm, eps),
     .min = 1e-12,
     .max = 1,
     .arg = "F",
     .help = "added to the variance"},
    {0},
};

static enum vcl_status add_vector(struct vcl_node *node, int number, const char *suffix,
                                  float initial, bool is_state, struct vcl_error *err)
{
    const struct batchnorm *config = node->config;
    char name[80];
    snprintf(name, sizeof name, "%s.%s", node->name, suffix);
    return vcl_params_add_vector(node->params, name, config->features, initial, is_state,
                                 &node->param[number], err);
}

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct batchnorm *config = node->config;
    const struct vcl_shape in = node->in_shape;
    enum vcl_status r;
    TRY(vcl_node_activation(node, &config->activation, err));
    config->features = in.height == 1 && in.channels == 1 ? in.width : in.channels;
    node->out_shape = in;
    node->work = (size_t)VCL_BATCHNORM_KEPT * config->features;
    TRY(add_vector(node, GAMMA, "weight", 1, false, err));
    TRY(add_vector(node, BETA, "bias", 0, false, err));
    TRY(add_vector(node, RUNNING_MEAN, "running_mean", 0, true, err));
    TRY(add_vector(node, RUNNING_VAR, "running_var", 1, true, err));
out:
    return r;
}

static struct vcl_batchnorm operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct batchnorm *config = node->config;
    return (struct vcl_batchnorm){
        .rows = run->rows * (uint32_t)(node->in_size / config->features),
        .cols = config->features,
        .momentum = (float)config->momentum,
        .eps = (float)config->eps,
        .x = node->in,
        .gamma = vcl_node_param(node, GAMMA)->value,
        .beta = vcl_node_param(node, BETA)->value,
        .running_mean = vcl_node_param(node, RUNNING_MEAN)->value,
        .running_var = vcl_node_param(node, RUNNING_VAR)->value,
        .kept = node->kept,
    };
}

static enum vcl_status forward(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct batchnorm *config = node->config;
    const struct vcl_batchnorm op = operation(node, run);
    enum vcl_status r;
    if (run->training && op.rows < 2) {
        r = ERR(err, VCL_E_ARG,
                "batchnorm has no variance to train with in a batch of one example");
        return vcl_error_hint(err, r, "choose --batch so that an epoch's last batch has 2 or more");
    }
    TRY(run->training ? vcl_op_batchnorm_statistics(run->emit, &op, err)
                      : vcl_op_batchnorm_running(run->emit, &op, err));
    TRY(vcl_op_batchnorm_apply(run->emit, &op, vcl_node_fused(node, config->activation),
                               vcl_node_target(node), err));
    TRY(vcl_node_activate(node, run, config->activation, err));
out:
    return r;
}

static enum vcl_status backward(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct batchnorm *config = node->config;
    const struct vcl_batchnorm op = operation(node, run);
    struct vcl_param *gamma = vcl_node_param(node, GAMMA), *beta = vcl_node_param(node, BETA);
    enum vcl_status r;
    TRY(vcl_node_derive(node, run, config->activation, err));
    TRY(vcl_op_batchnorm_parameters(run->emit, &op, gamma->gradient_written, node->dout,
                                    gamma->gradient, beta->gradient, err));
    gamma->gradient_written = beta->gradient_written = true;
    if (node->din)
        TRY(vcl_op_batchnorm_gradient(run->emit, &op, node->in_activation, node->dout, node->din,
                                      err));
out:
    return r;
}

const struct vcl_layer_def vcl_layer_batchnorm = {
    .name = "batchnorm",
    .help = "batch normalisation, a feature at a time: batchnorm [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct batchnorm),
    .defaults = &defaults,
    .derives = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
