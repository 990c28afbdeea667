/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "gemm/gemm.h"
#include "gemms.rows.h"

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    (void)ctx;
    (void)gemm;
    return true;
}

static enum vcl_status convolution(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
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
        vcl_arg_add(&launch, VCL_ARG((int32_t)numbers[i]));
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        vcl_arg_add(&launch, VCL_ARG(bufs[i]));
    vcl_flat_size(emit->ctx, &launch, gemm->n, gemm->m);
    return vcl_emit_launch(emit, &launch, err);
}

static enum vcl_status product(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                               struct vcl_error *err)
{
    char options[VCL_GEMM_OPTIONS];
    vcl_gemm_options(gemm, options);
    struct vcl_launch launch = {
        .source = "gemm_naive.cl",
        .kernel = "gemm_naive",
        .options = options,
        VCL_ARGS((int32_t)gemm->m, (int32_t)gemm->n, (int32_t)gemm->k, gemm->a, gemm->b,
                 gemm->bias ? gemm->bias : gemm->b, gemm->c),
    };
    vcl_flat_size(emit->ctx, &launch, gemm->n, gemm->m);
    return vcl_emit_launch(emit, &launch, err);
}

static enum vcl_status run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    enum vcl_status r;
    (void)setting;
    TRY(gemm->conv ? convolution(emit, gemm, err) : product(emit, gemm, err));
    TRY(vcl_gemm_derivative(emit, gemm, err));
    TRY(vcl_gemm_b_sums(emit, gemm, err));
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
