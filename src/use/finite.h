/* SPDX-License-Identifier: MIT
 *
 * What a model gives out is looked at: finite weights may still make numbers that are not.
 */
#ifndef VCL_USE_FINITE_H
#define VCL_USE_FINITE_H

#include <stddef.h>

#include "base/error.h"

/* VCL_E_NUMERIC unless all of `values` (rows, width) are finite. The message says which is not: row
 * i is "the `what` of `item` first + i". */
enum vcl_status vcl_check_finite(const char *what, const char *item, size_t first, size_t rows,
                                 size_t width, const float *values,
                                 struct vcl_error *err) VCL_MUST_CHECK;
/* The same for one number. */
enum vcl_status vcl_check_number(const char *what, const char *item, size_t number, double value,
                                 struct vcl_error *err) VCL_MUST_CHECK;

#endif
