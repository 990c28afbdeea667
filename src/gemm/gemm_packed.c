/* SPDX-License-Identifier: MIT
 *
 * For CPU devices: each work-item packs what it needs and makes a block of C, a register tile at a
 * time (kernels/gemm_packed.cl). Here: which tile, and how C is divided.
 */
#include <math.h>
#include <stdio.h>

#include "gemm/gemm.h"
#include "gemms.rows.h"

enum { B_COLS = 256, K_CHUNK = 256, VECTOR = 16 }; /* as in the kernel */
enum { C_CACHED = 1 << 16 };                       /* elements of C that stay in a core's cache */
enum { MOST_GATHERED = 1 << 24 }; /* floats between the two halves of a product that gathers */
enum { MR, NV, PER_UNIT };

static const struct vcl_gemm_param params[] = {
    {"MR", (const int[]){2, 4, 6, 8, 12, 14, 0}, "rows of a register tile"},
    {"NV", (const int[]){1, 2, 3, 0}, "its vectors of 16 columns"},
    {"PER_UNIT", (const int[]){1, 2, 4, 0}, "work-items a compute unit, at least"},
    {0},
};

/* A tile's sums, a row of B and an element of A fill the registers: 32 of 16 floats with AVX-512,
 * 16 of 8 with AVX2, of 4 with others. */
static void defaults(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                     struct vcl_gemm_setting *setting)
{
    uint32_t width = vcl_ctx_device(ctx)->vector_width;
    (void)gemm;
    *setting = (struct vcl_gemm_setting){{
        [MR] = width >= 16  ? 8
               : width >= 8 ? 6
                            : 2,
        [NV] = width >= 16 ? 2 : 1,
        [PER_UNIT] = 1,
    }};
}

static bool valid(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                  const struct vcl_gemm_setting *setting)
{
    uint32_t width = vcl_ctx_device(ctx)->vector_width;
    int registers = width >= 16 ? 32 : 16;
    int parts = width >= 16 ? 1 : width >= 8 ? 2 : 4; /* registers of a vector */
    int rows = setting->values[MR], vectors = setting->values[NV];
    (void)gemm;
    return rows > 0 && vectors > 0 && setting->values[PER_UNIT] > 0 &&
           (rows + 1) * vectors * parts < registers;
}

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    (void)gemm;
    return vcl_ctx_vec(ctx) == 16; /* its kernels use the vectors of prelude.cl */
}

static uint32_t ceil_div(uint32_t a, uint32_t b)
{
    return (a + b - 1) / b;
}

/* C in blocks: `rows` x `cols` each, but for the last. */
struct division {
    uint32_t rows, cols, row_blocks, col_blocks;
};

/* Rough cost of the division for the busiest compute unit, in vector multiplications: tiles;
 * packing, which each block does for itself; C, which is read and written once a chunk. */
static double cost(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm, uint32_t m,
                   const struct division *d)
{
    const double a = gemm->conv ? 0.4 : 0.15, b = gemm->trans_b ? 0.2 : 0.12; /* an element */
    const double cached = 3, uncached = 10, item = 2000;
    uint32_t units = vcl_ctx_device(ctx)->compute_units;
    uint32_t items = d->row_blocks * d->col_blocks;
    double rows = d->rows < m ? d->rows : m, vectors = (double)d->cols / VECTOR, k = gemm->k;
    double c = rows * d->cols <= C_CACHED ? cached : uncached;
    double block = k * (rows * vectors + rows * a + d->cols * b) +
                   c * rows * vectors * ceil_div(gemm->k, K_CHUNK);
    return (block + item) * ceil_div(items, units);
}

/* The cheapest division with `per_unit` items a compute unit, if there is so much to divide. */
static struct division divide(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm, uint32_t m,
                              const struct vcl_gemm_setting *setting)
{
    const uint32_t mr = (uint32_t)setting->values[MR];
    uint32_t wanted = vcl_ctx_device(ctx)->compute_units * (uint32_t)setting->values[PER_UNIT];
    uint32_t tiles = ceil_div(m, mr), vectors = ceil_div(gemm->n, VECTOR);
    struct division best = {0};
    double best_cost = INFINITY;
    for (uint32_t cols = vectors < B_COLS / VECTOR ? vectors : B_COLS / VECTOR; cols; cols--) {
        uint32_t col_blocks = ceil_div(vectors, cols);
        uint32_t least = ceil_div(wanted, col_blocks), last_rows = 0;
        for (uint32_t parts = least; parts <= 16 * least && parts <= tiles + least; parts++) {
            struct division d = {.cols = cols * VECTOR, .col_blocks = col_blocks};
            d.rows = ceil_div(tiles, parts < tiles ? parts : tiles) * mr;
            d.row_blocks = ceil_div(m, d.rows);
            if (d.rows == last_rows)
                continue;
            last_rows = d.rows;
            double c = cost(ctx, gemm, m, &d);
            if (c < best_cost) {
                best = d;
                best_cost = c;
            }
        }
    }
    return best;
}

/* Rows of C that a work-item's first index runs over, and the number of phases. */
static void extent(const struct vcl_gemm *gemm, uint32_t *ret_rows, uint32_t *ret_phases)
{
    const struct vcl_conv *c = gemm->conv;
    *ret_rows = gemm->m;
    *ret_phases = 1;
    if (!c || c->pass != VCL_CONV_TO_IMAGE)
        return;
    *ret_rows =
        c->batch * ceil_div(c->height, c->stride_height) * ceil_div(c->width, c->stride_width);
    *ret_phases = vcl_conv_phases(c);
}

