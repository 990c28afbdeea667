/* SPDX-License-Identifier: MIT
 *
 * Likelihoods p(x|z). To add one: its two functions in kernels/likelihood.cl and its row in
 * likelihood.c.
 */
#ifndef VCL_VAE_LIKELIHOOD_H
#define VCL_VAE_LIKELIHOOD_H

#include <stdbool.h>

#include "base/definition.h"

/* How it is computed, once its options are known. */
struct vcl_likelihood_form {
    const char *formula; /* of kernels/likelihood.cl; NULL: of node_scaled.c */
    float constant;      /* in it, for instance a standard deviation */
    uint32_t outputs;    /* of the decoder, for each value */
    bool shares_scale;   /* one log sigma^2, a parameter, is of all values */
};

struct vcl_likelihood_def {
    VCL_DEFINITION;
    const char *mean;   /* activation from the decoder's output to E[x|z] */
    bool unit_interval; /* takes values in [0, 1] only */
    bool density;       /* a normalised one: bits/dim and NLL have a meaning */
    /* NULL: the formula of that name, without a constant. */
    void (*form)(const void *config, struct vcl_likelihood_form *ret_form);
};

extern const struct vcl_likelihood_def *const vcl_likelihoods[]; /* a table of base/row.h */

struct vcl_likelihood_form vcl_likelihood_form(const struct vcl_likelihood_def *def,
                                               const void *config);

#endif
