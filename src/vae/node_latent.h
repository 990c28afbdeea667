/* SPDX-License-Identifier: MIT
 *
 * Draws from the Gaussian q(z|x) as nodes, from the encoder's output (rows, 2Z).
 */
#ifndef VCL_VAE_NODE_LATENT_H
#define VCL_VAE_NODE_LATENT_H

#include "nn/graph.h"

struct vcl_node_latent {
    struct vcl_buf *const *eps; /* *eps: the noise, (rows, Z); NULL: drawn */
    uint32_t samples;           /* an example, for vcl_node_draws */
    float free_bits;            /* nats a dimension, for vcl_node_draw; 0 for none */
};

/* One draw an example: out[0] is z, out[1] its KL from N(0, I), to be a term and nothing else. */
extern const struct vcl_node_def vcl_node_draw;
/* Several: out[0] is z, out[1] log q(z|x), each (rows * samples). */
extern const struct vcl_node_def vcl_node_draws;

#endif
