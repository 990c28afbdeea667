/* SPDX-License-Identifier: MIT
 *
 * The fastest way to do one product, within a time.
 */
#ifndef VCL_TUNE_SEARCH_H
#define VCL_TUNE_SEARCH_H

#include "gemm/gemm.h"

struct vcl_way {
    const struct vcl_gemm_def *def;
    struct vcl_gemm_setting setting;
    double seconds; /* for a product */
};

struct vcl_search {
    /* What to look for: a product whose buffers only tell what there is, until when (vcl_now), and
     * who may end it early (or NULL). */
    const struct vcl_gemm *gemm;
    double until;
    bool (*stop)(void *user);
    void *user;
    /* What was found: */
    struct vcl_way untuned, best;
    unsigned tried, wrong;
    bool all_tried;
};

/* Is there anything to choose between for this product? */
enum vcl_status vcl_search_possible(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                    bool *ret_possible, struct vcl_error *err) VCL_MUST_CHECK;
/* What is done without rows is measured whatever the time. */
enum vcl_status vcl_search_run(struct vcl_search *search, struct vcl_ctx *ctx,
                               struct vcl_error *err) VCL_MUST_CHECK;

#endif
