/* SPDX-License-Identifier: MIT */
#include "vae/likelihood.h"

#include <stddef.h>
#include <string.h>

#include "base/c_locale.h"

struct gaussian {
    const char *sigma;
};

static enum vcl_status check_sigma(const struct vcl_opt *row, const char *value,
                                   struct vcl_error *err)
{
    double sigma;
    if (strcmp(value, "auto") == 0 || strcmp(value, "learned") == 0)
        return VCL_OK;
    if (!vcl_parse_f64(value, &sigma))
        return ERR(err, VCL_E_ARG, "%s: '%s' is neither a number, auto nor learned", row->key,
                   value);
    if (sigma < 1e-6 || sigma > 1e9)
        return ERR(err, VCL_E_ARG, "%s: %s is outside 1e-06 to 1e+09", row->key, value);
    return VCL_OK;
}

static const struct vcl_opt gaussian_opts[] = {
    {"sigma", VCL_OPT_STRING, offsetof(struct gaussian, sigma), .arg = "F|auto|learned",
     .help = "standard deviation; auto: learned, one for all values; learned: one for each",
     .check = check_sigma},
    {0},
};

static const struct gaussian gaussian_defaults = {.sigma = "1"};

static void gaussian_form(const void *config, struct vcl_likelihood_form *form)
{
    const struct gaussian *gaussian = config;
    double sigma;
    form->shares_scale = strcmp(gaussian->sigma, "auto") == 0;
    if (vcl_parse_f64(gaussian->sigma, &sigma)) {
        form->constant = (float)sigma;
        return;
    }
    form->formula = NULL;
    form->outputs = form->shares_scale ? 1 : 2;
}

#define ROW &(const struct vcl_likelihood_def)

const struct vcl_likelihood_def *const vcl_likelihoods[] = {
    ROW{.name = "bernoulli",
        .help = "cross-entropy from logits, for values in [0, 1]",
        .mean = "sigmoid",
        .unit_interval = true,
        .density = true},
    ROW{.name = "gaussian",
        .help = "normal with the standard deviation sigma=F, or learned: sigma=auto or =learned",
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
    struct vcl_likelihood_form form = {.formula = def->name, .outputs = 1};
    if (def->form)
        def->form(config, &form);
    return form;
}
