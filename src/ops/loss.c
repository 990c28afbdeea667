/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ops/ops.h"

enum { OPTIONS = 96 };

static void make_options(const char *likelihood, char options[OPTIONS])
{
    snprintf(options, OPTIONS, "-DLIKELIHOOD=%s", likelihood);
}

enum vcl_status vcl_ops_prepare(struct vcl_ctx *ctx, const char *likelihood, struct vcl_error *err)
{
    char options[OPTIONS];
    enum vcl_status r;
    make_options(likelihood ? likelihood : "", options);
    TRY(vcl_program_prepare(ctx, "core.cl", NULL, err));
    if (likelihood)
        TRY(vcl_program_prepare(ctx, "likelihood.cl", options, err));
out:
    return r;
}

enum vcl_status vcl_op_likelihood(const struct vcl_emit *emit, const struct vcl_likelihood_op *op,
                                  struct vcl_error *err)
{
    char options[OPTIONS];
    make_options(op->name, options);
    struct vcl_launch launch = {
        .source = "likelihood.cl",
        .kernel = "likelihood",
        .options = options,
        VCL_ARGS((int32_t)op->cols, (int32_t)op->repeat, (int32_t)(op->dy != NULL),
                 (int32_t)(op->weights != NULL), op->weight / (float)op->rows, op->parameter, op->x,
                 op->y, op->weights ? op->weights : op->y, op->loss, op->dy ? op->dy : op->loss),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_gaussian_scaled(const struct vcl_emit *emit, const struct vcl_scaled_op *op,
                                       struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "likelihood_scale.cl",
        .kernel = "gaussian_scaled",
        VCL_ARGS((int32_t)op->cols, (int32_t)op->channels, (int32_t)op->repeat,
                 (int32_t)(op->shared != NULL), (int32_t)(op->dy != NULL),
                 (int32_t)(op->weights != NULL), op->weight / (float)op->rows, op->x, op->y,
                 op->shared ? op->shared : op->y, op->weights ? op->weights : op->y, op->loss,
                 op->dy ? op->dy : op->loss, op->dshared ? op->dshared : op->loss),
    };
    vcl_row_size(emit->ctx, &launch, op->rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_scaled_mean(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                   uint32_t channels, struct vcl_buf *y, struct vcl_buf *mean,
                                   struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "likelihood_scale.cl",
        .kernel = "scaled_mean",
        VCL_ARGS((int32_t)cols, (int32_t)channels, y, mean),
    };
    vcl_row_size(emit->ctx, &launch, rows);
    return vcl_emit_launch(emit, &launch, err);
}

enum vcl_status vcl_op_metrics(const struct vcl_emit *emit, uint32_t rows,
                               struct vcl_buf *const *terms, uint32_t count, struct vcl_buf *step,
                               struct vcl_buf *slots, struct vcl_buf *health, struct vcl_error *err)
{
    struct vcl_buf *all[VCL_TERMS];
    for (uint32_t i = 0; i < VCL_TERMS; i++) /* the kernel does not look at more than there are */
        all[i] = terms[i < count ? i : 0];
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "metrics",
        VCL_ARGS((int32_t)rows, (int32_t)count, step, all[0], all[1], all[2], all[3], slots,
                 health),
    };
    vcl_row_size(emit->ctx, &launch, 1);
    return vcl_emit_launch(emit, &launch, err);
}
