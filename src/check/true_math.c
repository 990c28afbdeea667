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

/* sin and cos of quarter turns, for r in [-1/8, 1/8] turns around each: near a zero the argument is
 * the distance to it. */
static double quarter_wave(double r, long quarters)
{
    double angle = 2 * PI * r;
    switch (quarters & 3) {
    case 0:
        return cos(angle);
    case 1:
        return -sin(angle);
    case 2:
        return -cos(angle);
    default:
        return sin(angle);
    }
}

/* cos(2 pi (x + quarters / 4)); whole turns are taken off exactly. */
static double cos_turns(double x, long quarters)
{
    double turn = x - rint(x), nearest = rint(4 * turn);
    return isfinite(x) ? quarter_wave(turn - nearest / 4, (long)nearest + quarters) : NAN;
}

double vcl_true_cos_2pi(double x)
{
    return cos_turns(x, 0);
}

double vcl_true_sin_2pi(double x)
{
    return cos_turns(x, 3);
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
