/* SPDX-License-Identifier: MIT
 *
 * kernels/math.cl and kernels/random.cl, compiled for the host, against independent references:
 * libm in double, the hardware's division and square root, Random123's known answers and
 * src/base/philox.c. No device is needed; that a device gives the same bits as the host is another
 * test's matter.
 *
 * usage: math_accuracy [SCALE]    SCALE times as many arguments (default 1, seconds; 2000: all
 * floats, hours)
 */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/philox.h"
#include "check/cl_host.h"

#include "math.cl"
#include "random.cl"

/* The shim's float versions are for the .cl files only. */
#undef fma
#undef fabs
#undef rint
#undef sqrt

#define HALF_PI 1.57079632679489661923

static unsigned scale = 1;

/* ---- References in double ---- */

static double ref_sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double ref_softplus(double x)
{
    return fmax(x, 0) + log1p(exp(-fabs(x)));
}

static double ref_normal_cdf(double x)
{
    return 0.5 * erfc(-x * sqrt(0.5));
}

static double ref_normal_pdf(double x)
{
    return exp(-0.5 * x * x) * 0.39894228040143267794;
}

/* cos(pi / 2 (4 u + quarters)): the quarter is split off exactly. */
static double cos_quarters(double u, int quarters)
{
    double nearest = rint(4 * u);
    double r = HALF_PI * (4 * u - nearest);
    switch (((int)nearest + quarters) & 3) {
    case 0:
        return cos(r);
    case 1:
        return -sin(r);
    case 2:
        return -cos(r);
    default:
        return sin(r);
    }
}

static double ref_cos_2pi(double u)
{
    return cos_quarters(u, 0);
}

static double ref_sin_2pi(double u)
{
    return cos_quarters(u, 3);
}

/* ---- Accuracy ---- */

static const struct function {
    const char *name;
    float (*ours)(float);
    double (*reference)(double);
    double bound; /* ulp */
    float low, high;
} functions[] = {
    {"exp", vm_exp, exp, 2, -INFINITY, INFINITY},
    {"expm1", vm_expm1, expm1, 2, -INFINITY, INFINITY},
    {"log", vm_log, log, 2, 0, INFINITY},
    {"log1p", vm_log1p, log1p, 2, -1, INFINITY},
    {"sqrt", vm_sqrt, sqrt, 0.5, 0, INFINITY},
    {"sigmoid", vm_sigmoid, ref_sigmoid, 2, -INFINITY, INFINITY},
    {"softplus", vm_softplus, ref_softplus, 2, -INFINITY, INFINITY},
    {"tanh", vm_tanh, tanh, 2, -INFINITY, INFINITY},
    {"erf", vm_erf, erf, 2, -INFINITY, INFINITY},
    {"normal_cdf", vm_normal_cdf, ref_normal_cdf, 4, -INFINITY, INFINITY},
    {"normal_pdf", vm_normal_pdf, ref_normal_pdf, 2, -INFINITY, INFINITY},
    {"cos_2pi", vm_cos_2pi, ref_cos_2pi, 2, -1, 1},
    {"sin_2pi", vm_sin_2pi, ref_sin_2pi, 2, -1, 1},
};

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* |got - want| in units of the last bit that a float of want's size has. Infinity counts as the
 * next number after FLT_MAX, so that overflow is judged by the same measure. */
static double ulp_error(float got, double want)
{
    int exponent;
    double x = isinf(got) ? copysign(0x1p128, (double)got) : (double)got;
    want = fmin(fmax(want, -0x1p128), 0x1p128);
    if (isnan(x) || isnan(want))
        return isnan(x) && isnan(want) ? 0 : 0x1p1023;
    frexp(want, &exponent);
    return fabs(x - want) * ldexp(1, want != 0 && exponent > -125 ? 24 - exponent : 149);
}

struct worst {
    double error;
    float x;
    long count;
};

static void measure(const struct function *f, float x, struct worst *worst)
{
    if (!(x >= f->low && x <= f->high))
        return;
    double error = ulp_error(f->ours(x), f->reference((double)x));
    worst->count++;
    if (error > worst->error) {
        worst->error = error;
        worst->x = x;
    }
}

