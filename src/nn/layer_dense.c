/* SPDX-License-Identifier: MIT
 *
 * y = act(x W + b): W is (in, units), one product forward with bias and activation in its epilogue.
 */
#include <math.h>
#include <stddef.h>
#include <stdio.h>

#include "gemm/gemm.h"
#include "nn/defs.h"

struct dense {
    int64_t units;
    const char *activation;
};

enum { WEIGHT, BIAS };

static const struct dense defaults = {.units = 0, .activation = "identity"};

static const struct vcl_opt opts[] = {
    {.key = "units",
     .kind = VCL_OPT_INT,
     .offset = offsetof(struct dense, units),
     .min = 1,
     .max = 1 << 24,
     .arg = "N",
     .help = "outputs"},
    {.key = "activation",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct dense, activation),
     .arg = "NAME",
     .help = VCL_ACTIVATIONS_HELP},
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct dense *dense = node->config;
    char name[80];
    enum vcl_status r;
    if (dense->units == 0)
        FAIL(err, VCL_E_ARG, "dense needs its number of units, as in \"dense 400 relu\"");
    TRY(vcl_node_activation(node, &dense->activation, err));
    node->out_shape = (struct vcl_shape){1, (uint32_t)dense->units, 1};
    /* PyTorch's default for nn.Linear: U(-1/sqrt(in), 1/sqrt(in)) for both. */
    float bound = 1.0f / sqrtf((float)node->in_size);
    snprintf(name, sizeof name, "%s.weight", node->name);
    TRY(vcl_params_add(node->params, name, (uint32_t)node->in_size, (uint32_t)dense->units, bound,
                       &node->param[WEIGHT], err));
    snprintf(name, sizeof name, "%s.bias", node->name);
    TRY(vcl_params_add(node->params, name, 0, (uint32_t)dense->units, bound, &node->param[BIAS],
                       err));
out:
    return r;
}

static enum vcl_status forward(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct dense *dense = node->config;
    const struct vcl_gemm gemm = {
        .m = run->rows,
        .n = (uint32_t)node->out_size,
        .k = (uint32_t)node->in_size,
        .a = node->in,
        .b = vcl_node_param(node, WEIGHT)->value,
        .c = vcl_node_target(node),
        .bias = vcl_node_param(node, BIAS)->value,
        .activation = vcl_node_fused(node, dense->activation),
    };
    enum vcl_status r;
    TRY(vcl_gemm_emit(run->emit, &gemm, err));
    TRY(vcl_node_activate(node, run, dense->activation, err));
out:
    return r;
}

/* The bias' gradient, the column sums of dout, comes with it. */
static enum vcl_status parameter_gradients(struct vcl_node *node, const struct vcl_run *run,
                                           struct vcl_error *err)
{
    struct vcl_param *weight = vcl_node_param(node, WEIGHT), *bias = vcl_node_param(node, BIAS);
    const struct vcl_gemm gemm = {
        .m = (uint32_t)node->in_size,
        .n = (uint32_t)node->out_size,
        .k = run->rows,
        .trans_a = true,
        .a = node->in,
        .b = node->dout,
        .c = weight->gradient,
        .b_sums = bias->gradient,
        .accumulate = weight->gradient_written,
    };
    weight->gradient_written = bias->gradient_written = true;
    return vcl_gemm_emit(run->emit, &gemm, err);
}

static enum vcl_status input_gradient(struct vcl_node *node, const struct vcl_run *run,
                                      struct vcl_error *err)
{
    const struct vcl_gemm gemm = {
        .m = run->rows,
        .n = (uint32_t)node->in_size,
        .k = (uint32_t)node->out_size,
        .trans_b = true,
        .a = node->dout,
        .b = vcl_node_param(node, WEIGHT)->value,
        .c = node->din,
        .activation = node->in_activation,
        .derivative_at = node->in_activation ? node->in : NULL,
    };
    return vcl_gemm_emit(run->emit, &gemm, err);
}

static enum vcl_status backward(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct dense *dense = node->config;
    enum vcl_status r;
    TRY(vcl_node_derive(node, run, dense->activation, err));
    TRY(parameter_gradients(node, run, err));
    if (node->din)
        TRY(input_gradient(node, run, err));
out:
    return r;
}

const struct vcl_layer_def vcl_layer_dense = {
    .name = "dense",
    .help = "fully connected: dense UNITS [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct dense),
    .defaults = &defaults,
    .outputs = VCL_OUTPUTS_VALUES,
    .derives = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
