/* SPDX-License-Identifier: MIT
 *
 * Each implementation of the matrix product, transposed and not, with each epilogue. Those that
 * promise the same bits are compared bit by bit; the others with the formula alone, within the
 * error of a sum in any order.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check/reference.h"
#include "gemm/gemm.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define K_CHUNK  256

struct variant {
    bool accumulate, bias;
    const char *activation; /* or NULL */
    bool derivative, b_sums;
    const struct vcl_gemm_setting *setting; /* or NULL for the default */
};

/* a[i * a_row + p * a_col] is op(A)(i, p); the same for b and op(B)(p, j). */
struct strides {
    size_t a_row, a_col, b_row, b_col;
};

static struct strides strides_of(const struct vcl_gemm *g)
{
    return (struct strides){
        .a_row = g->trans_a ? 1 : g->k,
        .a_col = g->trans_a ? g->m : 1,
        .b_row = g->trans_b ? 1 : g->n,
        .b_col = g->trans_b ? g->k : 1,
    };
}

/* Row i of op(A) op(B): chunks of K_CHUNK from zero by fma, chunk sums added in ascending order.
 * `sum` is room for a row; formulas are added to. */
static void multiply_row(const struct vcl_gemm *g, const float *a_row, const float *b, float *sum,
                         float *total, struct vcl_formula *formula)
{
    const struct strides stride = strides_of(g);
    for (size_t first = 0; first < g->k; first += K_CHUNK) {
        for (size_t j = 0; j < g->n; j++)
            sum[j] = 0;
        for (size_t p = first; p < g->k && p < first + K_CHUNK; p++) {
            const float x = a_row[p * stride.a_col], *b_row = b + p * stride.b_row;
            for (size_t j = 0; j < g->n; j++) {
                float y = b_row[j * stride.b_col];
                sum[j] = fmaf(x, y, sum[j]);
                vcl_formula_add(&formula[j], (double)x * (double)y);
            }
        }
        for (size_t j = 0; j < g->n; j++)
            total[j] = first ? total[j] + sum[j] : sum[j];
    }
}

struct operands {
    struct vcl_zone *a, *b, *bias, *derivative_at, *b_sums, *c;
};

/* C's old value + product, + bias, activation. */
static void finish_row(const struct vcl_gemm *g, const struct operands *on,
                       const struct vcl_activation_reference *activation, size_t row)
{
    float *exact = on->c->exact + row * g->n;
    struct vcl_formula *formula = on->c->formula + row * g->n;
    for (size_t j = 0; j < g->n; j++) {
        if (g->accumulate) {
            float before = vcl_zone_floats(on->c)[row * g->n + j];
            exact[j] = before + exact[j];
            vcl_formula_add(&formula[j], (double)before);
        }
        if (g->bias) {
            float bias = vcl_zone_floats(on->bias)[j];
            exact[j] += bias;
            vcl_formula_add(&formula[j], (double)bias);
        }
        if (activation && g->derivative_at) {
            float y = vcl_zone_floats(on->derivative_at)[row * g->n + j];
            float slope = activation->gradient(0, y);
            formula[j].value *= (double)slope;
            formula[j].scale *= fabs((double)slope);
            exact[j] *= slope;
        } else if (activation) {
            /* No activation is steeper than 2. */
            double terms = 2 * formula[j].scale;
            formula[j] = vcl_activation_formula(activation, formula[j].value);
            formula[j].scale += terms;
            exact[j] = activation->forward(exact[j]);
        }
    }
}

/* Column sums of B: a row of ones times B. */
static void expect_b_sums(const struct vcl_gemm *g, const struct operands *on, float *sum,
                          const float *ones)
{
    struct vcl_zone *sums = on->b_sums;
    struct vcl_gemm row = *g;
    for (size_t j = 0; j < g->n; j++)
        sums->formula[j] = (struct vcl_formula){0, 0};
    row.trans_a = false;
    multiply_row(&row, ones, vcl_zone_floats(on->b), sum, sums->exact, sums->formula);
    for (size_t j = 0; j < g->n && g->accumulate; j++) {
        float before = vcl_zone_floats(sums)[j];
        vcl_formula_add(&sums->formula[j], (double)before);
        sums->exact[j] = before + sums->exact[j];
    }
}

