/* SPDX-License-Identifier: MIT
 *
 * Priors p(z): N(0, I), or a mixture of Gaussians that is learned.
 * To add one: src/vae/prior_x.c exporting `const struct vcl_prior_def vcl_prior_x`, and the word in
 * src/vae/meson.build.
 */
#ifndef VCL_VAE_PRIOR_H
#define VCL_VAE_PRIOR_H

#include "base/definition.h"
#include "vae/build.h"

struct vcl_prior_def {
    VCL_DEFINITION;
    /* Makes its K components, K rows mu | log sigma^2; NULL: there is one, N(0, I). */
    enum vcl_status (*components)(struct vcl_build *b, const void *config,
                                  struct vcl_value **ret_heads, struct vcl_error *err);
};

extern const struct vcl_prior_def *const vcl_prior_defs[]; /* a table of base/row.h */

#endif
