/* SPDX-License-Identifier: MIT
 *
 * Batch normalisation: each feature to mean 0 and variance 1 over the batch, then times gamma plus
 * beta. A feature is a channel, over all pixels, or a value where there is one row of one channel,
 * as after a dense layer. In use, running averages stand for the batch's mean and variance.
 */
#include <stddef.h>

#include "layers.rows.h"
#include "nn/node_activation.h"
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
    VCL_ACTIVATION_OPTION(struct batchnorm, activation),
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

static enum vcl_status declare(struct vcl_node *node, size_t number, const char *suffix,
                               float initial, bool is_state, struct vcl_error *err)
{
    const struct batchnorm *config = node->config;
    struct vcl_param param = vcl_param_vector(config->features, initial, 0);
    param.is_state = is_state;
    return vcl_node_declare(node, number, suffix, param, err);
}

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct batchnorm *config = node->config;
    const struct vcl_shape in = node->in[0]->shape;
    enum vcl_status r;
    config->features = in.height == 1 && in.channels == 1 ? in.width : in.channels;
    node->saved_floats = (size_t)VCL_BATCHNORM_KEPT * config->features;
    TRY(declare(node, GAMMA, "weight", 1, false, err));
    TRY(declare(node, BETA, "bias", 0, false, err));
    TRY(declare(node, RUNNING_MEAN, "running_mean", 0, true, err));
    TRY(declare(node, RUNNING_VAR, "running_var", 1, true, err));
    TRY(vcl_node_output(node, in, err));
out:
    return r;
}

static struct vcl_batchnorm operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct batchnorm *config = node->config;
    const struct vcl_value *in = node->in[0];
    return (struct vcl_batchnorm){
        .rows = vcl_value_rows(in, run) * (uint32_t)(in->size / config->features),
        .cols = config->features,
        .momentum = (float)config->momentum,
        .eps = (float)config->eps,
        .x = in->data,
        .gamma = vcl_node_param(node, GAMMA)->value,
        .beta = vcl_node_param(node, BETA)->value,
        .running_mean = vcl_node_param(node, RUNNING_MEAN)->value,
        .running_var = vcl_node_param(node, RUNNING_VAR)->value,
        .kept = node->saved,
    };
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_batchnorm op = operation(node, run);
    enum vcl_status r;
    if (run->training && op.rows < 2) {
        r = ERR(err, VCL_E_ARG,
                "batchnorm has no variance to train with in a batch of one example");
        return vcl_error_hint(err, r, "choose --batch so that an epoch's last batch has 2 or more");
    }
    TRY(run->training ? vcl_op_batchnorm_statistics(run->emit, &op, err)
                      : vcl_op_batchnorm_running(run->emit, &op, err));
    TRY(vcl_op_batchnorm_apply(run->emit, &op, node->activation, node->out[0]->data, err));
out:
    return r;
}

static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct vcl_batchnorm op = operation(node, run);
    const struct vcl_want *want = &node->want[0];
    struct vcl_buf *dy = node->out[0]->grad;
    enum vcl_status r;
    TRY(vcl_op_batchnorm_parameters(run->emit, &op, vcl_node_writes(node, GAMMA), dy,
                                    vcl_node_param(node, GAMMA)->gradient,
                                    vcl_node_param(node, BETA)->gradient, err));
    if (want->grad)
        TRY(vcl_op_batchnorm_gradient(run->emit, &op, want->slope, dy, want->grad, err));
out:
    return r;
}

const struct vcl_node_def vcl_layer_batchnorm = {
    .name = "batchnorm",
    .help = "batch normalisation, a feature at a time: batchnorm [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct batchnorm),
    .defaults = &defaults,
    .fuses = true,
    .folds_slope = true,
    .reads_in = true,
    .of_examples = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
