/* SPDX-License-Identifier: MIT
 *
 * Activations and likelihoods of the reference.
 */
#include <math.h>
#include <string.h>

#include "gemm/gemm.h"
#include "ref/vae_ref_rows.h"
#include "vae/node_likelihood.h"

static const double SELU_SCALE = 1.05070098735548049342, SELU_ALPHA = 1.67326324235437728481;
static const double LEAK = 0.01, PI = 3.14159265358979323846;

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

/* act(x) and its derivative. */
static const struct activation {
    const char *name;
    double (*value)(double x), (*slope)(double x);
} activations[] = {
    {"relu", relu, relu_slope},      {"leaky_relu", leaky_relu, leaky_relu_slope},
    {"elu", elu, elu_slope},         {"selu", selu, selu_slope},
    {"gelu", gelu, gelu_slope},      {"silu", silu, silu_slope},
    {"tanh", tanh, tanh_slope},      {"sigmoid", sigmoid, sigmoid_slope},
    {"softplus", softplus, sigmoid}, {0},
};

static const struct activation *activation_of(const struct ref_pass *p)
{
    const struct vcl_activation *config = p->node->config;
    return ref_row(activations, sizeof *activations, "activation", config->name);
}

void vae_ref_activation_forward(const struct ref_pass *p)
{
    const struct activation *activation = activation_of(p);
    const double *x = p->x[0];
    double *y = p->y[0];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        y[i] = activation->value(x[i]);
}

void vae_ref_activation_backward(const struct ref_pass *p)
{
    const struct activation *activation = activation_of(p);
    const double *x = p->x[0], *dy = p->dy[0];
    double *dx = p->dx[0];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        dx[i] = dy[i] * activation->slope(x[i]);
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

/* -log p(x|y) of an element, or what stands for it, and its derivative by y. */
static const struct likelihood {
    const char *name;
    double (*loss)(double x, double y, double sigma), (*slope)(double x, double y, double sigma);
} likelihoods[] = {
    {"bernoulli", bernoulli, bernoulli_slope},
    {"gaussian", gaussian, gaussian_slope},
    {"squared", squared, squared_slope},
    {0},
};

static const struct likelihood *likelihood_of(const struct ref_pass *p)
{
    const struct vcl_node_likelihood *config = p->node->config;
    return ref_row(likelihoods, sizeof *likelihoods, "likelihood", config->form.formula);
}

void vae_ref_likelihood_forward(const struct ref_pass *p)
{
    const struct vcl_node_likelihood *config = p->node->config;
    const struct likelihood *likelihood = likelihood_of(p);
    const double *x = p->x[0], *y = p->x[1], sigma = (double)config->form.constant;
    double *loss = p->y[0];
    size_t size = p->node->in[1]->size, repeat = ref_repeat(p->node->in[1], p->node->in[0]);
    for (size_t r = 0; r < p->rows; r++) {
        loss[r] = 0;
        for (size_t i = r * size; i < (r + 1) * size; i++)
            loss[r] += likelihood->loss(x[ref_shared(i, size, repeat)], y[i], sigma);
    }
}

void vae_ref_likelihood_backward(const struct ref_pass *p)
{
    const struct vcl_node_likelihood *config = p->node->config;
    const struct likelihood *likelihood = likelihood_of(p);
    const double *x = p->x[0], *y = p->x[1], *dloss = p->dy[0],
                 sigma = (double)config->form.constant;
    double *dy = p->dx[1];
    size_t size = p->node->in[1]->size, repeat = ref_repeat(p->node->in[1], p->node->in[0]);
    for (size_t i = 0; i < p->rows * size; i++)
        dy[i] = dloss[i / size] * likelihood->slope(x[ref_shared(i, size, repeat)], y[i], sigma);
}
