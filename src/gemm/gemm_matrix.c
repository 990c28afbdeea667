/* SPDX-License-Identifier: MIT
 *
 * Matrix units of GPUs (kernels/gemm_matrix.cl), on request only: with vcl_ctx_params.precision
 * operands are rounded to what the unit multiplies. The rest is `tiled`.
 */
#include <stdio.h>
#include <string.h>

#include "cl/internal.h"
#include "gemm/gemm.h"
#include "gemm/tiled.h"
#include "gemms.rows.h"

#ifndef CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV
#define CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV 0x4000
#endif
#ifndef CL_DEVICE_SUB_GROUP_SIZES_INTEL
#define CL_DEVICE_SUB_GROUP_SIZES_INTEL 0x4108
#endif

enum { NVIDIA_TF32 = 1, NVIDIA_BF16, AMD_WMMA, AMD_F32, AMD_BF16, INTEL_BF16_8, INTEL_BF16_16 };

#define TF32 0x1p-11
#define BF16 0x1p-8

const struct vcl_matrix_unit vcl_matrix_units[] = {
    {NVIDIA_TF32, "NVIDIA tf32", "tf32", 4, 8, 16, 8, 8, 2, 2, TF32},
    {NVIDIA_BF16, "NVIDIA bf16", "bf16", 4, 8, 16, 8, 16, 2, 2, BF16},
    {AMD_WMMA, "AMD WMMA bf16", "bf16", 16, 2, 16, 16, 16, 8, 1, BF16},
    {AMD_F32, "AMD MFMA f32", "tf32", 16, 4, 16, 16, 4, 4, 1, 0},
    {AMD_BF16, "AMD MFMA bf16", "bf16", 16, 4, 16, 16, 16, 4, 1, BF16},
    {INTEL_BF16_8, "Intel bf16, 8 lanes", "bf16", 8, 1, 8, 8, 16, 8, 1, BF16},
    {INTEL_BF16_16, "Intel bf16, 16 lanes", "bf16", 16, 1, 8, 16, 16, 8, 1, BF16},
    {0},
};

static bool is_nvidia(const struct vcl_ctx *ctx)
{
    cl_uint major = 0;
    return strstr(ctx->info.platform, "NVIDIA") &&
           clGetDeviceInfo(ctx->device, CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, sizeof major, &major,
                           NULL) == CL_SUCCESS &&
           major >= 8;
}

/* AMD's own driver names devices by their instruction set; Mesa's has other built-ins. */
static bool is_amd(const struct vcl_ctx *ctx, const char *set)
{
    return strstr(ctx->info.platform, "AMD") && strncmp(ctx->info.name, set, strlen(set)) == 0;
}

/* The smallest sub-group decides which of the two kinds of units there are. */
static bool is_intel(const struct vcl_ctx *ctx, size_t lanes)
{
    size_t sizes[16] = {0}, size = 0, least = SIZE_MAX;
    if (!vcl_ctx_has_extension(ctx, "cl_intel_subgroup_matrix_multiply_accumulate") ||
        clGetDeviceInfo(ctx->device, CL_DEVICE_SUB_GROUP_SIZES_INTEL, sizeof sizes, sizes, &size) !=
            CL_SUCCESS)
        return false;
    size = size < sizeof sizes ? size : sizeof sizes; /* a driver may claim more */
    for (size_t i = 0; i < size / sizeof *sizes; i++)
        least = sizes[i] < least ? sizes[i] : least;
    return least == lanes;
}

static bool has_unit(const struct vcl_ctx *ctx, int id)
{
    switch (id) {
    case NVIDIA_TF32:
    case NVIDIA_BF16:
        return is_nvidia(ctx);
    case AMD_WMMA:
        return is_amd(ctx, "gfx110") || is_amd(ctx, "gfx115");
    case AMD_F32:
    case AMD_BF16:
        return is_amd(ctx, "gfx90a") || is_amd(ctx, "gfx94");
    case INTEL_BF16_8:
        return is_intel(ctx, 8);
    case INTEL_BF16_16:
        return is_intel(ctx, 16);
    default:
        return false;
    }
}

