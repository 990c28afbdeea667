/* SPDX-License-Identifier: MIT
 *
 * Sums in their orders, and optimisers, that step_ref is made of.
 */
#ifndef REF_STEP_REF_OPS_H
#define REF_STEP_REF_OPS_H

#include <stddef.h>
#include <stdint.h>

enum { STEP_REF_CHUNK = 256 }; /* of what is summed from zero before it is added */

/* Element (i, p) of an operand that lies at a[i * row + p * col]. */
struct step_ref_operand {
    const float *values;
    size_t row, col;
};
/* Element (i, j) of op(A) (m, k) op(B) (k, n). */
float step_ref_product(struct step_ref_operand a, struct step_ref_operand b, uint32_t i, uint32_t j,
                       uint32_t k);
/* Of 16 lanes, folded. */
float step_ref_row_sum(const float *x, size_t n);
float step_ref_row_sum_of_squares(const float *x, size_t n);
/* Of column j of x (rows, cols). */
float step_ref_column_sum(const float *x, uint32_t rows, uint32_t cols, uint32_t j);

/* What the update of an element needs beside it. */
struct step_ref_update {
    float lr, momentum, beta1, beta2, eps, decay, clip_scale;
    float correction1, correction2; /* 1 / (1 - beta1^t), 1 / sqrt(1 - beta2^t) */
};
/* Updates *value and its state from gradient g; NULL if the name is unknown. */
typedef void (*step_ref_optimiser)(const struct step_ref_update *u, float g, float *value,
                                   float *state0, float *state1);
step_ref_optimiser step_ref_optimiser_find(const char *name);
/* beta^t as the library computes it, for the corrections. */
double step_ref_power(double beta, uint64_t t);
/* min(1, most / norm) of a flat gradient. */
float step_ref_clip_scale(const float *gradient, uint32_t floats, float most);

#endif
