/* SPDX-License-Identifier: MIT
 *
 * y = act(x), as a node of its own. Most of them are folded into the node before (fuse.c).
 */
#ifndef VCL_NN_NODE_ACTIVATION_H
#define VCL_NN_NODE_ACTIVATION_H

#include "gemm/gemm.h"
#include "nn/graph.h"

/* The row of a layer's options that names its activation, which is in this field of its
 * configuration. */
#define VCL_ACTIVATION_OPTION(type, field)                                                         \
    {                                                                                              \
        .key = "activation", .kind = VCL_OPT_STRING, .offset = offsetof(type, field),              \
        .arg = "NAME", .check = vcl_activation_check,                                              \
        .help = "identity, relu, leaky_relu, elu, selu, gelu, silu, tanh, sigmoid, softplus"       \
    }

enum vcl_status vcl_activation_check(const struct vcl_opt *row, const char *value,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* Its configuration is the activation itself. */
extern const struct vcl_node_def vcl_node_activation;

const struct vcl_activation *vcl_node_activation_of(const struct vcl_node *node);

/* act(in) as *ret_out; `in` itself for the identity. An unknown name is an error. */
enum vcl_status vcl_graph_activate(struct vcl_graph *graph, const char *node_name,
                                   const char *activation, struct vcl_value *in,
                                   struct vcl_value **ret_out,
                                   struct vcl_error *err) VCL_MUST_CHECK;

#endif
