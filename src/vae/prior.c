/* SPDX-License-Identifier: MIT */
#include "vae/prior.h"

#include "priors.rows.h"

const struct vcl_prior_def *const vcl_prior_defs[] = {
#define X(name) &vcl_prior_##name,
    PRIORS(X)
#undef X
        NULL,
};
