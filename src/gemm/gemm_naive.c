/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/defs.h"
#include "gemm/gemm.h"

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    (void)ctx;
    (void)gemm;
    return true;
}

static enum vcl_status convolution(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                   struct vcl_error *err)
{
    static const char *const kernels[] = {
        [VCL_CONV_TO_MAP] = "conv_to_map",
        [VCL_CONV_TO_IMAGE] = "conv_to_image",
        [VCL_CONV_WEIGHTS] = "conv_weights",
    };
    const struct vcl_conv *c = gemm->conv;
    const uint32_t numbers[] = {gemm->k, gemm->accumulate, gemm->bias != NULL};
    struct vcl_buf *bias = gemm->bias ? gemm->bias : gemm->b;
    struct vcl_buf *const bufs[] = {gemm->a, gemm->b, bias, gemm->c};
    char options[64];
    snprintf(options, sizeof options, "-DACT=act_%s",
             gemm->derivative_at ? "identity" : vcl_gemm_activation(gemm));
    struct vcl_launch launch = {
        .source = "conv_naive.cl", .kernel = kernels[c->pass], .options = options};
    vcl_conv_args(c, &launch);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        launch.args[launch.n_args++] = VCL_ARG((int32_t)numbers[i]);
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        launch.args[launch.n_args++] = VCL_ARG(bufs[i]);
    vcl_flat_size(ctx, &launch, gemm->n, gemm->m);
    return vcl_launch_run(ctx, &launch, err);
}

static enum vcl_status product(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                               struct vcl_error *err)
{
    char options[VCL_GEMM_OPTIONS];
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
    return vcl_launch_run(ctx, &launch, err);
}

static enum vcl_status run(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    enum vcl_status r;
    (void)setting;
    TRY(gemm->conv ? convolution(ctx, gemm, err) : product(ctx, gemm, err));
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
