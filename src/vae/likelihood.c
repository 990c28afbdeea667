/* SPDX-License-Identifier: MIT */
#include "vae/likelihood.h"

#include <string.h>

#include "base/str.h"

const struct vcl_likelihood_def vcl_likelihoods[] = {
    {.name = "bernoulli",
     .help = "cross-entropy from logits, for values in [0, 1]",
     .mean = "sigmoid",
     .unit_interval = true,
     .density = true},
    {.name = "gaussian",
     .help = "normal with the fixed standard deviation --set sigma=F",
     .mean = "identity",
     .density = true},
    {.name = "squared", .help = "squared error, for plain autoencoders", .mean = "identity"},
    {0},
};

enum vcl_status vcl_likelihood_find(const char *name, const struct vcl_likelihood_def **ret_def,
                                    struct vcl_error *err)
{
    const char *names[32];
    size_t n = 0;
    for (const struct vcl_likelihood_def *row = vcl_likelihoods; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            *ret_def = row;
            return VCL_OK;
        }
        names[n++] = row->name;
    }
    names[n] = NULL;
    enum vcl_status r = ERR(err, VCL_E_ARG, "no likelihood is called '%s'", name);
    const char *near = vcl_nearest(name, names);
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near)
                : vcl_error_hint(err, r, "bernoulli, gaussian and squared are there");
}
