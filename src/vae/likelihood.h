/* SPDX-License-Identifier: MIT
 *
 * Likelihoods p(x|z). To add one: its two functions in kernels/likelihood.cl and its row in
 * likelihood.c.
 */
#ifndef VCL_VAE_LIKELIHOOD_H
#define VCL_VAE_LIKELIHOOD_H

#include <stdbool.h>

#include "base/error.h"

struct vcl_likelihood_def {
    const char *name, *help;
    const char *mean;   /* activation from the decoder's output to E[x|z] */
    bool unit_interval; /* takes values in [0, 1] only */
    bool density;       /* a normalised one: bits/dim and NLL have a meaning */
};

extern const struct vcl_likelihood_def vcl_likelihoods[]; /* ends with a NULL name */

enum vcl_status vcl_likelihood_find(const char *name, const struct vcl_likelihood_def **ret_def,
                                    struct vcl_error *err) VCL_MUST_CHECK;

#endif
