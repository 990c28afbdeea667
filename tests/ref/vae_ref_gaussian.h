/* SPDX-License-Identifier: MIT
 *
 * One element of a Gaussian over codes: from a row mu | log sigma^2 (2Z), log sigma^2 clamped, with
 * no gradient beyond.
 */
#ifndef REF_VAE_REF_GAUSSIAN_H
#define REF_VAE_REF_GAUSSIAN_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#define VAE_REF_LOGVAR_BOUND 20.0
#define VAE_REF_LOG_2PI      1.83787706640934548356

struct vae_ref_gaussian {
    size_t mu_at, logvar_at; /* where they come from, and their gradients go */
    double mu, logvar;
    bool clamped;
};

/* Element j of row `row`; without heads that of N(0, I). */
static inline struct vae_ref_gaussian vae_ref_gaussian_of(const double *heads, size_t dim,
                                                          size_t row, size_t j)
{
    struct vae_ref_gaussian g = {.mu_at = row * 2 * dim + j, .logvar_at = row * 2 * dim + dim + j};
    if (!heads)
        return g;
    double raw = heads[g.logvar_at];
    g.mu = heads[g.mu_at];
    g.logvar = fmin(fmax(raw, -VAE_REF_LOGVAR_BOUND), VAE_REF_LOGVAR_BOUND);
    g.clamped = raw != g.logvar;
    return g;
}

#endif