static enum vcl_status expect(struct vcl_checker *c, const struct vcl_gemm *g,
                              const struct operands *on, struct vcl_error *err)
{
    const struct vcl_activation_reference *activation = NULL;
    float *sum;
    enum vcl_status r;
    if (g->activation)
        TRY(vcl_activation_reference_find(g->activation, &activation, err));
    TRY(vcl_arena_alloc(&c->arena, g->n * sizeof *sum, &sum, err));
    for (size_t i = 0; i < g->m; i++) {
        struct vcl_formula *formula = on->c->formula + i * g->n;
        for (size_t j = 0; j < g->n; j++)
            formula[j] = (struct vcl_formula){0, 0};
        multiply_row(g, vcl_zone_floats(on->a) + i * strides_of(g).a_row, vcl_zone_floats(on->b),
                     sum, on->c->exact + i * g->n, formula);
        finish_row(g, on, activation, i);
    }
    if (g->b_sums) {
        float *ones;
        TRY(vcl_arena_alloc(&c->arena, g->k * sizeof *ones, &ones, err));
        for (size_t p = 0; p < g->k; p++)
            ones[p] = 1;
        expect_b_sums(g, on, sum, ones);
    }
out:
    return r < 0 ? r : VCL_OK;
}

static double tolerance(const struct vcl_gemm_def *def, const struct vcl_gemm *g)
{
    size_t terms = g->k + 2; /* with C's old value and the bias */
    double sum = def->same_bits ? vcl_tolerance_chunked(terms) + vcl_tolerance_ulps(1)
                                : vcl_tolerance_any_order(terms);
    return sum + (g->activation ? vcl_tolerance_ulps(6) : 0);
}

/* "TM=64 TN=32 ...", after the shape. */
static void name_setting(struct vcl_checker *c, const struct vcl_gemm_def *def,
                         const struct vcl_gemm_setting *setting)
{
    size_t used = strlen(c->shape);
    for (int i = 0; def->params[i].name && used < sizeof c->shape; i++)
        used += (size_t)snprintf(c->shape + used, sizeof c->shape - used, "%s%s=%d", i ? " " : ", ",
                                 def->params[i].name, setting->values[i]);
}

static void begin(struct vcl_checker *c, const struct vcl_gemm_def *def, const struct vcl_gemm *g,
                  const struct variant *variant)
{
    vcl_case_begin(c, def->name, "%u x %u x %u%s%s%s%s%s%s%s%s", g->m, g->n, g->k,
                   g->trans_a ? ", A transposed" : "", g->trans_b ? ", B transposed" : "",
                   g->accumulate ? ", accumulated" : "", variant->bias ? ", + bias" : "",
                   variant->derivative ? ", derivative" : "", variant->b_sums ? ", sums of B" : "",
                   g->activation ? ", " : "", g->activation ? g->activation : "");
    c->same_bits = def->same_bits;
    if (variant->setting)
        name_setting(c, def, variant->setting);
}

static enum vcl_status run_on(struct vcl_checker *c, const struct vcl_gemm_def *def,
                              const struct vcl_gemm *g, const struct variant *variant,
                              struct vcl_error *err)
{
    const struct vcl_gemm_def *chosen;
    struct vcl_gemm_setting setting = {0};
    if (variant->setting)
        return def->run(c->ctx, g, variant->setting, err);
    enum vcl_status r = vcl_gemm_choose(c->ctx, g, &chosen, &setting, err);
    if (r < 0)
        return r;
    if (chosen == def)
        return vcl_gemm_run(c->ctx, g, err);
    if (def->defaults)
        def->defaults(c->ctx, g, &setting);
    return def->run(c->ctx, g, &setting, err);
}

