/* SPDX-License-Identifier: MIT
 *
 * Elementary functions on `real` lanes, with the same bits on every device and on the host.
 *
 * Only operations that OpenCL requires to be correctly rounded are used: fma, +, -, * and integer
 * arithmetic; division and square root by fma residuals, rounded as IEEE asks, so that a device
 * with HAS_EXACT_DIV (where they are the built-ins) agrees with one without. No branches: both
 * sides of a choice are computed and selected per lane.
 *
 * Polynomials are our own minimax fits (coefficients rounded to float one by one, from the lowest
 * degree, the rest refitted each time); "error" beside one is the relative error it contributes to
 * the function; half an ulp is 3e-8 to 6e-8.
 *
 * Errors in ulp (a unit in the last place of a float of the true result's size), the largest over
 * all floats between 2^-20 and 2^7 and one in seventeen of the others:
 *     vm_div, vm_sqrt 0.5 (IEEE's bits)    vm_sigmoid  1.48    vm_normal_cdf  3.6
 *     vm_exp          1.02                 vm_softplus 1.87    vm_normal_pdf  1.87
 *     vm_expm1        1.30                 vm_tanh     1.13    vm_cos_2pi     0.88
 *     vm_log          0.94                 vm_erf      1.14    vm_sin_2pi     0.97
 *     vm_log1p        1.55
 * tests/check/math_accuracy asserts 2, and 4 for vm_normal_cdf. Subnormal results are rounded, not
 * flushed; overflow gives INFINITY. A NaN argument gives NaN, whose sign and payload are left to
 * the device. A device that flushes subnormals gives other bits, as far as we saw only where the
 * result is zero or below 2^-100.
 */

#define VM_SIGN      0x80000000u
#define VM_NAN       ((real)(as_float(0x7fc00000u)))
#define VM_LN2_HI    0x1.62e43p-1f /* ln 2 rounded to float: 3e-9 above it */
#define VM_LN2_LO    (-0x1.05c61p-29f)
#define VM_LOG2E     0x1.715476p0f
#define VM_ROUND     0x1.8p23f /* x + VM_ROUND holds rint(x) in its low bits */
#define VM_MIN_NORM  0x1p-126f
#define VM_EXP_UNDER (-104.0f) /* exp(-104) < 2^-150 rounds to 0 */
#define VM_EXP_OVER  89.0f     /* exp(89) > FLT_MAX */

/* A Horner step: p * x + c. */
static inline real vm_horner(real p, real x, float c)
{
    return fma(p, x, (real)(c));
}

static inline real vm_at_least(real x, float low)
{
    return x < low ? (real)(low) : x;
}

static inline real vm_at_most(real x, float high)
{
    return x > high ? (real)(high) : x;
}

/* |size| with the sign of `sign`. */
static inline real vm_with_sign(real size, real sign)
{
    return as_real((as_ureal(size) & ~VM_SIGN) | (as_ureal(sign) & VM_SIGN));
}

/* ---- Exponentials ---- */

/* (exp(r) - 1 - r) / r^2 for |r| <= ln(2) / 2. Error 3e-9. */
static inline real vm_exp_tail(real r)
{
    real p = (real)(0x1.6a4d6p-10f);
    p = vm_horner(p, r, 0x1.12398ep-7f);
    p = vm_horner(p, r, 0x1.5558bp-5f);
    p = vm_horner(p, r, 0x1.555492p-3f);
    return vm_horner(p, r, 0x1.fffffcp-2f);
}

/* x - n ln 2. The inner fma is exact: both of its terms are multiples of the last bit of the
 * result. */
static inline real vm_minus_ln2(real x, real n)
{
    return fma(n, (real)(-VM_LN2_LO), fma(n, (real)(-VM_LN2_HI), x));
}

/* exp(r) * 2^n. `biased` is VM_ROUND + n + 127 + lift: shifted left by 23 bits it is 2^(n + lift),
 * a normal number whatever n; `unlift` is 2^-lift, so that only its product can round. */
