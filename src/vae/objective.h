/* SPDX-License-Identifier: MIT
 *
 * Objectives: how a model is wired, and what is minimised.
 * To add one: src/vae/objective_x.c exporting `const struct vcl_objective_def vcl_objective_x`, and
 * the word in src/vae/meson.build.
 */
#ifndef VCL_VAE_OBJECTIVE_H
#define VCL_VAE_OBJECTIVE_H

#include "base/row.h"
#include "vae/build.h"

struct vcl_objective_def {
    const char *name, *help;
    bool stochastic;    /* z is drawn, so that there is a prior, a KL and an ELBO */
    uint32_t head_size; /* encoder outputs a latent dimension: 2 for mu and log sigma^2 */
    /* Builds the graph that is trained, up to its terms. */
    enum vcl_status (*build)(struct vcl_build *b, struct vcl_error *err);
};

extern const struct vcl_objective_def *const vcl_objective_defs[]; /* a table of base/row.h */

#endif