/* The operands that only some epilogues have. */
static enum vcl_status add_options(struct vcl_checker *c, const struct variant *variant,
                                   struct vcl_gemm *g, struct operands *on, struct vcl_error *err)
{
    const struct vcl_activation_reference *activation;
    size_t n = (size_t)g->m * g->n;
    float *values;
    enum vcl_status r = VCL_OK;
    if (variant->bias) {
        TRY(vcl_input(c, "bias", g->n, vcl_fill_signed, &on->bias, err));
        g->bias = on->bias->buf;
    }
    if (variant->derivative) {
        TRY(vcl_activation_reference_find(g->activation, &activation, err));
        TRY(vcl_arena_alloc(&c->arena, n * sizeof *values, &values, err));
        for (size_t i = 0; i < n; i++)
            values[i] =
                activation->forward(vcl_fill(c, vcl_fill_signed, (uint32_t)i * 2654435761u));
        TRY(vcl_input_bytes(c, "derivative_at", values, n * sizeof *values, &on->derivative_at,
                            err));
        g->derivative_at = on->derivative_at->buf;
    }
    if (variant->b_sums) {
        TRY(vcl_output(c, "b_sums", g->n, g->accumulate ? vcl_fill_signed : NULL,
                       vcl_tolerance_chunked(g->k + 1), &on->b_sums, err));
        g->b_sums = on->b_sums->buf;
    }
out:
    return r;
}

