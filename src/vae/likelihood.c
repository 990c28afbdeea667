/* SPDX-License-Identifier: MIT */
#include "vae/likelihood.h"

#include <stddef.h>

struct gaussian {
    double sigma;
};

static const struct vcl_opt gaussian_opts[] = {
    {"sigma", VCL_OPT_FLOAT, offsetof(struct gaussian, sigma), 1e-6, 1e9, .arg = "F",
     .help = "standard deviation"},
    {0},
};

static const struct gaussian gaussian_defaults = {.sigma = 1};

static void gaussian_form(const void *config, struct vcl_likelihood_form *form)
{
    const struct gaussian *gaussian = config;
    form->constant = (float)gaussian->sigma;
}

#define ROW &(const struct vcl_likelihood_def)

const struct vcl_likelihood_def *const vcl_likelihoods[] = {
    ROW{.name = "bernoulli",
        .help = "cross-entropy from logits, for values in [0, 1]",
        .mean = "sigmoid",
        .unit_interval = true,
        .density = true},
    ROW{.name = "gaussian",
        .help = "normal with the standard deviation sigma=F",
        .opts = gaussian_opts,
        .config_size = sizeof(struct gaussian),
        .defaults = &gaussian_defaults,
        .mean = "identity",
        .density = true,
        .form = gaussian_form},
    ROW{.name = "squared", .help = "squared error, for plain autoencoders", .mean = "identity"},
    NULL,
};

struct vcl_likelihood_form vcl_likelihood_form(const struct vcl_likelihood_def *def,
                                               const void *config)
{
    struct vcl_likelihood_form form = {.formula = def->name};
    if (def->form)
        def->form(config, &form);
    return form;
}
