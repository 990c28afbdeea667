/* SPDX-License-Identifier: MIT
 *
 * Activations and likelihoods of the reference.
 */
#include <math.h>
#include <string.h>

#include "ref/vae_ref.h"

static const double SELU_SCALE = 1.05070098735548049342, SELU_ALPHA = 1.67326324235437728481;
static const double LEAK = 0.01, PI = 3.14159265358979323846;

static double identity(double x)
{
    return x;
}

static double identity_slope(double x)
{
    (void)x;
    return 1;
}

static double relu(double x)
{
    return fmax(x, 0);
}

static double relu_slope(double x)
{
    return x > 0;
}

static double leaky_relu(double x)
{
    return x > 0 ? x : LEAK * x;
}

static double leaky_relu_slope(double x)
{
    return x > 0 ? 1 : LEAK;
}

static double elu(double x)
{
    return x > 0 ? x : expm1(x);
}

static double elu_slope(double x)
{
    return x > 0 ? 1 : exp(x);
}

static double selu(double x)
{
    return SELU_SCALE * (x > 0 ? x : SELU_ALPHA * expm1(x));
}

static double selu_slope(double x)
{
    return SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * exp(x));
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2));
}

static double gelu(double x)
{
    return x * normal_cdf(x);
}

static double gelu_slope(double x)
{
    return normal_cdf(x) + x * exp(-x * x / 2) / sqrt(2 * PI);
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double sigmoid_slope(double x)
{
    return sigmoid(x) * sigmoid(-x);
}

static double silu(double x)
{
    return x * sigmoid(x);
}

static double silu_slope(double x)
{
    return sigmoid(x) + x * sigmoid_slope(x);
}

static double tanh_slope(double x)
{
    return 1 / (cosh(x) * cosh(x));
}

static double softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static const struct vae_ref_activation activations[] = {
    {"identity", identity, identity_slope},
    {"relu", relu, relu_slope},
    {"leaky_relu", leaky_relu, leaky_relu_slope},
    {"elu", elu, elu_slope},
    {"selu", selu, selu_slope},
    {"gelu", gelu, gelu_slope},
    {"silu", silu, silu_slope},
    {"tanh", tanh, tanh_slope},
    {"sigmoid", sigmoid, sigmoid_slope},
    {"softplus", softplus, sigmoid},
};

const struct vae_ref_activation *vae_ref_activation(const char *name)
{
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        if (strcmp(activations[i].name, name) == 0)
            return &activations[i];
    }
    return NULL;
}

/* y is the logit: -(x log p + (1 - x) log(1 - p)). */
static double bernoulli(double x, double y, double sigma)
{
    (void)sigma;
    return x * softplus(-y) + (1 - x) * softplus(y);
}

static double bernoulli_slope(double x, double y, double sigma)
{
    (void)sigma;
    return sigmoid(y) - x;
}

static double gaussian(double x, double y, double sigma)
{
    return (x - y) * (x - y) / (2 * sigma * sigma) + log(sigma) + 0.5 * log(2 * PI);
}

static double gaussian_slope(double x, double y, double sigma)
{
    return (y - x) / (sigma * sigma);
}

static double squared(double x, double y, double sigma)
{
    (void)sigma;
    return (x - y) * (x - y);
}

static double squared_slope(double x, double y, double sigma)
{
    (void)sigma;
    return 2 * (y - x);
}

static const struct vae_ref_likelihood likelihoods[] = {
    {"bernoulli", bernoulli, bernoulli_slope},
    {"gaussian", gaussian, gaussian_slope},
    {"squared", squared, squared_slope},
};

const struct vae_ref_likelihood *vae_ref_likelihood(const char *name)
{
    for (size_t i = 0; i < sizeof likelihoods / sizeof *likelihoods; i++) {
        if (strcmp(likelihoods[i].name, name) == 0)
            return &likelihoods[i];
    }
    return NULL;
}