static enum vcl_status product(struct vcl_checker *c, const struct vcl_gemm_def *def,
                               const uint32_t shape[3], unsigned transposes,
                               const struct variant *variant, struct vcl_error *err)
{
    struct vcl_gemm g = {
        .m = shape[0],
        .n = shape[1],
        .k = shape[2],
        .trans_a = transposes & 1,
        .trans_b = transposes >> 1,
        .accumulate = variant->accumulate,
        .activation = variant->activation,
    };
    struct operands on = {0};
    enum vcl_status r = VCL_OK;
    if (!def->supports(c->ctx, &g))
        return r;
    begin(c, def, &g, variant);
    TRY(vcl_input(c, "a", (size_t)g.m * g.k, vcl_fill_signed, &on.a, err));
    TRY(vcl_input(c, "b", (size_t)g.k * g.n, vcl_fill_signed, &on.b, err));
    TRY(vcl_output(c, "c", (size_t)g.m * g.n, g.accumulate ? vcl_fill_signed : NULL,
                   tolerance(def, &g), &on.c, err));
    g.a = on.a->buf;
    g.b = on.b->buf;
    g.c = on.c->buf;
    TRY(add_options(c, variant, &g, &on, err));
    TRY(expect(c, &g, &on, err));
    TRY(run_on(c, def, &g, variant, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* Rows, columns, inner: first the few that cross a tile and a chunk. */
static const uint32_t shapes[][3] = {
    {7, 33, 3},      {2, 3, 257},    {1, 1, 1},      {100, 257, 300}, {1, 1, 784},
    {1, 784, 1},     {784, 1, 2},    {2, 15, 16},    {15, 2, 17},     {16, 16, 16},
    {17, 31, 32},    {31, 17, 33},   {32, 32, 255},  {33, 31, 256},   {31, 33, 257},
    {255, 33, 2},    {33, 255, 31},  {256, 16, 300}, {257, 300, 15},  {300, 257, 17},
    {32, 257, 784},  {31, 300, 784}, {784, 300, 32}, {255, 256, 33},  {33, 257, 512},
    {17, 255, 1025},
};

enum { TINY = 2, QUICK = 4 };

/* All four pairs of transpositions, or two that cross each line of the kernels, too: neither and
 * both, or one and the other. */
static bool skips(const struct vcl_checker *c, size_t index, unsigned transposes)
{
    const uint32_t *shape = shapes[index];
    bool large = (double)shape[0] * shape[1] * shape[2] > 2e6;
    bool alike = transposes == 0 || transposes == 3;
    return vcl_case_quick(c) ? !alike : large && alike != (index % 2 == 0);
}

/* Each pair of transpositions and variant is another program, the first shapes do with four. */
static enum vcl_status all_shapes(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                  struct vcl_error *err)
{
    static const struct variant variants[] = {{.b_sums = true}, {true, true, "silu"}};
    size_t count = vcl_case_count(c, TINY, QUICK, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        for (unsigned transposes = 0; transposes < 4; transposes++) {
            size_t variant = (transposes + i / QUICK) % COUNT(variants);
            struct variant v = variants[variant];
            v.b_sums = v.b_sums && transposes < 2;
            if (!skips(c, i, transposes))
                TRY(product(c, def, shapes[i], transposes, &v, err));
        }
    }
out:
    return r;
}

static enum vcl_status all_epilogues(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                     struct vcl_error *err)
{
    static const uint32_t shape[3] = {17, 33, 31};
    enum vcl_status r = VCL_OK;
    unsigned i = 0;
    for (const char *const *name = vcl_activation_names(); *name; name++, i++) {
        const struct variant variant = {i & 1, i & 2, *name};
        TRY(product(c, def, shape, 0, &variant, err));
        if (vcl_activations[i].needs_input)
            continue;
        const struct variant derivative = {i & 1, i & 2, *name, .derivative = true};
        TRY(product(c, def, shape, 2, &derivative, err));
    }
    TRY(product(c, def, shape, 1, &(struct variant){.b_sums = true}, err));
    TRY(product(c, def, shape, 1, &(struct variant){.accumulate = true, .b_sums = true}, err));
    TRY(product(c, def, shape, 0, &(struct variant){true, false, NULL}, err));
    TRY(product(c, def, shape, 0, &(struct variant){false, true, NULL}, err));
out:
    return r;
}

/* Each value of each tunable that can be with the others at their defaults; in turn on shapes
 * that no tile divides, with rows that are aligned for vectors and not. */
static enum vcl_status all_settings(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                    struct vcl_error *err)
{
    static const uint32_t odd[][3] = {{67, 140, 520}, {66, 65, 515}, {37, 147, 770}};
    enum vcl_status r = VCL_OK;
    unsigned turn = 0;
    for (int i = 0; def->params && def->params[i].name; i++) {
        for (const int *value = def->params[i].values; *value; value++, turn++) {
            const uint32_t *shape = odd[turn % COUNT(odd)];
            const struct vcl_gemm g = {.m = shape[0], .n = shape[1], .k = shape[2]};
            struct vcl_gemm_setting setting = {0};
            const struct variant variant = {
                .accumulate = turn % 2,
                .bias = turn % 3 == 0,
                .activation = "sigmoid",
                .derivative = true,
                .b_sums = true,
                .setting = &setting,
            };
            if (!def->supports(c->ctx, &g))
                return r;
            def->defaults(c->ctx, &g, &setting);
            if (setting.values[i] == *value)
                continue;
            setting.values[i] = *value;
            if (!def->valid || def->valid(c->ctx, &g, &setting))
                TRY(product(c, def, shape, turn % 2, &variant, err));
        }
    }
out:
    return r;
}

/* Others' implementations take long to start: unless in use, a full run checks them. */
static bool wanted(const struct vcl_checker *c, const struct vcl_gemm_def *def)
{
    bool full = !c->params->tiny && !c->params->quick;
    bool used = !c->params->tiny && strcmp(vcl_gemm_chosen(c->ctx), def->name) == 0;
    return def->same_bits || full || used;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if (!wanted(c, *def))
            continue;
        TRY(all_shapes(c, *def, err));
        if (vcl_case_count(c, 0, 0, 1))
            TRY(all_epilogues(c, *def, err));
        if (vcl_case_count(c, 0, c->params->settings, 1))
            TRY(all_settings(c, *def, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_gemm = {"gemm", run};
