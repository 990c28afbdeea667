/* SPDX-License-Identifier: MIT
 *
 * Activations and likelihoods of the float reference.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/host_math.h"
#include "gemm/gemm.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"
#include "vae/node_likelihood.h"

static const float LEAK = 0.01f, SELU_SCALE = 1.0507009873554805f, SELU_ALPHA = 1.6732632423543772f;
static const float HALF_LOG_2PI = 0.91893853320467274178f;

static float relu(float x)
{
    return x > 0 ? x : 0;
}

static float relu_slope(float x, float y)
{
    (void)x;
    return y > 0 ? 1 : 0;
}

static float leaky_relu(float x)
{
    return x > 0 ? x : x * LEAK;
}

static float leaky_relu_slope(float x, float y)
{
    (void)x;
    return y > 0 ? 1 : LEAK;
}

static float elu(float x)
{
    return x > 0 ? x : vcl_host_expm1(x);
}

static float elu_slope(float x, float y)
{
    (void)x;
    return y > 0 ? 1 : y + 1;
}

static float selu(float x)
{
    return SELU_SCALE * (x > 0 ? x : SELU_ALPHA * vcl_host_expm1(x));
}

static float selu_slope(float x, float y)
{
    (void)x;
    return y > 0 ? SELU_SCALE : y + SELU_SCALE * SELU_ALPHA;
}

static float gelu(float x)
{
    return x * vcl_host_normal_cdf(x);
}

static float gelu_slope(float x, float y)
{
    (void)y;
    return fmaf(x, vcl_host_normal_pdf(x), vcl_host_normal_cdf(x));
}

static float silu(float x)
{
    return x * vcl_host_sigmoid(x);
}

static float silu_slope(float x, float y)
{
    float s = vcl_host_sigmoid(x);
    (void)y;
    return s * fmaf(x, 1 - s, 1);
}

static float tanh_slope(float x, float y)
{
    (void)x;
    return fmaf(-y, y, 1);
}

static float sigmoid_slope(float x, float y)
{
    (void)x;
    return y * (1 - y);
}

static float softplus_slope(float x, float y)
{
    (void)x;
    return -vcl_host_expm1(-y);
}

/* slope(x, y) is the derivative at x, where y = value(x). */
static const struct activation {
    const char *name;
    float (*value)(float x), (*slope)(float x, float y);
} activations[] = {
    {"relu", relu, relu_slope},
    {"leaky_relu", leaky_relu, leaky_relu_slope},
    {"elu", elu, elu_slope},
    {"selu", selu, selu_slope},
    {"gelu", gelu, gelu_slope},
    {"silu", silu, silu_slope},
    {"tanh", vcl_host_tanh, tanh_slope},
    {"sigmoid", vcl_host_sigmoid, sigmoid_slope},
    {"softplus", vcl_host_softplus, softplus_slope},
    {0},
};

static const struct activation *activation_of(const struct ref_pass *p)
{
    const struct vcl_activation *config = p->node->config;
    return ref_row(activations, sizeof *activations, "activation", config->name);
}

void step_ref_activation_forward(const struct ref_pass *p)
{
    const struct activation *activation = activation_of(p);
    const float *x = p->x[0];
    float *y = p->y[0];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        y[i] = activation->value(x[i]);
}

void step_ref_activation_backward(const struct ref_pass *p)
{
    const struct activation *activation = activation_of(p);
    const float *x = p->x[0], *y = p->y[0], *dy = p->dy[0];
    float *dx = p->dx[0];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        dx[i] = dy[i] * activation->slope(x[i], y[i]);
}

static float bernoulli(float x, float y, float sigma)
{
    (void)sigma;
    return fmaf(-x, y, vcl_host_softplus(y));
}

static float bernoulli_slope(float x, float y, float sigma)
{
    (void)sigma;
    return vcl_host_sigmoid(y) - x;
}

static float gaussian(float x, float y, float sigma)
{
    float r = vcl_host_div(x - y, sigma);
    return fmaf(0.5f * r, r, vcl_host_log(sigma) + HALF_LOG_2PI);
}

static float gaussian_slope(float x, float y, float sigma)
{
    return vcl_host_div(y - x, sigma * sigma);
}

static float squared(float x, float y, float sigma)
{
    (void)sigma;
    return (x - y) * (x - y);
}

static float squared_slope(float x, float y, float sigma)
{
    (void)sigma;
    return 2 * (y - x);
}

static const struct likelihood {
    const char *name;
    float (*loss)(float x, float y, float sigma), (*slope)(float x, float y, float sigma);
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

void step_ref_likelihood_forward(const struct ref_pass *p)
{
    const struct vcl_node_likelihood *config = p->node->config;
    const struct likelihood *likelihood = likelihood_of(p);
    const float *x = p->x[0], *y = p->x[1];
    size_t size = p->node->in[1]->size, repeat = ref_repeat(p->node->in[1], p->node->in[0]);
    float *loss = p->y[0], *terms = ref_zeros(p->rows * size, sizeof *terms);
    for (size_t i = 0; i < p->rows * size; i++)
        terms[i] = likelihood->loss(x[ref_shared(i, size, repeat)], y[i], config->form.constant);
    for (size_t r = 0; r < p->rows; r++)
        loss[r] = step_ref_row_sum(terms + r * size, size);
    free(terms);
}

void step_ref_likelihood_backward(const struct ref_pass *p)
{
    const struct vcl_node_likelihood *config = p->node->config;
    const struct likelihood *likelihood = likelihood_of(p);
    const float *x = p->x[0], *y = p->x[1], *dloss = p->dy[0];
    float *dy = p->dx[1];
    size_t size = p->node->in[1]->size, repeat = ref_repeat(p->node->in[1], p->node->in[0]);
    for (size_t i = 0; i < p->rows * size; i++)
        dy[i] = dloss[i / size] *
                likelihood->slope(x[ref_shared(i, size, repeat)], y[i], config->form.constant);
}