static inline real vm_exp_scaled(real r, real biased, real unlift)
{
    real p = fma(vm_exp_tail(r), r * r, r) + 1.0f;
    return p * as_real(as_ureal(biased) << 23) * unlift;
}

/* exp(x + tail) for x <= 0 and a tail below half an ulp of x. */
static inline real vm_exp_down(real x, real tail)
{
    const float rounder = VM_ROUND + 127 + 24;
    real floor_x = vm_at_least(x, VM_EXP_UNDER);
    real biased = fma(floor_x, (real)(VM_LOG2E), (real)(rounder));
    real n = biased - rounder;
    real r = fma(n, (real)(-VM_LN2_HI), floor_x) + fma(n, (real)(-VM_LN2_LO), tail);
    return vm_exp_scaled(r, biased, (real)(0x1p-24f));
}

static inline real vm_exp(real x)
{
    real in_range = vm_at_most(vm_at_least(x, VM_EXP_UNDER), VM_EXP_OVER);
    real rounder = x < 0.0f ? (real)(VM_ROUND + 127 + 24) : (real)(VM_ROUND + 127 - 24);
    real unlift = x < 0.0f ? (real)(0x1p-24f) : (real)(0x1p24f);
    real biased = fma(in_range, (real)(VM_LOG2E), rounder);
    return vm_exp_scaled(vm_minus_ln2(in_range, biased - rounder), biased, unlift);
}

/* exp(x) - 1 = 2 (s (exp(r) - 1) + (s - 1/2)) with s = 2^(n - 1), which never overflows. */
static inline real vm_expm1(real x)
{
    const float rounder = VM_ROUND + 127 - 1;
    real in_range = vm_at_most(vm_at_least(x, -25.0f), VM_EXP_OVER);
    real biased = fma(in_range, (real)(VM_LOG2E), (real)(rounder));
    real r = vm_minus_ln2(in_range, biased - rounder);
    real s = as_real(as_ureal(biased) << 23);
    real high = fma(s, r, s - 0.5f);
    real y = 2.0f * fma(s, vm_exp_tail(r) * (r * r), high);
    return fabs(x) < 0x1p-25f ? x : y;
}

/* ---- Logarithms ---- */

/* k ln 2 + log(1 + f) for |f| <= 1/3. Error 5e-9, and at most 3e-9 from ln 2. */
static inline real vm_log_sum(real f, real k)
{
    real p = (real)(-0x1.07bc3cp-3f);
    p = vm_horner(p, f, 0x1.1e6eb6p-3f);
    p = vm_horner(p, f, -0x1.f335dp-4f);
    p = vm_horner(p, f, 0x1.1ed508p-3f);
    p = vm_horner(p, f, -0x1.559c54p-3f);
    p = vm_horner(p, f, 0x1.99d054p-3f);
    p = vm_horner(p, f, -0x1.fffefap-3f);
    p = vm_horner(p, f, 0x1.555506p-2f);
    p = vm_horner(p, f, -0.5f);
    return fma(k, (real)(VM_LN2_HI), fma(p, f * f, f));
}

/* Exponent of x (normal, > 0) in place, for a significand in [2/3, 4/3). */
static inline ureal vm_exponent_bits(real x)
{
    return (as_ureal(x) - 0x3f2aaaabu) & 0xff800000u;
}

static inline real vm_exponent(ureal bits)
{
    return to_real(as_ireal(bits)) * 0x1p-23f;
}

/* log(x) for normal, finite x > 0. */
static inline real vm_log_normal(real x)
{
    ureal bits = vm_exponent_bits(x);
    return vm_log_sum(as_real(as_ureal(x) - bits) - 1.0f, vm_exponent(bits));
}

