/* SPDX-License-Identifier: MIT
 *
 * Each implementation of the matrix product, transposed and not, with each epilogue. Those that
 * promise the same bits are compared bit by bit; the others with the formula alone, within the
 * error of a sum in any order.
 */
#include "check/product.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static enum vcl_status expect(struct vcl_checker *c, const struct vcl_product *p,
                              struct vcl_error *err)
{
    const struct vcl_gemm *g = &p->gemm;
    struct vcl_row_times row = {
        .k = g->k,
        .n = g->n,
        .b = vcl_zone_floats(p->b),
        .row_step = g->trans_a ? g->m : 1,
        .b_row = g->trans_b ? 1 : g->n,
        .b_column = g->trans_b ? g->k : 1,
    };
    float *sum;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, g->n * sizeof *sum, &sum, err));
    for (size_t i = 0; i < g->m; i++) {
        row.row = vcl_zone_floats(p->a) + i * (g->trans_a ? 1 : g->k);
        vcl_row_times(&row, sum, p->c->exact + i * g->n, p->c->formula + i * g->n);
        vcl_product_finish_row(p, i);
    }
    TRY(vcl_product_expect_b_sums(c, p, err));
out:
    return r;
}

static double tolerance(const struct vcl_gemm_def *def, const struct vcl_gemm *g)
{
    size_t terms = g->k + 2; /* with C's old value and the bias */
    return def->same_bits ? vcl_tolerance_chunked(terms) + vcl_tolerance_ulps(1)
                          : vcl_tolerance_any_order(terms);
}

static enum vcl_status product(struct vcl_checker *c, const struct vcl_gemm_def *def,
                               const uint32_t shape[3], unsigned transposes,
                               const struct vcl_variant *variant, struct vcl_error *err)
{
    struct vcl_product p = {
        .def = def,
        .variant = variant,
        .gemm = {.m = shape[0],
                 .n = shape[1],
                 .k = shape[2],
                 .trans_a = transposes & 1,
                 .trans_b = transposes >> 1},
    };
    enum vcl_status r = VCL_OK;
    if (!def->supports(c->ctx, &p.gemm))
        return r;
    vcl_product_begin(c, &p, "%u x %u x %u%s%s", shape[0], shape[1], shape[2],
                      p.gemm.trans_a ? ", A transposed" : "",
                      p.gemm.trans_b ? ", B transposed" : "");
    TRY(vcl_product_operands(c, &p, tolerance(def, &p.gemm), err));
    TRY(expect(c, &p, err));
    TRY(vcl_product_run(c, &p, err));
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
    static const struct vcl_variant variants[] = {{.b_sums = true}, {true, true, "silu"}};
    size_t count = vcl_case_count(c, TINY, QUICK, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        for (unsigned transposes = 0; transposes < 4; transposes++) {
            size_t variant = (transposes + i / QUICK) % COUNT(variants);
            struct vcl_variant v = variants[variant];
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
        const struct vcl_variant variant = {i & 1, i & 2, *name};
        TRY(product(c, def, shape, 0, &variant, err));
        if (vcl_activations[i]->needs_input)
            continue;
        const struct vcl_variant derivative = {i & 1, i & 2, *name, .derivative = true};
        TRY(product(c, def, shape, 2, &derivative, err));
    }
    TRY(product(c, def, shape, 1, &(struct vcl_variant){.b_sums = true}, err));
    TRY(product(c, def, shape, 1, &(struct vcl_variant){.accumulate = true, .b_sums = true}, err));
    TRY(product(c, def, shape, 0, &(struct vcl_variant){true, false, NULL}, err));
    TRY(product(c, def, shape, 0, &(struct vcl_variant){false, true, NULL}, err));
out:
    return r;
}

/* In turn on shapes that no tile divides, with rows that are aligned for vectors and not. */
static const uint32_t *odd_shape(const struct vcl_checker *c, unsigned turn)
{
    static const uint32_t odd[][3] = {{67, 140, 520}, {66, 65, 515}, {37, 147, 770}};
    static const uint32_t small[3] = {3, 6, 515};
    return c->params->tiny ? small : odd[turn % COUNT(odd)];
}

static enum vcl_status with_setting(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                    const struct vcl_gemm_setting *setting, unsigned turn,
                                    struct vcl_error *err)
{
    const uint32_t *shape = odd_shape(c, turn);
    const struct vcl_gemm g = {.m = shape[0], .n = shape[1], .k = shape[2]};
    const struct vcl_variant variant = {
        .accumulate = turn % 2,
        .bias = turn % 3 == 0,
        .activation = "sigmoid",
        .derivative = true,
        .b_sums = true,
        .setting = setting,
    };
    if (!def->supports(c->ctx, &g) || (def->valid && !def->valid(c->ctx, &g, setting)))
        return VCL_OK;
    return product(c, def, shape, turn % 2, &variant, err);
}

/* One value of one tunable, the others at their defaults. */
static enum vcl_status one_value(struct vcl_checker *c, const struct vcl_gemm_def *def, int param,
                                 int value, unsigned turn, struct vcl_error *err)
{
    const uint32_t *shape = odd_shape(c, turn);
    const struct vcl_gemm g = {.m = shape[0], .n = shape[1], .k = shape[2]};
    struct vcl_gemm_setting setting = {0};
    if (!def->supports(c->ctx, &g))
        return VCL_OK;
    def->defaults(c->ctx, &g, &setting);
    if (setting.values[param] == value && !c->params->tiny)
        return VCL_OK;
    setting.values[param] = value;
    return with_setting(c, def, &setting, turn, err);
}

static enum vcl_status all_presets(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                   struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    unsigned turn = 0;
    for (size_t list = 0; def->presets && def->presets[list]; list++) {
        for (const struct vcl_gemm_setting *row = def->presets[list]; row->values[0]; row++)
            TRY(with_setting(c, def, row, turn++, err));
    }
out:
    return r;
}

/* Each value of each tunable; of the last alone in tiny runs. */
static enum vcl_status all_settings(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                    struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    unsigned turn = 0;
    for (int i = 0; def->params && def->params[i].name; i++) {
        for (const int *value = def->params[i].values; *value; value++, turn++) {
            if (!c->params->tiny || !def->params[i + 1].name)
                TRY(one_value(c, def, i, *value, turn, err));
        }
    }
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if (!vcl_product_wanted(c, *def))
            continue;
        TRY(all_shapes(c, *def, err));
        if (vcl_case_count(c, 0, 0, 1))
            TRY(all_epilogues(c, *def, err));
        if (vcl_case_count(c, 1, c->params->settings, 1))
            TRY(all_settings(c, *def, err));
        if (vcl_case_count(c, 0, c->params->settings, 1))
            TRY(all_presets(c, *def, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_gemm = {.name = "gemm", .run = run};
