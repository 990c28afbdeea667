/* SPDX-License-Identifier: MIT
 *
 * Objectives: what the latent is and how gradients pass it.
 * To add one: src/vae/objective_x.c exporting `const struct vcl_objective_def vcl_objective_x`, and
 * the word in src/vae/meson.build.
 */
#ifndef VCL_VAE_OBJECTIVE_H
#define VCL_VAE_OBJECTIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct vcl_model;

struct vcl_objective_def {
    const char *name, *help;
    bool stochastic;    /* z is drawn, so that there is a prior, a KL and an ELBO */
    uint32_t head_size; /* encoder outputs a latent dimension: 2 for mu and log sigma^2 */
    /* heads -> z (rows * repeat) and kl */
    enum vcl_status (*draw)(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                            uint32_t first_sample, struct vcl_error *err);
    /* dz -> dheads, adding the KL's gradient */
    enum vcl_status (*backward)(struct vcl_model *model, uint32_t rows, struct vcl_error *err);
};

extern const struct vcl_objective_def *const vcl_objective_defs[]; /* ends with NULL */

enum vcl_status vcl_objective_find(const char *name, const struct vcl_objective_def **ret_def,
                                   struct vcl_error *err) VCL_MUST_CHECK;

#endif