static inline real vm_log(real x)
{
    real normal = x < VM_MIN_NORM ? x * 0x1p24f : x;
    ureal bits = vm_exponent_bits(normal);
    real k = vm_exponent(bits) - (x < VM_MIN_NORM ? (real)(24.0f) : (real)(0.0f));
    real y = vm_log_sum(as_real(as_ureal(normal) - bits) - 1.0f, k);
    y = x < INFINITY ? y : x; /* INFINITY and NaN */
    y = x < 0.0f ? VM_NAN : y;
    return x == 0.0f ? (real)(-INFINITY) : y;
}

/* log(1 + x) with f = x 2^-k + (2^-k - 1): one rounding, and none for k = 0. */
static inline real vm_log1p(real x)
{
    ureal bits = vm_exponent_bits(1.0f + x);
    real four_scale = as_real(0x40800000u - bits);
    real f = as_real(as_ureal(x) - bits) + fma((real)(0.25f), four_scale, (real)(-1.0f));
    real y = vm_log_sum(f, vm_exponent(bits));
    y = fabs(x) < 0x1p-25f ? x : y; /* keeps the sign of zero */
    y = x < INFINITY ? y : x;
    y = x < -1.0f ? VM_NAN : y;
    return x == -1.0f ? (real)(-INFINITY) : y;
}

/* log(1 + e) for e in [0, 1]. */
static inline real vm_log1p_unit(real e)
{
    real k = e > 0x1.555556p-2f ? (real)(1.0f) : (real)(0.0f);
    real f = e > 0x1.555556p-2f ? vm_horner(e, (real)(0.5f), -0.5f) : e;
    return vm_log_sum(f, k);
}

/* ---- Division and square root ---- */

/* 1 / b within 1e-6 for b in [1, 2]: a quadratic (error 0.01) and a step of third order. */
static inline real vm_near_reciprocal(real b)
{
    real y = vm_horner((real)(0x1.4afd48p-2f), b, -0x1.745cfep0f);
    y = vm_horner(y, b, 0x1.0f83d8p1f);
    real e = vm_horner(-b, y, 1.0f);
    return fma(fma(e, e, e), y, y);
}

/* 1 / b for b in [1, 2) within 0.5000001 ulp, and correctly rounded for b > 1.9: math_accuracy
 * tests each of the 2^23 (nine are not correctly rounded). */
static inline real vm_reciprocal(real b)
{
    real y = vm_near_reciprocal(b);
    real e = vm_horner(-b, y, 1.0f);
    return fma(fma(e, e, e), y, y);
}

#if HAS_EXACT_DIV

static inline real vm_div(real a, real b)
{
    return a / b;
}

static inline real vm_sqrt(real x)
{
    return sqrt(x);
}

#else

/* |x| as a normal number: subnormals are multiplied by 2^24. */
static inline real vm_normalised(real x)
{
    real size = fabs(x);
    return size < VM_MIN_NORM ? size * 0x1p24f : size;
}

static inline real vm_significand(real x)
{
    return as_real((as_ureal(x) & 0x007fffffu) | 0x3f800000u);
}

/* Exponent of |x|, for the x that went into vm_normalised. */
static inline ireal vm_true_exponent(real x, real normalised)
{
    ireal e = as_ireal(as_ureal(normalised) >> 23);
    return fabs(x) < VM_MIN_NORM ? e - 24 : e;
}

static inline real vm_power_of_2(ireal n)
{
    return as_real(as_ureal(n + 127) << 23);
}

/* Zero, infinite or NaN. */
#define VM_IS_SPECIAL(x) (((as_ureal(x) & ~VM_SIGN) - 1u) >= 0x7f7fffffu)

/* |a / b| where one of them is special: their size hardly matters. */
static inline real vm_div_special(real a, real b)
{
    real size = fabs(b);
    real inverse = size == INFINITY ? (real)(0.0f) : size;
    inverse = size == 0.0f ? (real)(INFINITY) : inverse;
    return fabs(a) * inverse;
}

static inline real vm_inverse_power_of_2(real power)
{
    return as_real(0x7f000000u - as_ureal(power));
}

