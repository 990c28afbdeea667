/* SPDX-License-Identifier: MIT
 *
 * Plain C references: activations, and sums in the order that the kernels promise.
 */
#ifndef VCL_CHECK_REFERENCE_H
#define VCL_CHECK_REFERENCE_H

#include <math.h>

#include "check/check.h"

struct vcl_activation_reference {
    const char *name;
    double ulps; /* allowed of forward and gradient, relative to their scale */
    float (*forward)(float x);
    float (*gradient)(float x, float y); /* where y = forward(x) */
    double (*true_forward)(double x);
    struct vcl_formula (*true_gradient)(double x);
};

/* An activation without a row here is an error: adding one includes adding its reference. */
enum vcl_status vcl_activation_reference_find(const char *name,
                                              const struct vcl_activation_reference **ret_row,
                                              struct vcl_error *err) VCL_MUST_CHECK;
/* true_forward with the scale of its errors. */
struct vcl_formula vcl_activation_formula(const struct vcl_activation_reference *row, double x);
struct vcl_formula vcl_activation_slope(const struct vcl_activation_reference *row, double x);

struct vcl_likelihood_reference {
    const char *name;
    float (*loss)(float x, float y, float parameter);
    float (*slope)(float x, float y, float parameter);
    struct vcl_formula (*true_loss)(double x, double y, double parameter);
    struct vcl_formula (*true_slope)(double x, double y, double parameter);
};

extern const struct vcl_likelihood_reference vcl_likelihood_references[]; /* ends with NULL */

/* 16 interleaved lanes, folded in halves (kernels/prelude.cl). */
struct vcl_lanes {
    float lane[16];
};
float vcl_lanes_fold(const struct vcl_lanes *lanes);
float vcl_lanes_sum(const float *x, size_t n);

/* Adds a term to a sum of formulas. */
static inline void vcl_formula_add(struct vcl_formula *sum, double term)
{
    sum->value += term;
    sum->scale += fabs(term);
}

/* zone[at] becomes a value, or if the operation adds, what was there before and the value. */
void vcl_expect_added(struct vcl_zone *zone, size_t at, bool adds, float exact,
                      struct vcl_formula formula);

#endif
