/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "gemm/gemm.h"
#include "nn/layer.h"
#include "ops/ops.h"

enum vcl_status vcl_node_activation(struct vcl_node *node, const char **name, struct vcl_error *err)
{
    const struct vcl_activation *activation;
    enum vcl_status r = vcl_activation_find(*name, &activation, err);
    if (r < 0)
        return r;
    *name = activation->name;
    node->keeps_input = activation->needs_input;
    node->activation = activation->needs_input ? NULL : activation->name;
    return VCL_OK;
}

struct vcl_buf *vcl_node_target(const struct vcl_node *node)
{
    return node->pre ? node->pre : node->out;
}

const char *vcl_node_fused(const struct vcl_node *node, const char *activation)
{
    return node->pre ? NULL : activation;
}

enum vcl_status vcl_node_activate(const struct vcl_node *node, const struct vcl_run *run,
                                  const char *activation, struct vcl_error *err)
{
    if (!node->pre)
        return VCL_OK;
    return vcl_op_activation(run->emit, activation, run->rows * node->out_size, node->pre,
                             node->out, err);
}

enum vcl_status vcl_node_derive(const struct vcl_node *node, const struct vcl_run *run,
                                const char *activation, struct vcl_error *err)
{
    if (node->derived || strcmp(activation, "identity") == 0)
        return VCL_OK;
    return vcl_activation_gradient(run->emit, activation, run->rows * node->out_size, node->pre,
                                   node->out, node->dout, err);
}
