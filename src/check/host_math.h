/* SPDX-License-Identifier: MIT
 *
 * kernels/math.cl and kernels/random.cl compiled for the host: the same text, the same bits.
 */
#ifndef VCL_CHECK_HOST_MATH_H
#define VCL_CHECK_HOST_MATH_H

#include <stdint.h>

/* Functions of one argument: vcl_host_exp is vm_exp. */
#define VCL_HOST_FUNCTIONS(X)                                                                      \
    X(exp)                                                                                         \
    X(expm1)                                                                                       \
    X(log)                                                                                         \
    X(log1p)                                                                                       \
    X(sqrt)                                                                                        \
    X(sigmoid)                                                                                     \
    X(softplus)                                                                                    \
    X(tanh)                                                                                        \
    X(erf)                                                                                         \
    X(normal_cdf)                                                                                  \
    X(normal_pdf)                                                                                  \
    X(cos_2pi)                                                                                     \
    X(sin_2pi)

#define VCL_HOST_DECLARE(name) float vcl_host_##name(float x);
VCL_HOST_FUNCTIONS(VCL_HOST_DECLARE)
#undef VCL_HOST_DECLARE

float vcl_host_div(float a, float b);

/* Keyed as in kernels/random.cl. */
float vcl_host_uniform(uint64_t seed, uint32_t stream, uint32_t step, uint32_t row, uint32_t col);
float vcl_host_normal(uint64_t seed, uint32_t stream, uint32_t step, uint32_t row, uint32_t col);

#endif
