/* SPDX-License-Identifier: MIT */
#include "check/true_math.h"

#include <math.h>

#include "base/philox.h"

#define PI 3.14159265358979323846

double vcl_true_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

double vcl_true_softplus(double x)
{
    return x > 30 ? x + exp(-x) : log1p(exp(x));
}

double vcl_true_normal_cdf(double x)
{
    return 0.5 * erfc(-x * sqrt(0.5));
}

double vcl_true_normal_pdf(double x)
{
    return exp(-0.5 * x * x) / sqrt(2 * PI);
}

/* Whole turns are taken off exactly; near the zeros the argument is the distance to them. */
double vcl_true_cos_2pi(double x)
{
    double r = fabs(x - rint(x)); /* [0, 1/2] */
    if (r < 0.125)
        return cos(2 * PI * r);
    return r > 0.375 ? -cos(2 * PI * (0.5 - r)) : sin(2 * PI * (0.25 - r));
}

double vcl_true_sin_2pi(double x)
{
    return vcl_true_cos_2pi(x - rint(x) - 0.25);
}

double vcl_true_normal(uint64_t seed, uint32_t stream, uint32_t step, uint32_t row, uint32_t col,
                       double *ret_scale)
{
    const struct vcl_philox rng = {.seed = seed, .stream = stream, .step = step};
    uint32_t pair = col / 2 * 2;
    double u = (vcl_philox_word(&rng, row, pair) + 0.5) * 0x1p-32;
    double angle = (vcl_philox_word(&rng, row, pair + 1) >> 8) * 0x1p-24;
    double radius = sqrt(-2 * log(u));
    /* d radius = -(d u / u) / radius */
    *ret_scale = radius + 1 / fmax(radius, 0x1p-12);
    return radius * (col % 2 ? vcl_true_sin_2pi(angle) : vcl_true_cos_2pi(angle));
}