/* Floats of all sizes, then more of the usual ones: the tail beyond 2^7 and below 2^-20 is easy. */
static struct worst sweep(const struct function *f)
{
    struct worst worst = {0, 0, 0};
    uint32_t wide = 6007 / scale | 1, narrow = 373 / scale | 1;
    for (uint32_t bits = 0; bits <= 0x7f800000u; bits += wide) {
        measure(f, cl_bits_float(bits), &worst);
        measure(f, -cl_bits_float(bits), &worst);
    }
    for (uint32_t bits = 0x35800000u; bits <= 0x43000000u; bits += narrow) {
        measure(f, cl_bits_float(bits), &worst);
        measure(f, -cl_bits_float(bits), &worst);
    }
    return worst;
}

static void test_accuracy(void **state)
{
    (void)state;
    int failures = 0;
    print_message("function      max ulp   bound  at x                arguments\n");
    for (size_t i = 0; i < COUNT(functions); i++) {
        const struct function *f = &functions[i];
        struct worst worst = sweep(f);
        print_message("%-12s  %7.3f  %6.1f  %-18a  %9ld\n", f->name, worst.error, f->bound,
                      (double)worst.x, worst.count);
        failures += worst.error > f->bound;
    }
    assert_int_equal(failures, 0);
}

/* ---- Special values: exact, NaN standing for any NaN ---- */

static const struct special {
    float (*ours)(float);
    float x, want;
} specials[] = {
    {vm_exp, 0, 1},
    {vm_exp, -0.0f, 1},
    {vm_exp, INFINITY, INFINITY},
    {vm_exp, -INFINITY, 0},
    {vm_exp, 0x1.62e42ep6f, 0x1.ffff08p127f}, /* the last before overflow */
    {vm_exp, 0x1.62e43p6f, INFINITY},
    {vm_exp, -0x1.9fe368p6f, 0x1p-149f}, /* the last before underflow */
    {vm_exp, -0x1.9fe36ap6f, 0},
    {vm_expm1, 0, 0},
    {vm_expm1, -0.0f, -0.0f},
    {vm_expm1, 0x1p-149f, 0x1p-149f},
    {vm_expm1, INFINITY, INFINITY},
    {vm_expm1, -INFINITY, -1},
    {vm_log, 1, 0},
    {vm_log, 0, -INFINITY},
    {vm_log, -0.0f, -INFINITY},
    {vm_log, INFINITY, INFINITY},
    {vm_log, -0x1p-149f, NAN},
    {vm_log, -INFINITY, NAN},
    {vm_log1p, 0, 0},
    {vm_log1p, -0.0f, -0.0f},
    {vm_log1p, -0x1p-149f, -0x1p-149f},
    {vm_log1p, -1, -INFINITY},
    {vm_log1p, -0x1.000002p0f, NAN},
    {vm_log1p, INFINITY, INFINITY},
    {vm_log1p, -INFINITY, NAN},
    {vm_sqrt, 0, 0},
    {vm_sqrt, -0.0f, -0.0f},
    {vm_sqrt, INFINITY, INFINITY},
    {vm_sqrt, -0x1p-149f, NAN},
    {vm_sqrt, -INFINITY, NAN},
    {vm_sigmoid, 0, 0.5f},
    {vm_sigmoid, INFINITY, 1},
    {vm_sigmoid, -INFINITY, 0},
    {vm_softplus, INFINITY, INFINITY},
    {vm_softplus, -INFINITY, 0},
    {vm_tanh, 0, 0},
    {vm_tanh, -0.0f, -0.0f},
    {vm_tanh, INFINITY, 1},
    {vm_tanh, -INFINITY, -1},
    {vm_erf, 0, 0},
    {vm_erf, -0.0f, -0.0f},
    {vm_erf, INFINITY, 1},
    {vm_erf, -INFINITY, -1},
    {vm_normal_cdf, 0, 0.5f},
    {vm_normal_cdf, INFINITY, 1},
    {vm_normal_cdf, -INFINITY, 0},
    {vm_normal_pdf, INFINITY, 0},
    {vm_cos_2pi, 0, 1},
    {vm_cos_2pi, 0.5f, -1},
    {vm_sin_2pi, 0, 0},
    {vm_sin_2pi, 0.25f, 1},
    {vm_sin_2pi, 0.75f, -1},
};

static bool same(float a, float b)
{
    return (isnan(a) && isnan(b)) || cl_float_bits(a) == cl_float_bits(b);
}

