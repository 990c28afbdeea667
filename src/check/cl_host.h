/* SPDX-License-Identifier: MIT
 *
 * Enough of OpenCL C and of kernels/prelude.cl for the host to compile kernels/math.cl and
 * kernels/random.cl as they stand, with VEC=1:
 *
 *     #include "check/cl_host.h"
 *     #include "math.cl"
 *     #include "random.cl"
 *
 * Compile with -ffp-contract=off. Define HAS_EXACT_DIV to 1 to take the host's / and sqrt.
 */
#ifndef VCL_CHECK_CL_HOST_H
#define VCL_CHECK_CL_HOST_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define VEC 1
#ifndef HAS_EXACT_DIV
#define HAS_EXACT_DIV 0
#endif

typedef float real;
typedef int32_t ireal;
typedef uint32_t ureal;
typedef unsigned int uint;

static inline uint32_t cl_float_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline uint32_t cl_int_bits(int32_t i)
{
    return (uint32_t)i;
}

static inline uint32_t cl_uint_bits(uint32_t u)
{
    return u;
}

static inline float cl_bits_float(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline int32_t cl_bits_int(uint32_t bits)
{
    int32_t i;
    memcpy(&i, &bits, sizeof i);
    return i;
}

static inline uint32_t cl_mul_hi(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint64_t)a * b >> 32);
}

/* as_...: casts that keep the bits. */
#define CL_BITS(x)                                                                                 \
    _Generic((x), float : cl_float_bits, int32_t : cl_int_bits, uint32_t : cl_uint_bits)(x)

#define as_real(x)  cl_bits_float(CL_BITS(x))
#define as_float(x) cl_bits_float(CL_BITS(x))
#define as_ireal(x) cl_bits_int(CL_BITS(x))
#define as_ureal(x) CL_BITS(x)
#define to_real(x)  ((float)(x))
#define to_ireal(x) ((int32_t)(x)) /* x must fit */

#define min(a, b)           ((b) < (a) ? (b) : (a))
#define max(a, b)           ((a) < (b) ? (b) : (a))
#define clamp(x, low, high) min(max(x, low), high)

#define mul_hi cl_mul_hi
#define fma    fmaf
#define fabs   fabsf
#define rint   rintf
#define sqrt   sqrtf

#define global
#define kernel

#endif
