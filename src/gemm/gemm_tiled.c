/* SPDX-License-Identifier: MIT
 *
 * For GPUs: tiles in local memory (kernels/gemm_tiled.cl), K divided among work-groups where C has
 * too few tiles for the device. Epilogue and column sums are fused. Which tiles is the setting's;
 * the bits are the same with any.
 */
#include <stdio.h>
#include <string.h>

#include "cl/internal.h"
#include "gemm/gemm.h"
#include "gemm/tiled.h"
#include "gemms.rows.h"

enum { K_CHUNK = 256, SUBGROUP = 16, PARTS_BYTES = 64 << 20 };

enum { TM = VCL_TM, TN, TK, RM, RN, VW, SPLIT, SG };

static const struct vcl_gemm_param params[] = {
    {"TM", (const int[]){16, 32, 64, 128, 0}, "rows of a work-group's tile"},
    {"TN", (const int[]){4, 16, 32, 64, 128, 0}, "columns of a work-group's tile"},
    {"TK", (const int[]){8, 16, 32, 0}, "depth of a tile"},
    {"RM", (const int[]){1, 2, 4, 8, 0}, "rows of a work-item"},
    {"RN", (const int[]){1, 2, 4, 8, 0}, "columns of a work-item"},
    {"VW", (const int[]){1, 2, 4, 0}, "floats a load, at most"},
    {"SPLIT", (const int[]){1, 2, 1024, 0},
     "chunks of K, each another work-group's; 1: not divided"},
    {"SG", (const int[]){1, 2, 0}, "2: sub-groups pass elements round, without local memory"},
    {NULL, NULL, NULL},
};

/* Flags of the kernels' arguments: kernels/gemm_end.cl, gemm_sum.cl. */
enum { ADD_OLD = 1, ADD_BIAS = 2, SUM_B = 4, FIRST = 8, LAST = 16 };

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

/* A product as work-groups divide it. To images, `phases` products of the pixels that the same taps
 * see (kernels/gemm_operands.cl). Operands lie in runs of contiguous elements. */
struct view {
    uint32_t m, n, chunks, phases, run_a, run_b;
    bool trans_a, trans_b;
};

static struct view view_of(const struct vcl_gemm *g)
{
    struct view view = {
        .m = g->m,
        .n = g->n,
        .chunks = ceil_div(g->k, K_CHUNK),
        .phases = 1,
        .run_a = g->trans_a ? g->m : g->k,
        .run_b = g->trans_b ? g->k : g->n,
        .trans_a = g->trans_a,
        .trans_b = g->trans_b,
    };
    const struct vcl_conv *c = g->conv;
    if (!c)
        return view;
    view.run_a = c->pass == VCL_CONV_TO_IMAGE ? c->features : c->channels;
    view.trans_a = c->pass == VCL_CONV_WEIGHTS;
    view.trans_b = c->pass == VCL_CONV_TO_IMAGE;
    if (c->pass == VCL_CONV_TO_IMAGE) {
        view.m =
            c->batch * ceil_div(c->height, c->stride_height) * ceil_div(c->width, c->stride_width);
        view.run_b = c->features;
        view.phases = c->stride_height * c->stride_width;
        view.chunks = 1; /* of sums that start anew with each tap: not to be divided */
    }
    return view;
}

/* Work-groups along the third axis, which drivers limit. */
enum { MOST_PHASES = 65535 };

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    const struct vcl_conv *c = gemm->conv;
    if (vcl_ctx_vec(ctx) != 1)
        return false;
    if (c && (double)c->stride_height * c->stride_width > MOST_PHASES)
        return false;
    return !c || (double)c->batch * (c->height + c->stride_height) * (c->width + c->stride_width) <
                     INT32_MAX;
}

static int items_of(const int *v)
{
    return v[TM] / v[RM] * (v[TN] / v[RN]);
}

static bool has_subgroups(const struct vcl_ctx *ctx)
{
    return vcl_ctx_has_extension(ctx, "cl_intel_subgroups") &&
           vcl_ctx_has_extension(ctx, "cl_intel_required_subgroup_size");
}

