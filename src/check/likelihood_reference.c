/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "check/host_math.h"
#include "check/reference.h"
#include "check/true_math.h"

/* ---- as the kernels compute them, in float ---- */

static float bernoulli_loss(float x, float y, float parameter)
{
    (void)parameter;
    return fmaf(-x, y, vcl_host_softplus(y));
}

static float bernoulli_slope(float x, float y, float parameter)
{
    (void)parameter;
    return vcl_host_sigmoid(y) - x;
}

static float gaussian_loss(float x, float y, float parameter)
{
    float r = vcl_host_div(x - y, parameter);
    return fmaf(0.5f * r, r, vcl_host_log(parameter) + 0.91893853320467274178f);
}

static float gaussian_slope(float x, float y, float parameter)
{
    return vcl_host_div(y - x, parameter * parameter);
}

static float squared_loss(float x, float y, float parameter)
{
    (void)parameter;
    return (x - y) * (x - y);
}

static float squared_slope(float x, float y, float parameter)
{
    (void)parameter;
    return 2 * (y - x);
}

/* ---- from the densities, in double ---- */

/* -log(p^x (1 - p)^(1 - x)), where p = 1 / (1 + exp(-y)). */
static struct vcl_formula true_bernoulli_loss(double x, double y, double parameter)
{
    (void)parameter;
    double value = x * vcl_true_softplus(-y) + (1 - x) * vcl_true_softplus(y);
    return (struct vcl_formula){value, vcl_true_softplus(y) + fabs(x * y)};
}

static struct vcl_formula true_bernoulli_slope(double x, double y, double parameter)
{
    (void)parameter;
    double p = vcl_true_sigmoid(y);
    return (struct vcl_formula){(1 - x) * p - x * vcl_true_sigmoid(-y), p + x};
}

/* -log(exp(-(x - y)^2 / (2 sigma^2)) / (sigma sqrt(2 pi))) */
static struct vcl_formula true_gaussian_loss(double x, double y, double parameter)
{
    double constant = log(parameter * sqrt(2 * 3.14159265358979323846));
    double square = (x - y) * (x - y) / (2 * parameter * parameter);
    return (struct vcl_formula){square + constant, square + fabs(log(parameter)) + 1};
}

static struct vcl_formula true_gaussian_slope(double x, double y, double parameter)
{
    double value = (y - x) / (parameter * parameter);
    return (struct vcl_formula){value, fabs(value)};
}

static struct vcl_formula true_squared_loss(double x, double y, double parameter)
{
    (void)parameter;
    double value = x * x - 2 * x * y + y * y;
    return (struct vcl_formula){value, x * x + y * y};
}

static struct vcl_formula true_squared_slope(double x, double y, double parameter)
{
    (void)parameter;
    return (struct vcl_formula){2 * y - 2 * x, fabs(x) + fabs(y)};
}

const struct vcl_likelihood_reference vcl_likelihood_references[] = {
    {"bernoulli", bernoulli_loss, bernoulli_slope, true_bernoulli_loss, true_bernoulli_slope},
    {"gaussian", gaussian_loss, gaussian_slope, true_gaussian_loss, true_gaussian_slope},
    {"squared", squared_loss, squared_slope, true_squared_loss, true_squared_slope},
    {0},
};
