/* SPDX-License-Identifier: MIT
 *
 * Objectives: how a model is wired, and what is minimised.
 * To add one: src/vae/objective_x.c exporting `const struct vcl_objective_def vcl_objective_x`, and
 * the word in src/vae/meson.build.
 */
#ifndef VCL_VAE_OBJECTIVE_H
#define VCL_VAE_OBJECTIVE_H

#include "base/definition.h"
#include "vae/build.h"

struct vcl_objective_def {
    VCL_DEFINITION;
    bool stochastic;    /* z is drawn, so that there is a prior, a KL and an ELBO */
    uint32_t head_size; /* encoder outputs a latent dimension: 2 for mu and log sigma^2 */
    /* Builds the graph that is trained, up to its terms. */
    enum vcl_status (*build)(struct vcl_build *b, const void *config, struct vcl_error *err);
};

/* The terms of the negative ELBO. */
#define VCL_RECON(of)                                                                              \
    (struct vcl_term)                                                                              \
    {                                                                                              \
        .name = "recon", .value = of, .weight = 1, .in_loss = 1                                    \
    }
#define VCL_KL(of)                                                                                 \
    (struct vcl_term)                                                                              \
    {                                                                                              \
        .name = "kl", .value = of, .weight = 1, .scheduled = true, .in_loss = 1                    \
    }

/* A lower bound of log p(x), which is maximised. */
#define VCL_BOUND(of)                                                                              \
    (struct vcl_term)                                                                              \
    {                                                                                              \
        .name = "bound", .value = of, .weight = -1, .in_loss = -1                                  \
    }

extern const struct vcl_objective_def *const vcl_objective_defs[]; /* a table of base/row.h */

#endif