bool vcl_tiled_valid(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm, const int *v)
{
    const struct vcl_device_info *device = vcl_ctx_device(ctx);
    if (v[SPLIT] > 1 && gemm->conv && gemm->conv->pass == VCL_CONV_TO_IMAGE)
        return false; /* its sums start anew with each tap */
    for (int i = 0; i < VCL_TILED_PARAMS; i++) {
        if (v[i] < 1)
            return false;
    }
    if (v[TM] % v[RM] || v[TN] % v[RN] || K_CHUNK % v[TK] || v[TM] % v[VW] || v[TN] % v[VW] ||
        v[TK] % v[VW] || v[VW] == 3 || v[VW] > 4)
        return false;
    if (v[SG] > 1)
        return v[SG] == 2 && has_subgroups(ctx) && v[TN] == SUBGROUP * v[RN] && v[TK] == SUBGROUP &&
               v[RM] <= SUBGROUP && items_of(v) <= (int)device->max_work_group;
    size_t local = 2 * sizeof(float) * (size_t)(v[TK] * (v[TM] + v[TN] + 24));
    return local <= device->local_memory && items_of(v) <= (int)device->max_work_group;
}

static bool valid(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                  const struct vcl_gemm_setting *setting)
{
    return vcl_tiled_valid(ctx, gemm, setting->values);
}

/* Work-groups that a setting makes of a product. */
static double groups_of(const struct view *view, const int *v)
{
    return (double)ceil_div(view->m, (uint32_t)v[TM]) * ceil_div(view->n, (uint32_t)v[TN]) *
           view->phases * (v[SPLIT] > 1 ? view->chunks : 1);
}

/* Settings in order of preference, ending with a TM of 0. */
static const struct vcl_gemm_setting square[] = {
    {{128, 128, 8, 8, 8, 4, 1, 1}},   {{64, 64, 16, 4, 4, 4, 1, 1}},
    {{32, 32, 32, 4, 2, 4, 1, 1}},    {{64, 64, 16, 4, 4, 4, 1024, 1}},
    {{32, 32, 32, 4, 2, 4, 1024, 1}}, {{0}},
};
static const struct vcl_gemm_setting few_rows[] = {
    {{16, 64, 16, 2, 4, 4, 1, 1}}, {{16, 64, 16, 2, 4, 4, 1024, 1}}, {{0}}};
static const struct vcl_gemm_setting few_columns[] = {
    {{64, 16, 16, 4, 2, 4, 1, 1}}, {{64, 16, 16, 4, 2, 4, 1024, 1}}, {{0}}};
static const struct vcl_gemm_setting hardly_columns[] = {
    {{64, 4, 32, 2, 2, 4, 1, 1}}, {{64, 4, 32, 2, 2, 4, 1024, 1}}, {{0}}};

/* Intel's GPUs: units are many and small. */
static const struct vcl_gemm_setting passed_round[] = {
    {{32, 64, 16, 8, 4, 1, 1, 2}},    {{32, 32, 16, 8, 2, 1, 1, 2}},
    {{32, 16, 16, 8, 1, 1, 1, 2}},    {{32, 32, 16, 8, 2, 1, 1024, 2}},
    {{32, 16, 16, 8, 1, 1, 1024, 2}}, {{0}},
};

static const struct vcl_gemm_setting *const presets[] = {
    square, few_rows, few_columns, hardly_columns, passed_round, NULL,
};

/* Small tiles load more for each product, and dividing K costs a second pass. */
bool vcl_tiled_pick(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                    const struct vcl_gemm_setting *rows, struct vcl_gemm_setting *ret_setting)
{
    const struct view view = view_of(gemm);
    double most = 0;
    for (const struct vcl_gemm_setting *row = rows; row->values[TM]; row++) {
        double groups = groups_of(&view, row->values);
        bool slow_to_compile = vcl_ctx_is_cpu(ctx) && items_of(row->values) > 128;
        if (!vcl_tiled_valid(ctx, gemm, row->values) || groups <= most || slow_to_compile)
            continue;
        *ret_setting = *row;
        most = groups;
        if (groups >= vcl_ctx_device(ctx)->compute_units)
            break;
    }
    return most > 0;
}

