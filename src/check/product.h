/* SPDX-License-Identifier: MIT
 *
 * What the checks of matrix products and of convolutions share: operands, epilogues and the order
 * of a row's sum.
 */
#ifndef VCL_CHECK_PRODUCT_H
#define VCL_CHECK_PRODUCT_H

#include "check/reference.h"
#include "gemm/gemm.h"

/* What follows the product. */
struct vcl_variant {
    bool accumulate, bias;
    const char *activation; /* or NULL */
    bool derivative, b_sums;
    const struct vcl_gemm_setting *setting; /* or NULL for the default */
};

/* A product of the running case, on one implementation. */
struct vcl_product {
    const struct vcl_gemm_def *def;
    const struct vcl_variant *variant;
    struct vcl_gemm gemm;
    const struct vcl_activation_reference *activation;
    struct vcl_zone *a, *b, *bias, *derivative_at, *b_sums, *c;
};

/* Others' implementations take long to start: unless in use, a full run checks them. */
bool vcl_product_wanted(const struct vcl_checker *checker, const struct vcl_gemm_def *def);

/* Begins a case: "4 x 5 x 6, A transposed" and what the variant adds. Its gemm is set but for
 * buffers and the variant's options. */
void vcl_product_begin(struct vcl_checker *checker, struct vcl_product *product, const char *shape,
                       ...) VCL_PRINTF(3, 4);
/* Makes the operands; `tolerance` is for C before the activation. */
enum vcl_status vcl_product_operands(struct vcl_checker *checker, struct vcl_product *product,
                                     double tolerance, struct vcl_error *err) VCL_MUST_CHECK;
/* Runs it on its implementation. */
enum vcl_status vcl_product_run(struct vcl_checker *checker, const struct vcl_product *product,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* total (n) = row (k) times b, whose element (p, j) is b[p * b_row + j * b_column]: chunks of 256
 * from zero by fma in ascending order, chunk sums added in ascending order. `sum` is room for n;
 * `formula` is added to. */
struct vcl_row_times {
    size_t k, n;
    const float *row, *b;
    size_t row_step, b_row, b_column;
};
void vcl_row_times(const struct vcl_row_times *product, float *sum, float *total,
                   struct vcl_formula *formula);

/* Row `row` of C holds the product: adds what follows it. */
void vcl_product_finish_row(const struct vcl_product *product, size_t row);
/* Sets what b_sums must be, if it is there. */
enum vcl_status vcl_product_expect_b_sums(struct vcl_checker *checker,
                                          const struct vcl_product *product,
                                          struct vcl_error *err) VCL_MUST_CHECK;

#endif