/* q 2^k, rounded once. q is a correctly rounded quotient with the remainder `rest`; if q 2^k lies
 * halfway between two subnormals, the sign of the remainder decides. k is within [-160, 140], and
 * is applied in two parts, so that no factor (and for normal results no product) is subnormal. */
static inline real vm_scaled_quotient(real q, real rest, ireal k)
{
    ireal half_k = k / 2;
    real scale = vm_power_of_2(half_k), other = vm_power_of_2(k - half_k);
    real y = q * scale * other;
    real inverse = vm_inverse_power_of_2(scale), other_inverse = vm_inverse_power_of_2(other);
    real lost = q - y * other_inverse * inverse;
    real up = as_real(as_ureal(y) + 1u), down = as_real(as_ureal(y) - 1u);
    real next = lost > 0.0f ? up : down;
    next = lost * rest > 0.0f ? next : y;
    return fabs(lost) * (0x1p75f * scale) == 0x1p-75f * other_inverse ? next : y;
}

/* a / b. Where the reciprocal y is correctly rounded, so is the significands' quotient, by
 * Markstein's theorem (q is within an ulp before the last step). Where it is only within 0.5000001
 * ulp, with y > 0.52: q is within 0.5 + 2^-22 ulp before the last step, which then errs by less
 * than 2^-24 * 0.2501 / y ulp, while a quotient is at least 2^-24 y ulp away from halfway cases. */
static inline real vm_div(real a, real b)
{
    real normal_a = vm_normalised(a), normal_b = vm_normalised(b);
    real sig_a = vm_significand(normal_a), sig_b = vm_significand(normal_b);
    real y = vm_reciprocal(sig_b);
    real q = sig_a * y;
    q = fma(fma(-sig_b, q, sig_a), y, q);
    q = fma(fma(-sig_b, q, sig_a), y, q);
    ireal k = vm_true_exponent(a, normal_a) - vm_true_exponent(b, normal_b);
    k = k < -160 ? (ireal)(-160) : k;
    k = k > 140 ? (ireal)(140) : k;
    real size = vm_scaled_quotient(q, fma(-sig_b, q, sig_a), k);
    real special = vm_div_special(a, b);
    size = VM_IS_SPECIAL(a) ? special : size;
    size = VM_IS_SPECIAL(b) ? special : size;
    return vm_with_sign(size, as_real(as_ureal(a) ^ as_ureal(b)));
}

/* A step of third order towards 1 / sqrt(x). */
static inline real vm_rsqrt_step(real x, real y)
{
    real e = fma(-(x * y), y, (real)(1.0f));
    return fma(y * e, vm_horner(e, (real)(0.375f), 0.5f), y);
}

/* Small x are scaled by 2^64, so that the residual is exact. The significands of two binades are
 * all there is: math_accuracy tests each. */
static inline real vm_sqrt(real x)
{
    real scaled = x < 0x1p-62f ? x * 0x1p64f : x;
    real unscale = x < 0x1p-62f ? (real)(0x1p-32f) : (real)(1.0f);
    real y = as_real(0x5f3759dfu - (as_ureal(scaled) >> 1));
    y = vm_rsqrt_step(scaled, vm_rsqrt_step(scaled, y));
    real root = scaled * y;
    root = fma(fma(-root, root, scaled), 0.5f * y, root) * unscale;
    root = x < 0.0f ? VM_NAN : root;
    root = x == INFINITY ? x : root;
    return x == 0.0f ? x : root;
}

#endif

/* ---- Activations ---- */

/* e / (1 + e) for e in [0, 1]. What 1 + e lost to rounding is put back into the remainder. */
static inline real vm_odds_to_probability(real e)
{
    real b = 1.0f + e;
    real lost = e - (b - 1.0f);
    real y = vm_near_reciprocal(b);
    real q = e * y;
    real rest = fma(-lost, q, fma(-b, q, e));
    return fma(rest, y, q);
}

