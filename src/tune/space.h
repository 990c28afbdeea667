/* SPDX-License-Identifier: MIT
 *
 * Which settings of an implementation to try, and in what order: from the best so far, one
 * parameter moved by a step, then by more, then two moved against each other (a larger tile one way
 * is often only possible with a smaller one the other way). When a better one is found, the search
 * goes on around that. All that is tried is remembered.
 */
#ifndef VCL_TUNE_SPACE_H
#define VCL_TUNE_SPACE_H

#include "gemm/gemm.h"

struct vcl_space {
    const struct vcl_ctx *ctx;
    const struct vcl_gemm *gemm;
    const struct vcl_gemm_def *def;
    int n_params, longest; /* most candidates a parameter has */
    struct vcl_gemm_setting base;
    unsigned at; /* in the order around the base */
    struct vcl_gemm_setting *tried;
    size_t n_tried, cap_tried;
};

/* A search around `base`, which counts as tried. */
enum vcl_status vcl_space_init(struct vcl_space *space, const struct vcl_ctx *ctx,
                               const struct vcl_gemm *gemm, const struct vcl_gemm_def *def,
                               const struct vcl_gemm_setting *base,
                               struct vcl_error *err) VCL_MUST_CHECK;
void vcl_space_finish(struct vcl_space *space);

/* The next setting to try; *ret_more is false if there is none. */
enum vcl_status vcl_space_next(struct vcl_space *space, struct vcl_gemm_setting *ret_setting,
                               bool *ret_more, struct vcl_error *err) VCL_MUST_CHECK;
/* It is the best so far: goes on from there. */
void vcl_space_move(struct vcl_space *space, const struct vcl_gemm_setting *setting);

#endif
