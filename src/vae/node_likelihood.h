/* SPDX-License-Identifier: MIT
 *
 * -log p(x|z) (rows) as a node, from x (rows / repeat, D) and the decoder's output y (rows, D).
 */
#ifndef VCL_VAE_NODE_LIKELIHOOD_H
#define VCL_VAE_NODE_LIKELIHOOD_H

#include "nn/graph.h"
#include "vae/likelihood.h"

struct vcl_node_likelihood {
    struct vcl_likelihood_form form;
};

extern const struct vcl_node_def vcl_node_likelihood;

#endif