static void test_specials(void **state)
{
    (void)state;
    int failures = 0;
    for (size_t i = 0; i < COUNT(specials); i++) {
        const struct special *s = &specials[i];
        float got = s->ours(s->x);
        if (!same(got, s->want))
            print_message("special %zu: of %a is %a, not %a\n", i, (double)s->x, (double)got,
                          (double)s->want);
        failures += !same(got, s->want);
    }
    for (size_t i = 0; i < COUNT(functions); i++)
        failures += !isnan(functions[i].ours(NAN));
    /* At a quarter turn the zeros may have either sign. */
    failures += vm_cos_2pi(0.25f) != 0 || vm_cos_2pi(0.75f) != 0 || vm_sin_2pi(0.5f) != 0;
    assert_int_equal(failures, 0);
}

/* ---- Division and square root: the hardware's bits ---- */

static uint64_t splitmix(uint64_t *state)
{
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static int quotient_differs(float a, float b)
{
    float got = vm_div(a, b), want = a / b;
    if (same(got, want))
        return 0;
    print_message("%a / %a is %a, not %a\n", (double)a, (double)b, (double)got, (double)want);
    return 1;
}

/* Any bits at all: every exponent, subnormals, infinities, NaNs. */
static int pair_of_any(uint64_t random)
{
    return quotient_differs(cl_bits_float((uint32_t)random),
                            cl_bits_float((uint32_t)(random >> 32)));
}

/* Exponents that make the quotient subnormal, or nearly. */
static int pair_with_subnormal_quotient(uint64_t random)
{
    uint32_t exponent_a = (uint32_t)(random >> 46) % 128;
    uint32_t exponent_b = exponent_a + 124 + (uint32_t)(random >> 56) % 30;
    uint32_t a = exponent_a << 23 | (random & 0x7fffff);
    uint32_t b = (exponent_b > 254 ? 254 : exponent_b) << 23 | (random >> 23 & 0x7fffff);
    return quotient_differs(cl_bits_float(a), cl_bits_float(b));
}

/* a next to b times a short number: quotients at, and next to, halfway cases. */
static int pair_near_tie(uint64_t random)
{
    uint32_t bits_b = (uint32_t)(random & 0x3ffffff) + 0x3f800000u;
    unsigned kept = (unsigned)(random >> 27) % 24;
    uint32_t short_bits = 0x3f800000u | ((uint32_t)(random >> 32) & 0x7fffff & ~0u << kept);
    int exponent = (int)(random >> 55 & 1) * -127 - (int)(random >> 56 & 15);
    float b = cl_bits_float(bits_b);
    float a = ldexpf(b * cl_bits_float(short_bits), exponent);
    uint32_t a_bits = cl_float_bits(a);
    return quotient_differs(a, b) + quotient_differs(cl_bits_float(a_bits + 1), b) +
           quotient_differs(cl_bits_float(a_bits - 1), b);
}

static void test_division(void **state)
{
    (void)state;
    static const float edges[] = {
        0, 0x1p-149f, 0x1.8p-148f, 0x1.fffffcp-127f, 0x1p-126f, 0x1p-125f,  0x1.fffffep-1f,
        1, 0x1.8p0f,  0x1p126f,    0x1.fffffep127f,  INFINITY,  0x1.8p127f, 0x1.2p-140f};
    uint64_t seed = 1;
    int failures = 0;
    for (size_t i = 0; i < COUNT(edges); i++)
        for (size_t j = 0; j < COUNT(edges); j++)
            for (int sign = 0; sign < 4; sign++)
                failures += quotient_differs(sign & 1 ? -edges[i] : edges[i],
                                             sign & 2 ? -edges[j] : edges[j]);
    for (long i = 0; i < 4000000L * scale && failures < 20; i++) {
        failures += pair_of_any(splitmix(&seed));
        failures += pair_with_subnormal_quotient(splitmix(&seed));
        failures += pair_near_tie(splitmix(&seed));
    }
    assert_int_equal(failures, 0);
}

/* All 2^23 significands: what the proof of vm_div, above it, rests on. */
static void test_reciprocals(void **state)
{
    (void)state;
    double worst = 0;
    int inexact = 0, failures = 0;
    for (uint32_t bits = 0x3f800000u; bits < 0x40000000u; bits++) {
        float b = cl_bits_float(bits), y = vm_reciprocal(b);
        worst = fmax(worst, ulp_error(y, 1 / (double)b));
        inexact += y != 1 / b;
        failures += y != 1 / b && b > 1.9f;
    }
    print_message("reciprocal: %.8f ulp, %d not correctly rounded\n", worst, inexact);
    assert_true(worst < 0.5000001);
    assert_int_equal(failures, 0);
}

/* All significands of two binades, which is all there is in normal numbers, and all exponents. */
static void test_square_roots(void **state)
{
    (void)state;
    int failures = 0;
    for (uint32_t bits = 0x3f800000u; bits < 0x40800000u; bits++)
        failures += !same(vm_sqrt(cl_bits_float(bits)), sqrtf(cl_bits_float(bits)));
    for (uint32_t bits = 0; bits < 0x7f800000u; bits += 1009 / scale | 1)
        failures += !same(vm_sqrt(cl_bits_float(bits)), sqrtf(cl_bits_float(bits)));
    assert_int_equal(failures, 0);
}

/* ---- Random numbers ---- */

/* Known answers of the Random123 distribution: counter, key, output. */
static const uint32_t known[][10] = {
    {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
    {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x408f276d, 0x41c83b0e,
     0xa20bc7c6, 0x6d5451fd},
    {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09, 0x94fdcceb,
     0x5001e420, 0x24126ea1},
};

static void test_known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(known); i++) {
        const uint32_t *row = known[i];
        uint32_t host[4], device[4] = {row[0], row[1], row[2], row[3]};
        vcl_philox4x32(row, row + 4, host);
        philox4x32(row[4], row[5], &device[0], &device[1], &device[2], &device[3]);
        assert_memory_equal(host, row + 6, sizeof host);
        assert_memory_equal(device, row + 6, sizeof device);
    }
}

