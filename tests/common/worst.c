/* SPDX-License-Identifier: MIT */
#include "common/worst.h"

#include <math.h>
#include <stdio.h>

static double relative(double difference, double size)
{
    double error = size > 0 ? difference / size : difference;
    return isnan(error) ? INFINITY : error;
}

double test_error_l2(const float *got, const double *want, size_t n)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - want[i];
        difference += d * d;
        size += want[i] * want[i];
    }
    return relative(sqrt(difference), sqrt(size));
}

double test_error_l2_float(const float *got, const float *want, size_t n)
{
    double difference = 0, size = 0;
    for (size_t i = 0; i < n; i++) {
        double d = (double)got[i] - (double)want[i];
        difference += d * d;
        size += (double)want[i] * (double)want[i];
    }
    return relative(sqrt(difference), sqrt(size));
}

double test_error_of(double got, double want)
{
    return relative(fabs(got - want), fabs(want));
}

void test_worst_add(struct test_worst *worst, double error, const char *name)
{
    if (error < worst->error)
        return;
    worst->error = error;
    snprintf(worst->name, sizeof worst->name, "%s", name);
}
