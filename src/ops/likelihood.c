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
    make_options(likelihood, options);
    TRY(vcl_program_prepare(ctx, "core.cl", NULL, err));
    TRY(vcl_program_prepare(ctx, "likelihood.cl", options, err));
out:
    return r;
}

enum vcl_status vcl_op_likelihood(struct vcl_ctx *ctx, const struct vcl_likelihood_op *op,
                                  struct vcl_error *err)
{
    char options[OPTIONS];
    make_options(op->name, options);
    struct vcl_launch launch = {
        .source = "likelihood.cl",
        .kernel = "likelihood",
        .options = options,
        .args = {VCL_ARG((int32_t)op->cols), VCL_ARG((int32_t)op->repeat),
                 VCL_ARG((int32_t)(op->dy != NULL)), VCL_ARG(1.0f / (float)op->rows),
                 VCL_ARG(op->parameter), VCL_ARG(op->x), VCL_ARG(op->y), VCL_ARG(op->loss),
                 VCL_ARG(op->dy ? op->dy : op->loss)},
        .n_args = 9,
    };
    vcl_row_size(ctx, &launch, op->rows);
    return vcl_launch_run(ctx, &launch, err);
}

enum vcl_status vcl_op_metrics(struct vcl_ctx *ctx, uint32_t rows, struct vcl_buf *step,
                               struct vcl_buf *recon, struct vcl_buf *kl, struct vcl_buf *slots,
                               struct vcl_buf *health, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .source = "core.cl",
        .kernel = "metrics",
        .args = {VCL_ARG((int32_t)rows), VCL_ARG(step), VCL_ARG(recon), VCL_ARG(kl), VCL_ARG(slots),
                 VCL_ARG(health)},
        .n_args = 6,
    };
    vcl_row_size(ctx, &launch, 1);
    return vcl_launch_run(ctx, &launch, err);
}
