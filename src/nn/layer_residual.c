/* SPDX-License-Identifier: MIT
 *
 * y = act(x + f(x)), where f is the layers in brackets (He et al. 2016). They are nodes of their
 * own; what is here adds their output to their input.
 */
#include <stddef.h>

#include "layers.rows.h"
#include "nn/node_activation.h"
#include "ops/ops.h"

struct residual {
    const char *activation;
};

static const struct residual defaults = {.activation = "identity"};

static const struct vcl_opt opts[] = {
    VCL_ACTIVATION_OPTION(struct residual, activation),
    {0},
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_shape in = node->in[0]->shape, out = node->in[1]->shape;
    enum vcl_status r;
    if (in.height != out.height || in.width != out.width || in.channels != out.channels)
        FAIL(err, VCL_E_ARG,
             "the layers of a residual block must keep the shape, and make %u x %u x %u of "
             "%u x %u x %u",
             out.height, out.width, out.channels, in.height, in.width, in.channels);
    if (vcl_value_root(node->in[0]) == vcl_value_root(node->in[1]))
        FAIL(err, VCL_E_ARG, "the layers of a residual block must do something");
    TRY(vcl_node_output(node, in, err));
out:
    return r;
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    return vcl_op_add(run->emit, node->activation ? node->activation : "identity",
                      vcl_value_floats(node->in[0], run), node->in[0]->data, node->in[1]->data,
                      node->out[0]->data, err);
}

static enum vcl_status backward(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (uint32_t i = node->n_in; i-- > 0;) {
        const struct vcl_want *want = &node->want[i];
        if (want->grad)
            TRY(vcl_op_pass_gradient(run->emit, want->slope, vcl_value_floats(node->in[0], run),
                                     want->adds, node->out[0]->grad, node->in[i]->data, want->grad,
                                     err));
    }
out:
    return r;
}

const struct vcl_node_def vcl_layer_residual = {
    .name = "residual",
    .help = "input plus what layers make of it: residual [LAYER, LAYER ...] [ACTIVATION]",
    .opts = opts,
    .config_size = sizeof(struct residual),
    .defaults = &defaults,
    .nests = true,
    .fuses = true,
    .folds_slope = true,
    .adds = true,
    .shape = shape,
    .forward = forward,
    .backward = backward,
};
