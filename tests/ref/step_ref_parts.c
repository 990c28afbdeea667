/* SPDX-License-Identifier: MIT
 *
 * Activations and likelihoods of the float reference.
 */
#include <math.h>
#include <string.h>

#include "check/host_math.h"
#include "ref/step_ref_ops.h"

static const float LEAK = 0.01f, SELU_SCALE = 1.0507009873554805f, SELU_ALPHA = 1.6732632423543772f;
static const float HALF_LOG_2PI = 0.91893853320467274178f;

static float identity(float x)
{
    return x;
}

static float identity_slope(float x, float y)
{
    (void)x;
    (void)y;
    return 1;
}

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

const struct step_ref_activation *step_ref_activation(const char *name)
{
    static const struct step_ref_activation rows[] = {
        {"identity", identity, identity_slope},
        {"relu", relu, relu_slope},
        {"leaky_relu", leaky_relu, leaky_relu_slope},
        {"elu", elu, elu_slope},
        {"selu", selu, selu_slope},
        {"gelu", gelu, gelu_slope},
        {"silu", silu, silu_slope},
        {"tanh", vcl_host_tanh, tanh_slope},
        {"sigmoid", vcl_host_sigmoid, sigmoid_slope},
        {"softplus", vcl_host_softplus, softplus_slope},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
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

const struct step_ref_likelihood *step_ref_likelihood(const char *name)
{
    static const struct step_ref_likelihood rows[] = {
        {"bernoulli", bernoulli, bernoulli_slope},
        {"gaussian", gaussian, gaussian_slope},
        {"squared", squared, squared_slope},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    }
    return NULL;
}
