/* SPDX-License-Identifier: MIT
 *
 * How far computed values are from their references.
 */
#ifndef TEST_WORST_H
#define TEST_WORST_H

#include <stddef.h>

/* |got - want| / |want| in the Euclidean norm; |got| where `want` is zero. Infinity for a NaN. */
double test_error_l2(const float *got, const double *want, size_t n);
double test_error_l2_float(const float *got, const float *want, size_t n);
/* |got - want| / |want|, likewise. */
double test_error_of(double got, double want);

/* The worst error seen and what had it. */
struct test_worst {
    double error;
    char name[128];
};
void test_worst_add(struct test_worst *worst, double error, const char *name);

#endif
