/* SPDX-License-Identifier: MIT
 *
 * Likelihoods p(x|z). To add one: its two functions in kernels/likelihood.cl and its row in
 * likelihood.c.
 */
#ifndef VCL_VAE_LIKELIHOOD_H
#define VCL_VAE_LIKELIHOOD_H

#include <stdbool.h>

#include "base/row.h"

struct vcl_likelihood_def {
    const char *name, *help;
    const char *mean;   /* activation from the decoder's output to E[x|z] */
    bool unit_interval; /* takes values in [0, 1] only */
    bool density;       /* a normalised one: bits/dim and NLL have a meaning */
};

extern const struct vcl_likelihood_def *const vcl_likelihoods[]; /* a table of base/row.h */

#endif
