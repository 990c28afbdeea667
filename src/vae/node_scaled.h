/* SPDX-License-Identifier: MIT
 *
 * The Gaussian likelihood with a learned log sigma^2 as a node: in[0] is x, in[1] the decoder's
 * output y with twice the values, or with as many and in[2], a number that all share.
 */
#ifndef VCL_VAE_NODE_SCALED_H
#define VCL_VAE_NODE_SCALED_H

#include "nn/graph.h"

/* out[0] = -log p(x|z) (rows of y). */
extern const struct vcl_node_def vcl_node_scaled;

/* The means among y's values, in the shape of the data. */
enum vcl_status vcl_graph_scaled_mean(struct vcl_graph *graph, struct vcl_value *y,
                                      struct vcl_shape shape, struct vcl_value **ret_mean,
                                      struct vcl_error *err) VCL_MUST_CHECK;

#endif
