/* SPDX-License-Identifier: MIT
 *
 * Log densities of codes, and bounds made of them, as nodes.
 */
#ifndef VCL_VAE_NODE_DENSITY_H
#define VCL_VAE_NODE_DENSITY_H

#include "nn/graph.h"

/* out[0] = log N(z; mu, sigma^2) of each row; in[0] is z, in[1] mu | log sigma^2, of which z may
 * have several rows each; without in[1], N(0, I). */
extern const struct vcl_node_def vcl_node_log_normal;
enum vcl_status vcl_graph_log_normal(struct vcl_graph *graph, const char *name,
                                     struct vcl_value *heads, struct vcl_value *z,
                                     struct vcl_value **ret_log_p,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* out[0] (rows, K) = log N(z; mu, sigma^2) of each of K Gaussians; in[0] is z (rows, Z), in[1] has
 * K rows mu | log sigma^2, whatever the batch. */
extern const struct vcl_node_def vcl_node_log_components;

/* out[0] = log of the mean of exp(in[0]), over its columns or over the rows of an example; out[1]
 * each one's share. */
struct vcl_node_log_mean_exp {
    bool over_rows; /* each has one column */
};
extern const struct vcl_node_def vcl_node_log_mean_exp;

#endif
