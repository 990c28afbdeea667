/* SPDX-License-Identifier: MIT */
#include "priors.rows.h"
#include "vae/prior.h"

const struct vcl_prior_def vcl_prior_normal = {.name = "normal", .help = "N(0, I)"};
