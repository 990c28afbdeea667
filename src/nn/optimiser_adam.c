/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/adam.h"
#include "optimisers.rows.h"

const struct vcl_opt vcl_adam_opts[] = {
    VCL_OPTIMISER_OPTS,
    VCL_OPTIMISER_OPT("beta1", beta1, 0, 0.999999, "decay of the first moment"),
    VCL_OPTIMISER_OPT("beta2", beta2, 0, 0.999999, "decay of the second moment"),
    VCL_OPTIMISER_OPT("eps", eps, 1e-30, 1, "added to the root of the second moment"),
    {0},
};

const struct vcl_optimiser_config vcl_adam_defaults = {
    .lr = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8};

void vcl_adam_configure(const struct vcl_optimiser_config *config, struct vcl_optimise *op)
{
    op->kernel = "adam";
    op->a = (float)config->beta1;
    op->b = (float)config->beta2;
    op->c = (float)config->eps;
}

/* x^n by squaring: only correctly rounded multiplications, so the same bits on every host. */
static double power(double x, uint64_t n)
{
    double result = 1;
    for (; n; n >>= 1) {
        if (n & 1)
            result *= x;
        x *= x;
    }
    return result;
}

void vcl_adam_correct(const struct vcl_optimiser_config *config, uint64_t t, struct vcl_step *step)
{
    /* The constants as the kernel sees them, rounded to float. */
    double beta1 = (float)config->beta1, beta2 = (float)config->beta2;
    step->correction1 = (float)(1 / (1 - power(beta1, t)));
    step->correction2 = (float)(1 / sqrt(1 - power(beta2, t)));
}

const struct vcl_optimiser_def vcl_optimiser_adam = {
    .name = "adam",
    .help = "Adam; weight decay adds to the gradient",
    .opts = vcl_adam_opts,
    .config_size = sizeof(struct vcl_optimiser_config),
    .defaults = &vcl_adam_defaults,
    .states = 2,
    .configure = vcl_adam_configure,
    .correct = vcl_adam_correct,
};
