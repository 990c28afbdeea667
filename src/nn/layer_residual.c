/* SPDX-License-Identifier: MIT
 *
 * y = act(x + f(x)), where f is the layers in brackets (He et al. 2016). They are a chain of their
 * own; what is here goes around it.
 */
#include <stddef.h>

#include "nn/defs.h"
#include "ops/ops.h"

struct residual {
    const char *activation;
};

static const struct residual defaults = {.activation = "identity"};

static const struct vcl_opt opts[] = {
    {.key = "activation",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct residual, activation),
     .arg = "NAME",
     .help = VCL_ACTIVATIONS_HELP},
    {0},
};

static struct vcl_node *last_inner(const struct vcl_node *node)
{
    return &node->inner->nodes[node->inner->count - 1];
}

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    struct residual *residual = node->config;
    const struct vcl_shape in = node->in_shape, out = vcl_chain_out_shape(node->inner);
    enum vcl_status r;
    TRY(vcl_node_activation(node, &residual->activation, err));
    if (in.height != out.height || in.width != out.width || in.channels != out.channels)
        FAIL(err, VCL_E_ARG,
             "the layers of a residual block must keep the shape, and make %u x %u x %u of "
             "%u x %u x %u",
             out.height, out.width, out.channels, in.height, in.width, in.channels);
    if (vcl_chain_row_floats(node->inner, false) == 0)
        FAIL(err, VCL_E_ARG, "the layers of a residual block must do something");
    node->out_shape = in;
    /* What hands dout on to the inner layers multiplies by it. */
    last_inner(node)->derived = last_inner(node)->activation != NULL;
out:
    return r;
}

static enum vcl_status forward(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct residual *residual = node->config;
    const char *fused = vcl_node_fused(node, residual->activation);
    enum vcl_status r;
    TRY(vcl_chain_forward(node->inner, run, err));
    TRY(vcl_op_add(run->emit, fused ? fused : "identity", run->rows * node->out_size, node->in,
                   vcl_chain_out(node->inner), vcl_node_target(node), err));
    TRY(vcl_node_activate(node, run, residual->activation, err));
out:
    return r;
}

/* The gradient through f comes first, since it is what f's first layer leaves in din. */
static enum vcl_status backward(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    const struct residual *residual = node->config;
    const struct vcl_node *last = last_inner(node);
    size_t n = run->rows * node->out_size;
    enum vcl_status r;
    TRY(vcl_node_derive(node, run, residual->activation, err));
    TRY(vcl_op_pass_gradient(run->emit, last->activation, n, false, node->dout, last->out,
                             last->dout, err));
    TRY(vcl_chain_backward(node->inner, run, err));
    if (node->din)
        TRY(vcl_op_pass_gradient(run->emit, node->in_activation, n, true, node->dout, node->in,
                                 node->din, err));
out:
    return r;
}

const struct vcl_layer_def vcl_layer_residual = {
    .name = "residual",
    .help = "input plus what layers make of it: residual [LAYER, LAYER ...] [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct residual),
    .defaults = &defaults,
    .derives = true,
    .nests = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
