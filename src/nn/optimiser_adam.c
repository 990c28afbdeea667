/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "nn/adam.h"
#include "optimisers.rows.h"

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
    .states = 2,
    .configure = vcl_adam_configure,
    .correct = vcl_adam_correct,
};
