/* SPDX-License-Identifier: MIT */
#include "check/host_math.h"

#define HAS_EXACT_DIV 1 /* ours and the built-in are the same; tests/check/math_accuracy.c */
#include "check/cl_host.h"

#include "math.cl"
#include "random.cl"

#define DEFINE(name)                                                                               \
    float vcl_host_##name(float x)                                                                 \
    {                                                                                              \
        return vm_##name(x);                                                                       \
    }
VCL_HOST_FUNCTIONS(DEFINE)

float vcl_host_div(float a, float b)
{
    return vm_div(a, b);
}

float vcl_host_uniform(uint64_t seed, uint32_t stream, uint32_t step, uint32_t row, uint32_t col)
{
    return philox_uniform((uint32_t)seed, (uint32_t)(seed >> 32), stream, step, row, col);
}

float vcl_host_normal(uint64_t seed, uint32_t stream, uint32_t step, uint32_t row, uint32_t col)
{
    return philox_normal((uint32_t)seed, (uint32_t)(seed >> 32), stream, step, row, col);
}
