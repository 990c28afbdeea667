/* Activations: act_NAME(x), and act_NAME_grad(x, y), the derivative at x where y = act_NAME(x).
 * Those listed in src/gemm/epilogue.c without `needs_input` get x = 0 and must use y alone, so that
 * a layer need not keep its pre-activation. -DACT=act_NAME selects one for a program: the whole name,
 * since a runtime may have made `tanh` itself a macro.
 */
#include "prelude.cl"

#ifndef ACT
#define ACT act_identity
#endif
#define ACT_JOIN(a, b)  a##b
#define ACT_PASTE(a, b) ACT_JOIN(a, b)
#define activate        ACT
#define activate_grad   ACT_PASTE(ACT, _grad)

/* Most programs have one of these and are spared the compilation of what the others need. Files that
 * need math.cl themselves include it before this one. */
#define PLAIN_act_identity   1
#define PLAIN_act_relu       1
#define PLAIN_act_leaky_relu 1

#define LEAK 0.01f

static inline real act_identity(real x)
{
    return x;
}

static inline real act_identity_grad(real x, real y)
{
    return (real)(1.0f);
}

static inline real act_relu(real x)
{
    return x <= 0.0f ? (real)(0.0f) : x; /* NaN stays, to be found */
}

static inline real act_relu_grad(real x, real y)
{
    return y > 0.0f ? (real)(1.0f) : (real)(0.0f);
}

static inline real act_leaky_relu(real x)
{
    return x > 0.0f ? x : x * LEAK;
}

static inline real act_leaky_relu_grad(real x, real y)
{
    return y > 0.0f ? (real)(1.0f) : (real)(LEAK);
}

#if !ACT_PASTE(PLAIN_, ACT)
#include "math.cl"

#define ELU_ALPHA  1.0f
#define SELU_SCALE 1.0507009873554805f /* Klambauer et al. 2017 */
#define SELU_ALPHA 1.6732632423543772f

static inline real act_elu(real x)
{
    return x > 0.0f ? x : ELU_ALPHA * vm_expm1(x);
}

static inline real act_elu_grad(real x, real y)
{
    return y > 0.0f ? (real)(1.0f) : y + ELU_ALPHA;
}

static inline real act_selu(real x)
{
    return SELU_SCALE * (x > 0.0f ? x : SELU_ALPHA * vm_expm1(x));
}

static inline real act_selu_grad(real x, real y)
{
    return y > 0.0f ? (real)(SELU_SCALE) : y + SELU_SCALE * SELU_ALPHA;
}

static inline real act_gelu(real x)
{
    return x * vm_normal_cdf(x);
}

static inline real act_gelu_grad(real x, real y)
{
    return fma(x, vm_normal_pdf(x), vm_normal_cdf(x));
}

static inline real act_silu(real x)
{
    return x * vm_sigmoid(x);
}

static inline real act_silu_grad(real x, real y)
{
    real s = vm_sigmoid(x);
    return s * fma(x, 1.0f - s, (real)(1.0f));
}

static inline real act_tanh(real x)
{
    return vm_tanh(x);
}

static inline real act_tanh_grad(real x, real y)
{
    return fma(-y, y, (real)(1.0f));
}

static inline real act_sigmoid(real x)
{
    return vm_sigmoid(x);
}

static inline real act_sigmoid_grad(real x, real y)
{
    return y * (1.0f - y);
}

static inline real act_softplus(real x)
{
    return vm_softplus(x);
}

/* d softplus / dx = sigmoid(x) = 1 - exp(-softplus(x)). */
static inline real act_softplus_grad(real x, real y)
{
    return -vm_expm1(-y);
}

#endif
