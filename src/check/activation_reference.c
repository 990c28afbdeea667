/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "check/host_math.h"
#include "check/reference.h"
#include "check/true_math.h"

#define LEAK       0.01f
#define SELU_SCALE 1.0507009873554805
#define SELU_ALPHA 1.6732632423543772

/* ---- as the kernels compute them, in float ---- */

static float identity(float x)
{
    return x;
}

static float identity_gradient(float x, float y)
{
    (void)x;
    (void)y;
    return 1;
}

static float relu(float x)
{
    return x <= 0 ? 0 : x;
}

static float relu_gradient(float x, float y)
{
    (void)x;
    return y > 0 ? 1 : 0;
}

static float leaky_relu(float x)
{
    return x > 0 ? x : x * LEAK;
}

static float leaky_relu_gradient(float x, float y)
{
    (void)x;
    return y > 0 ? 1 : LEAK;
}

static float elu(float x)
{
    return x > 0 ? x : vcl_host_expm1(x);
}

static float elu_gradient(float x, float y)
{
    (void)x;
    return y > 0 ? 1 : y + 1;
}

static float selu(float x)
{
    return (float)SELU_SCALE * (x > 0 ? x : (float)SELU_ALPHA * vcl_host_expm1(x));
}

static float selu_gradient(float x, float y)
{
    (void)x;
    return y > 0 ? (float)SELU_SCALE : y + (float)SELU_SCALE * (float)SELU_ALPHA;
}

static float gelu(float x)
{
    return x * vcl_host_normal_cdf(x);
}

static float gelu_gradient(float x, float y)
{
    (void)y;
    return fmaf(x, vcl_host_normal_pdf(x), vcl_host_normal_cdf(x));
}

static float silu(float x)
{
    return x * vcl_host_sigmoid(x);
}

static float silu_gradient(float x, float y)
{
    (void)y;
    float s = vcl_host_sigmoid(x);
    return s * fmaf(x, 1 - s, 1);
}

static float tanh_gradient(float x, float y)
{
    (void)x;
    return fmaf(-y, y, 1);
}

static float sigmoid_gradient(float x, float y)
{
    (void)x;
    return y * (1 - y);
}

static float softplus_gradient(float x, float y)
{
    (void)x;
    return -vcl_host_expm1(-y);
}

/* ---- by definition, in double; derivatives from x and not from y ---- */

static double true_identity(double x)
{
    return x;
}

static struct vcl_formula true_identity_gradient(double x)
{
    (void)x;
    return (struct vcl_formula){1, 1};
}

static double true_relu(double x)
{
    return x > 0 || isnan(x) ? x : 0;
}

static struct vcl_formula true_relu_gradient(double x)
{
    return x > 0 ? (struct vcl_formula){1, 1} : (struct vcl_formula){0, 0};
}

static double true_leaky_relu(double x)
{
    return x > 0 ? x : 0.01 * x;
}

static struct vcl_formula true_leaky_relu_gradient(double x)
{
    return x > 0 ? (struct vcl_formula){1, 1} : (struct vcl_formula){0.01, 0.01};
}

static double true_elu(double x)
{
    return x > 0 ? x : expm1(x);
}

static struct vcl_formula true_elu_gradient(double x)
{
    return (struct vcl_formula){x > 0 ? 1 : exp(x), 1};
}

static double true_selu(double x)
{
    return SELU_SCALE * (x > 0 ? x : SELU_ALPHA * expm1(x));
}

static struct vcl_formula true_selu_gradient(double x)
{
    return (struct vcl_formula){SELU_SCALE * (x > 0 ? 1 : SELU_ALPHA * exp(x)),
                                SELU_SCALE * SELU_ALPHA};
}

static double true_gelu(double x)
{
    return x * vcl_true_normal_cdf(x);
}

static struct vcl_formula true_gelu_gradient(double x)
{
    double cdf = vcl_true_normal_cdf(x), rise = x * vcl_true_normal_pdf(x);
    return (struct vcl_formula){cdf + rise, cdf + fabs(rise)};
}

static double true_silu(double x)
{
    return x * vcl_true_sigmoid(x);
}

static struct vcl_formula true_silu_gradient(double x)
{
    double s = vcl_true_sigmoid(x), other = vcl_true_sigmoid(-x);
    return (struct vcl_formula){s * (1 + x * other), s * (1 + fabs(x) * other)};
}

static struct vcl_formula true_tanh_gradient(double x)
{
    return (struct vcl_formula){1 / (cosh(x) * cosh(x)), 2};
}

static struct vcl_formula true_sigmoid_gradient(double x)
{
    return (struct vcl_formula){vcl_true_sigmoid(x) * vcl_true_sigmoid(-x), vcl_true_sigmoid(x)};
}

static struct vcl_formula true_softplus_gradient(double x)
{
    return (struct vcl_formula){vcl_true_sigmoid(x), vcl_true_sigmoid(x)};
}

static const struct vcl_activation_reference references[] = {
    {"identity", 1, identity, identity_gradient, true_identity, true_identity_gradient},
    {"relu", 1, relu, relu_gradient, true_relu, true_relu_gradient},
    {"leaky_relu", 2, leaky_relu, leaky_relu_gradient, true_leaky_relu, true_leaky_relu_gradient},
    {"elu", 4, elu, elu_gradient, true_elu, true_elu_gradient},
    {"selu", 4, selu, selu_gradient, true_selu, true_selu_gradient},
    {"gelu", 6, gelu, gelu_gradient, true_gelu, true_gelu_gradient},
    {"silu", 6, silu, silu_gradient, true_silu, true_silu_gradient},
    {"tanh", 4, vcl_host_tanh, tanh_gradient, tanh, true_tanh_gradient},
    {"sigmoid", 4, vcl_host_sigmoid, sigmoid_gradient, vcl_true_sigmoid, true_sigmoid_gradient},
    {"softplus", 4, vcl_host_softplus, softplus_gradient, vcl_true_softplus,
     true_softplus_gradient},
    {0},
};

enum vcl_status vcl_activation_reference_find(const char *name,
                                              const struct vcl_activation_reference **ret_row,
                                              struct vcl_error *err)
{
    for (const struct vcl_activation_reference *row = references; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            *ret_row = row;
            return VCL_OK;
        }
    }
    return ERR(err, VCL_E_UNSUPPORTED, "there is no reference for the activation '%s'", name);
}

/* A factor that is subnormal errs by a part of the smallest normal number, times the other one;
 * beyond 200 each such factor is zero. */
static double subnormal_factor(double x)
{
    return fmin(fabs(x), 200) * 0x1p-126;
}

struct vcl_formula vcl_activation_formula(const struct vcl_activation_reference *row, double x)
{
    double value = row->true_forward(x);
    return (struct vcl_formula){value, fabs(value) + subnormal_factor(x)};
}

struct vcl_formula vcl_activation_slope(const struct vcl_activation_reference *row, double x)
{
    struct vcl_formula slope = row->true_gradient(x);
    slope.scale += subnormal_factor(x);
    return slope;
}
