/* SPDX-License-Identifier: MIT
 *
 * Nodes of arithmetic on values of one shape.
 */
#ifndef VCL_NN_NODE_SUM_H
#define VCL_NN_NODE_SUM_H

#include "nn/graph.h"

/* out[0] = the sum of factors[i] * in[i]. */
struct vcl_node_sum {
    float factors[VCL_NODE_INPUTS];
};
extern const struct vcl_node_def vcl_node_sum;

enum vcl_status vcl_graph_sum(struct vcl_graph *graph, const char *name, uint32_t count,
                              struct vcl_value *const *in, const float *factors,
                              struct vcl_value **ret_sum, struct vcl_error *err) VCL_MUST_CHECK;

/* out[0] is in[0] as a constant: gradients end here. */
extern const struct vcl_node_def vcl_node_stop;
enum vcl_status vcl_graph_stop(struct vcl_graph *graph, struct vcl_value *in,
                               struct vcl_value **ret_out, struct vcl_error *err) VCL_MUST_CHECK;

/* in with each of its columns permuted by itself over the batch, as a constant. */
enum vcl_status vcl_graph_permuted(struct vcl_graph *graph, struct vcl_value *in,
                                   struct vcl_value **ret_out,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* out[0] is in[0]; its gradient comes back times node->later, a number for each row. */
extern const struct vcl_node_def vcl_node_scaled_gradient;
/* **ret_scale is where to put that value, which need not be there yet. */
enum vcl_status vcl_graph_scaled_gradient(struct vcl_graph *graph, struct vcl_value *in,
                                          struct vcl_value ***ret_scale, struct vcl_value **ret_out,
                                          struct vcl_error *err) VCL_MUST_CHECK;

#endif
