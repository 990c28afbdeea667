/* SPDX-License-Identifier: MIT
 *
 * The Gaussian latent as nodes, both from the encoder's output (rows, 2Z).
 */
#ifndef VCL_VAE_NODE_LATENT_H
#define VCL_VAE_NODE_LATENT_H

#include "nn/graph.h"

struct vcl_node_latent {
    struct vcl_buf *const *eps; /* *eps: the noise, (rows, Z); NULL: drawn */
    uint32_t samples;           /* an example */
    float free_bits;            /* nats a dimension; 0 for none */
};

/* One draw an example: out[0] is z, out[1] its KL. */
extern const struct vcl_node_def vcl_node_draw;
/* Several: out[0] is z, out[1] log p(z) - log q(z|x). Not for training. */
extern const struct vcl_node_def vcl_node_draws;

#endif