/* The unit that the context asks for, or NULL. */
static const struct vcl_matrix_unit *unit_of(const struct vcl_ctx *ctx)
{
    const char *precision = vcl_ctx_precision(ctx);
    const struct vcl_matrix_unit *unit = vcl_matrix_units;
    while (unit->id && (strcmp(unit->precision, precision) != 0 || !has_unit(ctx, unit->id)))
        unit++;
    return unit->id ? unit : NULL;
}

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    return vcl_gemm_tiled.supports(ctx, gemm) && unit_of(ctx);
}

static const struct vcl_gemm_param params[] = {
    {"TM", (const int[]){32, 64, 128, 0}, "rows of a work-group's tile"},
    {"TN", (const int[]){32, 64, 128, 0}, "columns of a work-group's tile"},
    {"TK", (const int[]){16, 32, 0}, "depth of a tile"},
    {"RM", (const int[]){2, 4, 8, 16, 32, 0}, "rows of a work-item"},
    {"RN", (const int[]){1, 2, 4, 8, 16, 0}, "columns of a work-item"},
    {"VW", (const int[]){1, 2, 4, 0}, "floats a load, at most"},
    {"SPLIT", (const int[]){1, 2, 1024, 0},
     "chunks of K, each another work-group's; 1: not divided"},
    {"SG", (const int[]){1, 0}, "1"}, /* tiled's */
    {NULL, NULL, NULL},
};

struct vcl_gemm_setting vcl_matrix_setting(const struct vcl_matrix_unit *unit, int side, int split)
{
    int rows = unit->cm * side / (2 * unit->um), columns = unit->cn * side / (2 * unit->un);
    return (struct vcl_gemm_setting){{side, side, 16, rows, columns, 4, split, 1}};
}

static void defaults(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                     struct vcl_gemm_setting *setting)
{
    const struct vcl_matrix_unit *unit = unit_of(ctx);
    const struct vcl_gemm_setting rows[] = {
        vcl_matrix_setting(unit, 64, 1),
        vcl_matrix_setting(unit, 32, 1),
        vcl_matrix_setting(unit, 64, 1024),
        vcl_matrix_setting(unit, 32, 1024),
        {{0}},
    };
    if (!vcl_tiled_pick(ctx, gemm, rows, setting))
        *setting = rows[1];
}

static bool fits(const struct vcl_matrix_unit *unit, const int *v)
{
    return v[VCL_RM] % unit->cm == 0 && v[VCL_RN] % unit->cn == 0 && v[VCL_TK] % unit->uk == 0 &&
           v[VCL_TM] / v[VCL_RM] % unit->down == 0 && v[VCL_TN] / v[VCL_RN] % unit->across == 0;
}

static bool valid(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                  const struct vcl_gemm_setting *setting)
{
    const struct vcl_matrix_unit *unit = unit_of(ctx);
    return unit && setting->values[VCL_SG] == 1 && vcl_tiled_valid(ctx, gemm, setting->values) &&
           fits(unit, setting->values);
}

enum vcl_status vcl_matrix_run(const struct vcl_emit *emit, const struct vcl_matrix_unit *unit,
                               bool emulate, const struct vcl_gemm *gemm,
                               const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    char options[48];
    snprintf(options, sizeof options, " -DMATRIX=%d -DEMULATE=%d", unit->id, emulate);
    return vcl_tiled_run(emit, gemm, setting->values, unit->cn, options, err);
}

static enum vcl_status run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    return vcl_matrix_run(emit, unit_of(emit->ctx), false, gemm, setting, err);
}

static double rounding(const struct vcl_ctx *ctx)
{
    const struct vcl_matrix_unit *unit = unit_of(ctx);
    return unit ? unit->rounding : 0;
}

const struct vcl_gemm_def vcl_gemm_matrix = {
    .name = "matrix",
    .help = "matrix units of GPUs, with --precision; not the same bits everywhere",
    .rounding = rounding,
    .supports = supports,
    .params = params,
    .defaults = defaults,
    .valid = valid,
    .run = run,
};
