/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"
#include "check/check.h"

#define ROUNDING 0x1p-24 /* of a float, relative */
#define SMALLEST 0x1p-126
#define OVERFLOW 0x1p128
/* A device without subnormals errs by this: one became zero, and was a factor of up to 2^16. */
#define FLUSHED 0x1p-110

double vcl_tolerance_ulps(double ulps)
{
    return ulps * 2 * ROUNDING;
}

/* Sums of many roundings: (1 + 2^-24)^n - 1, whose higher orders do not matter here. */
static double roundings(double n)
{
    return n * ROUNDING * 1.001;
}

double vcl_tolerance_chunked(size_t n)
{
    double chunk = n < 256 ? (double)n : 256;
    return roundings(chunk + ceil((double)n / 256));
}

double vcl_tolerance_lanes(size_t n, double ulps)
{
    return roundings(ceil((double)n / 16) + 4) + vcl_tolerance_ulps(ulps);
}

double vcl_tolerance_any_order(size_t n)
{
    return roundings((double)n + 1);
}

void vcl_case_fail(struct vcl_checker *checker, const char *fmt, ...)
{
    if (checker->detail[0])
        return;
    va_list ap;
    va_start(ap, fmt);
    vcl_format_v(checker->detail, sizeof checker->detail, fmt, ap);
    va_end(ap);
}

/* The same bits; any NaN for any other. On a device without subnormals, numbers small enough
 * for that to reach their last bits are left to the formula's tolerance. */
static bool same(const struct vcl_checker *checker, float got, float want)
{
    if (isnan(want))
        return isnan(got);
    if (!checker->subnormals && fabsf(want) < (float)(FLUSHED / ROUNDING))
        return true;
    return memcmp(&got, &want, sizeof got) == 0;
}

/* Infinity counts as the number after FLT_MAX, so that overflow has the same measure. */
static double finite(double x)
{
    return fmin(fmax(x, -OVERFLOW), OVERFLOW);
}

/* Distance relative to the scale, below which subnormals' absolute errors begin. */
static double distance(const struct vcl_checker *checker, float got,
                       const struct vcl_formula *formula)
{
    if (isinf(formula->scale) && isfinite(formula->value))
        return 0; /* anything */
    if (isnan(formula->value) || isnan(formula->scale))
        return isnan(got) ? 0 : INFINITY;
    if (isnan(got))
        return INFINITY;
    double away = fabs(finite((double)got) - finite(formula->value));
    if (!checker->subnormals)
        away = fmax(0, away - FLUSHED);
    return away / (finite(formula->scale) + SMALLEST);
}

static void compare_floats(struct vcl_checker *checker, const struct vcl_zone *zone,
                           const float *got)
{
    double worst = 0;
    for (size_t i = 0; i < zone->size / sizeof *got; i++) {
        const struct vcl_formula *formula = &zone->formula[i];
        if (checker->same_bits && !same(checker, got[i], zone->exact[i]))
            vcl_case_fail(checker, "%s[%zu] is %a, not %a", zone->name, i, (double)got[i],
                          (double)zone->exact[i]);
        double error = distance(checker, got[i], formula);
        worst = fmax(worst, error);
        if (error > zone->tolerance)
            vcl_case_fail(checker, "%s[%zu] is %.9g, the formula gives %.9g", zone->name, i,
                          (double)got[i], formula->value);
    }
    /* The result shows the output that is nearest to its tolerance. */
    if (checker->tolerance == 0 ||
        worst / zone->tolerance > checker->max_error / checker->tolerance) {
        checker->max_error = worst;
        checker->tolerance = zone->tolerance;
    }
}

static void compare_bytes(struct vcl_checker *checker, const struct vcl_zone *zone,
                          const unsigned char *got)
{
    const unsigned char *want = zone->after;
    for (size_t i = 0; i < zone->size; i++) {
        if (got[i] != want[i]) {
            vcl_case_fail(checker, "byte %zu of %s is %u, not %u", i, zone->name, got[i], want[i]);
            return;
        }
    }
}

void vcl_zone_compare(struct vcl_checker *checker, const struct vcl_zone *zone, const void *data)
{
    if (zone->exact)
        compare_floats(checker, zone, data);
    else
        compare_bytes(checker, zone, data);
}