static void test_same_words(void **state)
{
    (void)state;
    const struct vcl_philox rng = {0x0123456789abcdefu, VCL_STREAM_NODE, 7};
    uint64_t seed = 2;
    for (int i = 0; i < 100000; i++) {
        uint64_t random = splitmix(&seed);
        uint32_t row = (uint32_t)random, col = (uint32_t)(random >> 32);
        assert_int_equal(philox_word(0x89abcdefu, 0x01234567u, rng.stream, rng.step, row, col),
                         vcl_philox_word(&rng, row, col));
        assert_true(philox_uniform(0x89abcdefu, 0x01234567u, rng.stream, rng.step, row, col) ==
                    vcl_philox_uniform(&rng, row, col));
    }
}

static int by_size(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Largest distance between the empirical and the true distribution; sorts x. */
static double kolmogorov_smirnov(float *x, int n)
{
    double distance = 0;
    qsort(x, (size_t)n, sizeof *x, by_size);
    for (int i = 0; i < n; i++) {
        double p = ref_normal_cdf((double)x[i]);
        distance = fmax(distance, fmax(p - (double)i / n, (double)(i + 1) / n - p));
    }
    return distance;
}

/* Limits are five standard deviations of each estimate; 1.95 is Kolmogorov's 0.1 % point. */
static void test_normals(void **state)
{
    (void)state;
    enum { ROWS = 1000, COLS = 1000, N = ROWS * COLS };
    float *x = malloc(N * sizeof *x);
    double sum[5] = {0}, neighbours = 0;
    assert_non_null(x);
    for (uint32_t i = 0; i < N; i++) {
        x[i] = philox_normal(12345, 678, VCL_STREAM_NODE, 3, i / COLS, i % COLS);
        for (int power = 1; power <= 4; power++)
            sum[power] += pow((double)x[i], power) / N;
        neighbours += i > 0 ? (double)x[i] * (double)x[i - 1] / N : 0;
    }
    double distance = kolmogorov_smirnov(x, N) * sqrt(N);
    print_message("normals: mean %.5f, variance %.5f, third %.5f, fourth moment %.5f, "
                  "neighbours' product %.5f, KS %.3f, in [%.3f, %.3f]\n",
                  sum[1], sum[2], sum[3], sum[4], neighbours, distance, (double)x[0],
                  (double)x[N - 1]);
    free(x);
    assert_true(fabs(sum[1]) < 5 * sqrt(1.0 / N));
    assert_true(fabs(sum[2] - 1) < 5 * sqrt(2.0 / N));
    assert_true(fabs(sum[3]) < 5 * sqrt(15.0 / N));
    assert_true(fabs(sum[4] - 3) < 5 * sqrt(96.0 / N));
    assert_true(fabs(neighbours) < 5 * sqrt(1.0 / N));
    assert_true(distance < 1.95);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accuracy),     cmocka_unit_test(test_specials),
        cmocka_unit_test(test_division),     cmocka_unit_test(test_reciprocals),
        cmocka_unit_test(test_square_roots), cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_same_words),   cmocka_unit_test(test_normals),
    };
    if (argc > 1)
        scale = (unsigned)strtoul(argv[1], NULL, 10);
    if (scale == 0)
        return fprintf(stderr, "usage: %s [SCALE]\n", argv[0]), 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