/* 1 / (1 + exp(-x)). */
static inline real vm_sigmoid(real x)
{
    real p = vm_odds_to_probability(vm_exp_down(-fabs(x), (real)(0.0f)));
    return x > 0.0f ? 1.0f - p : p;
}

/* log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)). */
static inline real vm_softplus(real x)
{
    real rest = vm_log1p_unit(vm_exp_down(-fabs(x), (real)(0.0f)));
    return (x > 0.0f ? x : (real)(0.0f)) + rest;
}

/* x + x^3 P(x^2) below 0.6 (error 3e-9), 1 - 2 / (1 + exp(2 |x|)) above. */
static inline real vm_tanh(real x)
{
    real z = x * x;
    real p = (real)(-0x1.828776p-8f);
    p = vm_horner(p, z, 0x1.54c3c2p-6f);
    p = vm_horner(p, z, -0x1.b89abap-5f);
    p = vm_horner(p, z, 0x1.1109bep-3f);
    p = vm_horner(p, z, -0x1.55553ep-2f);
    real small = fma(p * z, x, x);
    real e = vm_exp_down(-2.0f * fabs(x), (real)(0.0f));
    real large = vm_horner(vm_odds_to_probability(e), (real)(-2.0f), 1.0f);
    return vm_with_sign(fabs(x) < 0.6f ? small : large, x);
}

/* erf(x) / x - 1 by z = x^2, for |x| <= 0.85. Error 7e-9. */
static inline real vm_erf_small(real z)
{
    real p = (real)(-0x1.4cd86p-11f);
    p = vm_horner(p, z, 0x1.4b763p-8f);
    p = vm_horner(p, z, -0x1.b735eap-6f);
    p = vm_horner(p, z, 0x1.ce256ap-4f);
    p = vm_horner(p, z, -0x1.812726p-2f);
    return vm_horner(p, z, 0x1.06eba8p-3f);
}

/* -log(1 - erf(x)) / x for x in [0.8, 3.95]. Error 4e-9. */
static inline real vm_erf_large(real x)
{
    real p = (real)(-0x1.c58388p-13f);
    p = vm_horner(p, x, 0x1.a7d072p-9f);
    p = vm_horner(p, x, -0x1.77fd28p-6f);
    p = vm_horner(p, x, 0x1.af858cp-4f);
    p = vm_horner(p, x, 0x1.45740ap-1f);
    return vm_horner(p, x, 0x1.20e79ap0f);
}

static inline real vm_erf(real x)
{
    real size = vm_at_most(fabs(x), 4.0f);
    real small = fma(size, vm_erf_small(size * size), size);
    real large = 1.0f - vm_exp_down(-size * vm_erf_large(size), (real)(0.0f));
    return vm_with_sign(size < 0.85f ? small : large, x);
}

/* exp(-u^2 / 2) with the square's rounding error put back. */
static inline real vm_exp_half_square(real u)
{
    real square = u * u;
    real lost = fma(u, u, -square);
    return vm_exp_down(-0.5f * square, -0.5f * lost);
}

/* Density of the standard normal distribution. */
static inline real vm_normal_pdf(real x)
{
    real e = vm_exp_half_square(vm_at_most(fabs(x), 15.0f));
    return fma(e, (real)(0x1.988454p-2f), e * -0x1.857936p-27f);
}

/* 1 / d within 4e-6 for normal d > 0: a guess from the bits (error 0.12), then steps of third and
 * of second order. */
static inline real vm_near_reciprocal_of_normal(real d)
{
    real y = as_real(0x7ef311c3u - as_ureal(d));
    real e = vm_horner(-d, y, 1.0f);
    y = fma(fma(e, e, e), y, y);
    e = vm_horner(-d, y, 1.0f);
    return fma(e, y, y);
}

/* exp(u^2 / 2) cdf(-u) for u in [1, 14.5], as P(t) / (u + k) with t = (u - k) / (u + k), for a k
 * near 3 at which the coefficients' rounding happens to cost little. Error 1.1e-8. */
