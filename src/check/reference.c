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