static void defaults(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                     struct vcl_gemm_setting *setting)
{
    const struct view view = view_of(gemm);
    if (!vcl_ctx_is_cpu(ctx) && has_subgroups(ctx) &&
        vcl_tiled_pick(ctx, gemm, passed_round, setting))
        return;
    const struct vcl_gemm_setting *rows = view.n <= 4    ? hardly_columns
                                          : view.n <= 16 ? few_columns
                                          : view.m <= 16 ? few_rows
                                                         : square;
    if (!vcl_tiled_pick(ctx, gemm, rows, setting)) /* next to no local memory, or tiny groups */
        *setting = (struct vcl_gemm_setting){{16, 16, 8, 4, 4, 1, 1, 1}};
}

/* The longest vector that divides rows of `extent` floats, so that none lies across their end. */
static int vector_for(uint32_t extent, int most)
{
    int width = most >= 4 ? 4 : most >= 2 ? 2 : 1;
    while (extent % (uint32_t)width)
        width /= 2;
    return width;
}

/* How a product is done: vcl_tiled_run's arguments. */
struct plan {
    const struct vcl_gemm *gemm;
    const int *values;
    int store;
    const char *options;
};

enum { OPTIONS = 640 };

static void tile_options(const struct vcl_ctx *ctx, const struct plan *plan, char options[OPTIONS])
{
    const struct vcl_gemm *g = plan->gemm;
    const int *v = plan->values;
    const struct view view = view_of(g);
    const struct vcl_conv *c = g->conv;
    const int wide = v[SG] == 2 ? 1 : v[VW];
    size_t used = (size_t)snprintf(
        options, OPTIONS,
        "-DTM=%d -DTN=%d -DTK=%d -DRM=%d -DRN=%d -DVA=%d -DVB=%d -DVC=%d "
        "-DUNROLL_K=%d -DTRANS_A=%d -DTRANS_B=%d%s",
        v[TM], v[TN], v[TK], v[RM], v[RN], vector_for(view.run_a, wide),
        vector_for(view.run_b, wide), vector_for(g->n, plan->store < wide ? plan->store : wide),
        vcl_ctx_is_cpu(ctx) ? 1 : 8, view.trans_a, view.trans_b, plan->options);
    if (c)
        used += (size_t)snprintf(
            options + used, OPTIONS - used,
            " -DPASS=%s -DH=%u -DW=%u -DC=%u -DMH=%u -DMW=%u -DF=%u -DKH=%u -DKW=%u -DSH=%u "
            "-DSW=%u -DPH=%u -DPW=%u",
            c->pass == VCL_CONV_TO_MAP    ? "TO_MAP"
            : c->pass == VCL_CONV_WEIGHTS ? "WEIGHTS"
                                          : "TO_IMAGE",
            c->height, c->width, c->channels, c->map_height, c->map_width, c->features,
            c->kernel_height, c->kernel_width, c->stride_height, c->stride_width, c->pad_height,
            c->pad_width);
    if (v[SPLIT] > 1)
        snprintf(options + used, OPTIONS - used, " -DSPLIT=1");
    else
        snprintf(options + used, OPTIONS - used, " -DONE_CHUNK=%d -DACT=act_%s -DDERIVATIVE=%d",
                 view.chunks == 1 && !(c && c->pass == VCL_CONV_TO_IMAGE), vcl_gemm_activation(g),
                 g->derivative_at != NULL);
}

static int32_t flags_of(const struct vcl_gemm *gemm)
{
    return (gemm->accumulate ? ADD_OLD : 0) | (gemm->bias ? ADD_BIAS : 0) |
           (gemm->b_sums ? SUM_B : 0);
}

/* Tiles of `chunks` chunks from `first`, or of all K at once with 1 chunk and no division, into
 * `to`. Kernels do not look at operands that are not there. */
