/* SPDX-License-Identifier: MIT */
#include "vae/likelihood.h"

#include <stddef.h>

#define ROW &(const struct vcl_likelihood_def)

const struct vcl_likelihood_def *const vcl_likelihoods[] = {
    ROW{.name = "bernoulli",
        .help = "cross-entropy from logits, for values in [0, 1]",
        .mean = "sigmoid",
        .unit_interval = true,
        .density = true},
    ROW{.name = "gaussian",
        .help = "normal with the fixed standard deviation --set sigma=F",
        .mean = "identity",
        .density = true},
    ROW{.name = "squared", .help = "squared error, for plain autoencoders", .mean = "identity"},
    NULL,
};
