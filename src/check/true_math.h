/* SPDX-License-Identifier: MIT
 *
 * The same functions in double precision from libm, by their textbook formulas.
 */
#ifndef VCL_CHECK_TRUE_MATH_H
#define VCL_CHECK_TRUE_MATH_H

#include <stdint.h>

double vcl_true_sigmoid(double x);
double vcl_true_softplus(double x);
double vcl_true_normal_cdf(double x);
double vcl_true_normal_pdf(double x);
double vcl_true_cos_2pi(double x);
double vcl_true_sin_2pi(double x);

/* Box and Muller's transform of words from src/base/philox.c. *ret_scale is the size of what the
 * rounding of its uniform number to float can change, in units of 2^-24. */
double vcl_true_normal(uint64_t seed, uint32_t stream, uint32_t step, uint32_t row, uint32_t col,
                       double *ret_scale);

#endif