static enum vcl_status multiply(const struct vcl_emit *emit, const struct plan *plan,
                                uint32_t first, uint32_t chunks, struct vcl_buf *to,
                                struct vcl_error *err)
{
    const struct vcl_gemm *g = plan->gemm;
    const int *v = plan->values;
    const size_t items = (size_t)items_of(v);
    const struct view view = view_of(g);
    char options[OPTIONS];
    tile_options(emit->ctx, plan, options);
    struct vcl_launch launch = {
        .source = v[SG] == 2 ? "gemm_subgroup.cl" : "gemm_tiled.cl",
        .kernel = v[SG] == 2 ? "gemm_subgroup" : "gemm_tiled",
        .options = options,
        .global = {ceil_div(view.n, (uint32_t)v[TN]) * items, ceil_div(view.m, (uint32_t)v[TM]),
                   chunks * view.phases},
        .local = {items, 1, 1},
        VCL_ARGS((int32_t)view.m, (int32_t)g->n, (int32_t)g->k, (int32_t)first, flags_of(g), g->a,
                 g->b, g->bias ? g->bias : g->b, g->derivative_at ? g->derivative_at : g->b,
                 g->b_sums ? g->b_sums : to, to),
    };
    return vcl_emit_launch(emit, &launch, err);
}

static enum vcl_status add_up(const struct vcl_emit *emit, const struct vcl_gemm *g,
                              uint32_t chunks, int32_t flags, struct vcl_buf *parts,
                              struct vcl_buf *running, struct vcl_error *err)
{
    char options[96];
    snprintf(options, sizeof options, "-DACT=act_%s -DDERIVATIVE=%d", vcl_gemm_activation(g),
             g->derivative_at != NULL);
    struct vcl_launch launch = {
        .source = "gemm_sum.cl",
        .kernel = "gemm_sum",
        .options = options,
        VCL_ARGS((int32_t)g->m, (int32_t)g->n, (int32_t)chunks, flags_of(g) | flags, parts,
                 g->bias ? g->bias : parts, g->derivative_at ? g->derivative_at : parts, running,
                 g->b_sums ? g->b_sums : g->c, g->c),
    };
    vcl_flat_size(emit->ctx, &launch, ((size_t)g->m + (g->b_sums != NULL)) * g->n, 1);
    return vcl_emit_launch(emit, &launch, err);
}

/* Each chunk of K by other work-groups; as many chunks at a time as the setting says and scratch
 * memory may hold. */
static enum vcl_status run_split(const struct vcl_emit *emit, const struct plan *plan,
                                 struct vcl_error *err)
{
    const struct vcl_gemm *g = plan->gemm;
    const int *v = plan->values;
    const size_t step = ((size_t)g->m + (g->b_sums != NULL)) * g->n * sizeof(float);
    const uint32_t chunks = ceil_div(g->k, K_CHUNK);
    uint32_t at_once = step < PARTS_BYTES ? (uint32_t)(PARTS_BYTES / step) : 1;
    struct vcl_buf *parts, *running;
    enum vcl_status r;
    at_once = at_once < (uint32_t)v[SPLIT] ? at_once : (uint32_t)v[SPLIT];
    at_once = at_once < chunks ? at_once : chunks;
    TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_A, at_once * step, &parts, err));
    running = parts;
    if (at_once < chunks)
        TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_B, step, &running, err));
    for (uint32_t first = 0; first < chunks; first += at_once) {
        uint32_t count = chunks - first < at_once ? chunks - first : at_once;
        int32_t flags = (first == 0 ? FIRST : 0) | (first + count == chunks ? LAST : 0);
        TRY(multiply(emit, plan, first, count, parts, err));
        TRY(add_up(emit, g, count, flags, parts, running, err));
    }
out:
    return r;
}

enum vcl_status vcl_tiled_run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                              const int *values, int store, const char *options,
                              struct vcl_error *err)
{
    const struct plan plan = {gemm, values, store, options};
    return values[SPLIT] > 1 ? run_split(emit, &plan, err)
                             : multiply(emit, &plan, 0, 1, gemm->c, err);
}

static enum vcl_status run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    return vcl_tiled_run(emit, gemm, setting->values, setting->values[RN], "", err);
}

const struct vcl_gemm_def vcl_gemm_tiled = {
    .name = "tiled",
    .help = "tiles in local memory; GPUs",
    .same_bits = true,
    .gpu_default = true,
    .supports = supports,
    .params = params,
    .defaults = defaults,
    .presets = presets,
    .valid = valid,
    .run = run,
};
