/* SPDX-License-Identifier: MIT */
#include "gemm/gemm.h"
#include "ops/ops.h"

#define SOURCE "bound.cl"

enum vcl_status vcl_op_term_seed(const struct vcl_emit *emit, size_t n, float weight,
                                 bool scheduled, struct vcl_buf *step, struct vcl_buf *gradient,
                                 struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "term_seed",
        VCL_ARGS((int32_t)n, (int32_t)scheduled, weight, step, gradient),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_weighted_sum(const struct vcl_emit *emit, size_t n, uint32_t count,
                                    const float *factors, struct vcl_buf *const *x,
                                    struct vcl_buf *y, struct vcl_error *err)
{
    float factor[4];
    struct vcl_buf *in[4];
    for (uint32_t i = 0; i < 4; i++) { /* the kernel does not look at more than there are */
        factor[i] = factors[i < count ? i : 0];
        in[i] = x[i < count ? i : 0];
    }
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "weighted_sum",
        VCL_ARGS((int32_t)n, (int32_t)count, factor[0], factor[1], factor[2], factor[3], in[0],
                 in[1], in[2], in[3], y),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_weighted_gradient(const struct vcl_emit *emit, size_t n, float factor,
                                         bool adds, struct vcl_buf *dy, struct vcl_buf *dx,
                                         struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "weighted_gradient",
        VCL_ARGS((int32_t)n, (int32_t)adds, factor, dy, dx),
    };
    vcl_flat_size(emit->ctx, &launch, n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_log_mean_exp(const struct vcl_emit *emit, uint32_t rows, uint32_t count,
                                    struct vcl_buf *w, struct vcl_buf *bound, struct vcl_buf *share,
                                    struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "log_mean_exp",
        VCL_ARGS((int32_t)count, w, bound, share),
    };
    vcl_row_size(emit->ctx, &launch, rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_share_gradient(const struct vcl_emit *emit, uint32_t rows, uint32_t count,
                                      bool adds, struct vcl_buf *dy, struct vcl_buf *share,
                                      struct vcl_buf *dx, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "share_gradient",
        VCL_ARGS((int32_t)count, (int32_t)adds, dy, share, dx),
    };
    vcl_row_size(emit->ctx, &launch, rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_scale_rows(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                  bool adds, struct vcl_buf *scale, struct vcl_buf *dy,
                                  struct vcl_buf *dx, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = SOURCE,
        .kernel = "scale_rows",
        VCL_ARGS((int32_t)cols, (int32_t)adds, scale, dy, dx),
    };
    vcl_row_size(emit->ctx, &launch, rows);
    return vcl_emit_launch(emit, &launch, err);
}
