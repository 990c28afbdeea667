/* SPDX-License-Identifier: MIT
 *
 * A product on operands of its own, and the result that it must have.
 */
#ifndef VCL_TUNE_OPERANDS_H
#define VCL_TUNE_OPERANDS_H

#include "gemm/gemm.h"

/* C, or the column sums of B: behind both lie floats that must stay as they are. */
struct vcl_outcome {
    struct vcl_buf *buf; /* NULL: not of this product */
    size_t floats;       /* with those behind it */
    float *before, *wanted, *got;
};

struct vcl_operands {
    struct vcl_ctx *ctx;
    struct vcl_gemm gemm;
    struct vcl_outcome c, b_sums;
    bool exact; /* `wanted` has the bits of the reference */
};

/* Random operands for a product like `gemm`, whose buffers only tell what there is. */
enum vcl_status vcl_operands_init(struct vcl_operands *operands, struct vcl_ctx *ctx,
                                  const struct vcl_gemm *gemm,
                                  struct vcl_error *err) VCL_MUST_CHECK;
void vcl_operands_finish(struct vcl_operands *operands);

/* Runs `def` and keeps its result as the one wanted. */
enum vcl_status vcl_operands_refer(struct vcl_operands *operands, const struct vcl_gemm_def *def,
                                   const struct vcl_gemm_setting *setting,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* Puts C and the sums back to what they were before. */
enum vcl_status vcl_operands_reset(struct vcl_operands *operands,
                                   struct vcl_error *err) VCL_MUST_CHECK;
/* Compares them with what is wanted: bit by bit, or within the error of a sum in any order. */
enum vcl_status vcl_operands_compare(struct vcl_operands *operands, bool exact, bool *ret_equal,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
