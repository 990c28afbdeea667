/* SPDX-License-Identifier: MIT
 *
 * y = act(x W + b): W is (in, units), one product forward with bias and activation in its epilogue.
 */
#include <math.h>
#include <stddef.h>

#include "gemm/gemm.h"
#include "layers.rows.h"
#include "nn/node_activation.h"

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
    VCL_ACTIVATION_OPTION(struct dense, activation),
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct dense *dense = node->config;
    const uint32_t in = (uint32_t)node->in[0]->size, units = (uint32_t)dense->units;
    /* PyTorch's default for nn.Linear: U(-1/sqrt(in), 1/sqrt(in)) for both. */
    float bound = 1.0f / sqrtf((float)in);
    enum vcl_status r;
    if (units == 0)
        FAIL(err, VCL_E_ARG, "dense needs its number of units, as in \"dense 400 relu\"");
    TRY(vcl_node_declare(node, WEIGHT, "weight", vcl_param_matrix(in, units, bound), err));
    TRY(vcl_node_declare(node, BIAS, "bias", vcl_param_vector(units, 0, bound), err));
    TRY(vcl_node_output(node, (struct vcl_shape){1, units, 1}, err));
out:
    return r;
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0], *out = node->out[0];
    const struct vcl_gemm gemm = {
        .m = vcl_value_rows(in, run),
        .n = (uint32_t)out->size,
        .k = (uint32_t)in->size,
        .a = in->data,
        .b = vcl_node_param(node, WEIGHT)->value,
        .c = out->data,
        .bias = vcl_node_param(node, BIAS)->value,
        .activation = node->activation,
    };
    return vcl_gemm_emit(run->emit, &gemm, err);
}

/* The bias' gradient, the column sums of the output's, comes with it. */
static enum vcl_status parameter_gradients(const struct vcl_node *node, const struct vcl_run *run,
                                           struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0], *out = node->out[0];
    const struct vcl_gemm gemm = {
        .m = (uint32_t)in->size,
        .n = (uint32_t)out->size,
        .k = vcl_value_rows(in, run),
        .trans_a = true,
        .a = in->data,
        .b = out->grad,
        .c = vcl_node_param(node, WEIGHT)->gradient,
        .b_sums = vcl_node_param(node, BIAS)->gradient,
        .accumulate = vcl_node_writes(node, WEIGHT),
    };
    return vcl_gemm_emit(run->emit, &gemm, err);
}

static enum vcl_status input_gradient(const struct vcl_node *node, const struct vcl_run *run,
                                      struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0], *out = node->out[0];
    const struct vcl_want *want = &node->want[0];
    const struct vcl_gemm gemm = {
        .m = vcl_value_rows(in, run),
        .n = (uint32_t)in->size,
        .k = (uint32_t)out->size,
        .trans_b = true,
        .a = out->grad,
        .b = vcl_node_param(node, WEIGHT)->value,
        .c = want->grad,
        .accumulate = want->adds,
        .activation = want->slope,
        .derivative_at = want->slope ? in->data : NULL,
    };
    return vcl_gemm_emit(run->emit, &gemm, err);
}

static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (!node->is_frozen)
        TRY(parameter_gradients(node, run, err));
    if (node->want[0].grad)
        TRY(input_gradient(node, run, err));
out:
    return r;
}

const struct vcl_node_def vcl_layer_dense = {
    .name = "dense",
    .help = "fully connected: dense UNITS [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct dense),
    .defaults = &defaults,
    .outputs = VCL_OUTPUTS_VALUES,
    .freezes = true,
    .takes = VCL_TAKES_VALUES,
    .fuses = true,
    .folds_slope = true,
    .adds = true,
    .reads_in = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
