/* SPDX-License-Identifier: MIT */
#include "check/reference.h"

float vcl_lanes_fold(const struct vcl_lanes *lanes)
{
    struct vcl_lanes sum = *lanes;
    for (size_t width = 8; width > 0; width /= 2) {
        for (size_t i = 0; i < width; i++)
            sum.lane[i] += sum.lane[i + width];
    }
    return sum.lane[0];
}

float vcl_lanes_sum(const float *x, size_t n)
{
    struct vcl_lanes lanes = {{0}};
    for (size_t i = 0; i < n; i++)
        lanes.lane[i % 16] += x[i];
    return vcl_lanes_fold(&lanes);
}

void vcl_expect_added(struct vcl_zone *zone, size_t at, bool adds, float exact,
                      struct vcl_formula formula)
{
    float before = vcl_zone_floats(zone)[at];
    if (adds)
        vcl_formula_add(&formula, (double)before);
    zone->exact[at] = adds ? before + exact : exact;
    zone->formula[at] = formula;
}
