/* SPDX-License-Identifier: MIT
 *
 * For CPU devices: pack A, pack B, then a register tile a work-item (kernels/gemm_packed.cl).
 */
#include <stdio.h>

#include "gemm/defs.h"
#include "gemm/gemm.h"

enum { K_CHUNK = 256, TILE_ROWS = 6 };

struct tile {
    uint32_t rows, columns;
};

/* Six rows by two vectors of 8 fill AVX2's 16 registers, by four AVX-512's 32. */
static struct tile tile_for(const struct vcl_ctx *ctx)
{
    return (struct tile){TILE_ROWS, vcl_ctx_device(ctx)->vector_width >= 16 ? 32 : 16};
}

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    return vcl_ctx_vec(ctx) == 16 && !gemm->conv; /* its kernels use the vectors of prelude.cl */
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

static enum vcl_status pack(struct vcl_ctx *ctx, const char *kernel, const char *options,
                            uint32_t extent, uint32_t panels, uint32_t k, bool transposed,
                            struct vcl_buf *from, struct vcl_buf *to, struct vcl_error *err)
{
    return vcl_launch_run(ctx,
                          &(struct vcl_launch){
                              .source = "gemm_packed.cl",
                              .kernel = kernel,
                              .options = options,
                              .global = {panels, ceil_div(k, K_CHUNK), 1},
                              .local = {1, 1, 1},
                              .args = {VCL_ARG((int32_t)extent), VCL_ARG((int32_t)k),
                                       VCL_ARG((int32_t)transposed), VCL_ARG(from), VCL_ARG(to)},
                              .n_args = 5,
                          },
                          err);
}

static enum vcl_status run(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    struct tile tile = tile_for(ctx);
    uint32_t panels_a = ceil_div(gemm->m, tile.rows), panels_b = ceil_div(gemm->n, tile.columns);
    struct vcl_buf *a, *b;
    char options[64];
    enum vcl_status r;
    (void)setting;
    snprintf(options, sizeof options, "-DACT=act_%s -DMR=%u -DNV=%u",
             gemm->derivative_at ? "identity" : vcl_gemm_activation(gemm), tile.rows,
             tile.columns / 8);
    TRY(vcl_scratch_get(ctx, VCL_SCRATCH_A, (size_t)panels_a * tile.rows * gemm->k * sizeof(float),
                        &a, err));
    TRY(vcl_scratch_get(ctx, VCL_SCRATCH_B,
                        (size_t)panels_b * tile.columns * gemm->k * sizeof(float), &b, err));
    TRY(pack(ctx, "gemm_pack_a", options, gemm->m, panels_a, gemm->k, gemm->trans_a, gemm->a, a,
             err));
    TRY(pack(ctx, "gemm_pack_b", options, gemm->n, panels_b, gemm->k, gemm->trans_b, gemm->b, b,
             err));
    struct vcl_launch launch = {
        .source = "gemm_packed.cl",
        .kernel = "gemm_packed",
        .options = options,
        .global = {panels_a, panels_b, 1},
        .local = {1, 1, 1},
        .args = {VCL_ARG((int32_t)gemm->m), VCL_ARG((int32_t)gemm->n), VCL_ARG((int32_t)gemm->k),
                 VCL_ARG((int32_t)gemm->accumulate), VCL_ARG((int32_t)(gemm->bias != NULL)),
                 VCL_ARG(a), VCL_ARG(b), VCL_ARG(gemm->bias ? gemm->bias : b), VCL_ARG(gemm->c)},
        .n_args = 9,
    };
    TRY(vcl_launch_run(ctx, &launch, err));
    TRY(vcl_gemm_derivative(ctx, gemm, err));
    TRY(vcl_gemm_b_sums(ctx, gemm, err));
out:
    return r;
}

const struct vcl_gemm_def vcl_gemm_packed = {
    .name = "packed",
    .help = "packed panels and register tiles; CPU devices",
    .same_bits = true,
    .cpu_default = true,
    .supports = supports,
    .run = run,
};
