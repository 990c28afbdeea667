/* SPDX-License-Identifier: MIT */
#include "gemm/defs.h"
#include "gemm/gemm.h"

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    (void)ctx;
    return !gemm->conv;
}

static enum vcl_status run(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    char options[VCL_GEMM_OPTIONS];
    enum vcl_status r;
    (void)setting;
    vcl_gemm_options(gemm, options);
    struct vcl_launch launch = {
        .source = "gemm_naive.cl",
        .kernel = "gemm_naive",
        .options = options,
        .args = {VCL_ARG((int32_t)gemm->m), VCL_ARG((int32_t)gemm->n), VCL_ARG((int32_t)gemm->k),
                 VCL_ARG(gemm->a), VCL_ARG(gemm->b), VCL_ARG(gemm->bias ? gemm->bias : gemm->b),
                 VCL_ARG(gemm->c)},
        .n_args = 7,
    };
    vcl_flat_size(ctx, &launch, gemm->n, gemm->m);
    TRY(vcl_launch_run(ctx, &launch, err));
    TRY(vcl_gemm_derivative(ctx, gemm, err));
    TRY(vcl_gemm_b_sums(ctx, gemm, err));
out:
    return r;
}

const struct vcl_gemm_def vcl_gemm_naive = {
    .name = "naive",
    .help = "the reference: one work-item an element; on every device",
    .same_bits = true,
    .cpu_default = true,
    .gpu_default = true,
    .supports = supports,
    .run = run,
};