static inline real vm_mills_ratio(real u)
{
    const float k = 3.03125f;
    real d = u + k;
    real lost = u - (d - k);
    real y = vm_near_reciprocal_of_normal(d);
    y = fma(fma(-lost, y, vm_horner(-d, y, 1.0f)), y, y);
    real t = vm_horner(y, (real)(-2.0f * k), 1.0f);
    real p = (real)(-0x1.0e0a5p-10f);
    p = vm_horner(p, t, 0x1.628028p-11f);
    p = vm_horner(p, t, 0x1.dda956p-8f);
    p = vm_horner(p, t, -0x1.307f8p-7f);
    p = vm_horner(p, t, -0x1.a49b5ep-5f);
    p = vm_horner(p, t, 0x1.e2d432p-3f);
    p = vm_horner(p, t, -0x1.06d5a4p-1f);
    p = vm_horner(p, t, 0x1.75deb8p-1f);
    real q = p * y;
    return fma(fma(-lost, q, fma(-d, q, p)), y, q);
}

/* (cdf(x) - 1/2) / x by z = x^2, for |x| <= 1. Error 3e-9. */
static inline real vm_cdf_middle(real z)
{
    real p = (real)(-0x1.122004p-17f);
    p = vm_horner(p, z, 0x1.e26c88p-14f);
    p = vm_horner(p, z, -0x1.376eacp-10f);
    p = vm_horner(p, z, 0x1.46d558p-7f);
    p = vm_horner(p, z, -0x1.105862p-4f);
    return vm_horner(p, z, 0x1.988454p-2f);
}

/* (1 + erf(x / sqrt(2))) / 2, accurate relative to itself in the negative tail too. */
static inline real vm_normal_cdf(real x)
{
    real u = vm_at_most(fabs(x), 14.5f);
    real tail = vm_exp_half_square(u) * vm_mills_ratio(u);
    real outer = x > 0.0f ? 1.0f - tail : tail;
    return u < 1.0f ? vm_horner(vm_cdf_middle(x * x), x, 0.5f) : outer;
}

/* ---- Trigonometry ---- */

/* sin(2 pi r) and cos(2 pi r) for |r| <= 1/8. Errors 1e-10 and 4e-10. */
static inline real vm_sin_eighth(real r)
{
    real z = r * r;
    real p = (real)(0x1.443928p5f);
    p = vm_horner(p, z, -0x1.32ada8p6f);
    p = vm_horner(p, z, 0x1.466b78p6f);
    p = vm_horner(p, z, -0x1.4abbcep5f);
    p = vm_horner(p, z, -0x1.777a5cp-23f); /* 2 pi = 0x1.921fb6p2 + this */
    return fma(r, (real)(0x1.921fb6p2f), p * r);
}

static inline real vm_cos_eighth(real r)
{
    real z = r * r;
    real p = (real)(0x1.d4f44ap5f);
    p = vm_horner(p, z, -0x1.55b2b2p6f);
    p = vm_horner(p, z, 0x1.03c1bp6f);
    p = vm_horner(p, z, -0x1.3bd3ccp4f);
    return vm_horner(p, z, 1.0f);
}

/* cos(2 pi (u + quarters / 4)) for |u| < 2^20. The reduction is exact, and so are the results at
 * quarters (zeros may be negative). */
static inline real vm_cos_turns(real u, ureal quarters)
{
    real rounded = fma(u, (real)(4.0f), (real)(VM_ROUND));
    real r = fma(rounded - VM_ROUND, (real)(-0.25f), u);
    ureal q = as_ureal(rounded) + quarters;
    real size = (q & 1u) != 0u ? vm_sin_eighth(r) : vm_cos_eighth(r);
    return as_real(as_ureal(size) ^ (((q + 1u) & 2u) << 30));
}

static inline real vm_cos_2pi(real u)
{
    return vm_cos_turns(u, (ureal)(0u));
}

static inline real vm_sin_2pi(real u)
{
    return vm_cos_turns(u, (ureal)(3u));
}