static void make_options(const struct vcl_gemm *gemm, const struct vcl_gemm_setting *setting,
                         char *options, size_t size)
{
    static const int operands[] = {
        [VCL_CONV_TO_MAP] = 1, [VCL_CONV_TO_IMAGE] = 2, [VCL_CONV_WEIGHTS] = 3};
    snprintf(options, size,
             "-DOPERAND=%d -DTRANS_A=%d -DTRANS_B=%d -DACT=act_%s -DDERIVATIVE=%d "
             "-DMR=%d -DNV=%d",
             gemm->conv ? operands[gemm->conv->pass] : 0, gemm->trans_a, gemm->trans_b,
             vcl_gemm_activation(gemm), gemm->derivative_at != NULL, setting->values[MR],
             setting->values[NV]);
}

static enum vcl_status multiply(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    bool image = gemm->conv && gemm->conv->pass == VCL_CONV_TO_IMAGE;
    struct vcl_buf *none = gemm->c;
    uint32_t rows, phases;
    char options[160];
    extent(gemm, &rows, &phases);
    make_options(gemm, setting, options, sizeof options);
    const struct division d = divide(emit->ctx, gemm, rows, setting);
    struct vcl_launch launch = {
        .source = "gemm_packed.cl",
        .kernel = "gemm_packed",
        .options = options,
        .global = {d.col_blocks, d.row_blocks, phases},
        .local = {1, 1, 1},
        VCL_ARGS((int32_t)(image ? gemm->conv->batch : gemm->m), (int32_t)gemm->n, (int32_t)gemm->k,
                 (int32_t)d.rows, (int32_t)d.cols, (int32_t)(gemm->bias != NULL),
                 (int32_t)(gemm->b_sums != NULL), gemm->a, gemm->b, gemm->bias ? gemm->bias : none,
                 gemm->derivative_at ? gemm->derivative_at : none,
                 gemm->b_sums ? gemm->b_sums : none, gemm->c),
    };
    if (gemm->conv)
        vcl_conv_args(gemm->conv, &launch);
    return vcl_emit_launch(emit, &launch, err);
}

/* To images of few channels, whose vectors would be nearly empty: what each map pixel gives to each
 * tap is a dense product, and the image gathers it. A tap's sum must be one chunk, and there must
 * be room for the product. */
static bool gathers(const struct vcl_gemm *gemm)
{
    const struct vcl_conv *c = gemm->conv;
    if (!c || c->pass != VCL_CONV_TO_IMAGE || c->channels >= VECTOR / 2 || c->features > K_CHUNK)
        return false;
    double pixels = (double)c->batch * c->map_height * c->map_width;
    return pixels * c->kernel_height * c->kernel_width * c->channels <= MOST_GATHERED;
}

static enum vcl_status gather(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                              const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    const struct vcl_conv *c = gemm->conv;
    struct vcl_gemm product = {
        .m = c->batch * c->map_height * c->map_width,
        .n = c->kernel_height * c->kernel_width * c->channels,
        .k = c->features,
        .trans_b = true,
        .a = gemm->a,
        .b = gemm->b,
    };
    size_t n = (size_t)gemm->m * gemm->n;
    char options[96];
    enum vcl_status r;
    TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_B, (size_t)product.m * product.n * sizeof(float),
                        &product.c, err));
    TRY(multiply(emit, &product, setting, err));
    snprintf(options, sizeof options, "-DHAS_BIAS=%d -DDERIVATIVE=%d -DACT=act_%s",
             gemm->bias != NULL, gemm->derivative_at != NULL, vcl_gemm_activation(gemm));
    struct vcl_launch launch = {
        .source = "conv_gather.cl",
        .kernel = "conv_gather",
        .options = options,
        VCL_ARGS((int32_t)n, product.c, gemm->bias ? gemm->bias : gemm->c,
                 gemm->derivative_at ? gemm->derivative_at : gemm->c, gemm->c),
    };
    vcl_conv_args(c, &launch);
    vcl_flat_size(emit->ctx, &launch, n, 1);
    TRY(vcl_emit_launch(emit, &launch, err));
out:
    return r;
}

static enum vcl_status overwrite(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                 const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    return gathers(gemm) ? gather(emit, gemm, setting, err) : multiply(emit, gemm, setting, err);
}

/* The kernel's totals are in C; where C's old value is wanted, they go elsewhere first. */
static enum vcl_status run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    struct vcl_gemm product = *gemm;
    enum vcl_status r;
    if (!gemm->accumulate)
        return overwrite(emit, gemm, setting, err);
    product.bias = product.derivative_at = product.b_sums = NULL;
    product.activation = NULL;
    TRY(vcl_scratch_get(emit->ctx, VCL_SCRATCH_A, (size_t)gemm->m * gemm->n * sizeof(float),
                        &product.c, err));
    TRY(overwrite(emit, &product, setting, err));
    TRY(vcl_gemm_add(emit, (size_t)gemm->m * gemm->n, product.c, gemm->c, err));
    TRY(vcl_gemm_epilogue(emit, gemm, err));
    TRY(vcl_gemm_b_sums(emit, gemm, err));
out:
    return r;
}

const struct vcl_gemm_def vcl_gemm_packed = {
    .name = "packed",
    .help = "panels packed by each work-item, register tiles; CPU devices",
    .same_bits = true,
    .cpu_default = true,
    .supports = supports,
    .params = params,
    .defaults = defaults,
    .valid = valid,
    .run = run,
};
