/* SPDX-License-Identifier: MIT */
#include "check/product.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"

enum { K_CHUNK = 256 };

bool vcl_product_wanted(const struct vcl_checker *c, const struct vcl_gemm_def *def)
{
    bool full = !c->params->tiny && !c->params->quick;
    bool used = !c->params->tiny && strcmp(vcl_gemm_chosen(c->ctx), def->name) == 0;
    return def->same_bits || full || used;
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

void vcl_product_begin(struct vcl_checker *c, struct vcl_product *p, const char *shape, ...)
{
    const struct vcl_variant *v = p->variant;
    char text[120];
    va_list ap;
    va_start(ap, shape);
    vcl_format_v(text, sizeof text, shape, ap);
    va_end(ap);
    p->gemm.accumulate = v->accumulate;
    p->gemm.activation = v->activation;
    vcl_case_begin(c, p->def->name, "%s%s%s%s%s%s%s", text, v->accumulate ? ", accumulated" : "",
                   v->bias ? ", + bias" : "", v->derivative ? ", derivative" : "",
                   v->b_sums ? ", sums of B" : "", v->activation ? ", " : "",
                   v->activation ? v->activation : "");
    c->same_bits = p->def->same_bits;
    if (v->setting)
        name_setting(c, p->def, v->setting);
}

static enum vcl_status add_derivative(struct vcl_checker *c, struct vcl_product *p,
                                      struct vcl_error *err)
{
    size_t n = (size_t)p->gemm.m * p->gemm.n;
    float *values;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, n * sizeof *values, &values, err));
    for (size_t i = 0; i < n; i++)
        values[i] = p->activation->forward(vcl_fill(c, vcl_fill_signed, (uint32_t)i * 2654435761u));
    TRY(vcl_input_bytes(c, "derivative_at", values, n * sizeof *values, &p->derivative_at, err));
    p->gemm.derivative_at = p->derivative_at->buf;
out:
    return r;
}

/* The operands that only some epilogues have. */
static enum vcl_status add_options(struct vcl_checker *c, struct vcl_product *p,
                                   struct vcl_error *err)
{
    struct vcl_gemm *g = &p->gemm;
    enum vcl_status r = VCL_OK;
    if (g->activation)
        TRY(vcl_activation_reference_find(g->activation, &p->activation, err));
    if (p->variant->bias) {
        TRY(vcl_input(c, "bias", g->n, vcl_fill_signed, &p->bias, err));
        g->bias = p->bias->buf;
    }
    if (p->variant->derivative)
        TRY(add_derivative(c, p, err));
    if (p->variant->b_sums) {
        TRY(vcl_output(c, "b_sums", g->n, g->accumulate ? vcl_fill_signed : NULL,
                       vcl_tolerance_chunked(g->k + 1), &p->b_sums, err));
        g->b_sums = p->b_sums->buf;
    }
out:
    return r;
}

enum vcl_status vcl_product_operands(struct vcl_checker *c, struct vcl_product *p, double tolerance,
                                     struct vcl_error *err)
{
    struct vcl_gemm *g = &p->gemm;
    /* Both operands of each product; a little more for the product of both errors. */
    double rounding = p->def->rounding ? 2.02 * p->def->rounding(c->ctx) : 0;
    double floats[3] = {(double)g->m * g->k, (double)g->k * g->n, (double)g->m * g->n};
    enum vcl_status r;
    if (g->conv)
        vcl_conv_operands(g->conv, floats);
    TRY(vcl_input(c, "a", (size_t)floats[0], vcl_fill_signed, &p->a, err));
    TRY(vcl_input(c, "b", (size_t)floats[1], vcl_fill_signed, &p->b, err));
    TRY(vcl_output(c, "c", (size_t)floats[2], g->accumulate ? vcl_fill_signed : NULL,
                   tolerance + (g->activation ? vcl_tolerance_ulps(6) : 0) + rounding, &p->c, err));
    g->a = p->a->buf;
    g->b = p->b->buf;
    g->c = p->c->buf;
    TRY(add_options(c, p, err));
    for (size_t i = 0; i < (size_t)floats[2]; i++)
        p->c->formula[i] = (struct vcl_formula){0, 0};
out:
    return r;
}

enum vcl_status vcl_product_run(struct vcl_checker *c, const struct vcl_product *p,
                                struct vcl_error *err)
{
    const struct vcl_gemm_def *chosen;
    struct vcl_gemm_setting setting = {0};
    if (p->variant->setting)
        return p->def->run(VCL_AT_ONCE(c->ctx), &p->gemm, p->variant->setting, err);
    enum vcl_status r = vcl_gemm_choose(c->ctx, &p->gemm, &chosen, &setting, err);
    if (r < 0)
        return r;
    if (chosen == p->def)
        return vcl_gemm_run(c->ctx, &p->gemm, err);
    if (p->def->defaults)
        p->def->defaults(c->ctx, &p->gemm, &setting);
    return p->def->run(VCL_AT_ONCE(c->ctx), &p->gemm, &setting, err);
}

void vcl_row_times(const struct vcl_row_times *of, float *sum, float *total,
                   struct vcl_formula *formula)
{
    for (size_t first = 0; first < of->k; first += K_CHUNK) {
        for (size_t j = 0; j < of->n; j++)
            sum[j] = 0;
        for (size_t p = first; p < of->k && p < first + K_CHUNK; p++) {
            const float x = of->row[p * of->row_step], *b = of->b + p * of->b_row;
            for (size_t j = 0; j < of->n; j++) {
                float y = b[j * of->b_column];
                sum[j] = fmaf(x, y, sum[j]);
                vcl_formula_add(&formula[j], (double)x * (double)y);
            }
        }
        for (size_t j = 0; j < of->n; j++)
            total[j] = first ? total[j] + sum[j] : sum[j];
    }
}

/* The derivative's factor, or the activation. */
static void finish(const struct vcl_product *p, float *exact, struct vcl_formula *formula,
                   size_t at)
{
    if (p->activation && p->gemm.derivative_at) {
        float slope = p->activation->gradient(0, vcl_zone_floats(p->derivative_at)[at]);
        formula->value *= (double)slope;
        formula->scale *= fabs((double)slope);
        *exact *= slope;
    } else if (p->activation) {
        double terms = 2 * formula->scale; /* no activation is steeper than 2 */
        *formula = vcl_activation_formula(p->activation, formula->value);
        formula->scale += terms;
        *exact = p->activation->forward(*exact);
    }
}

void vcl_product_finish_row(const struct vcl_product *p, size_t row)
{
    for (size_t j = 0, at = row * p->gemm.n; j < p->gemm.n; j++, at++) {
        float *exact = &p->c->exact[at];
        struct vcl_formula *formula = &p->c->formula[at];
        if (p->gemm.accumulate) {
            float before = vcl_zone_floats(p->c)[at];
            *exact = before + *exact;
            vcl_formula_add(formula, (double)before);
        }
        if (p->gemm.bias) {
            float bias = vcl_zone_floats(p->bias)[j];
            *exact += bias;
            vcl_formula_add(formula, (double)bias);
        }
        finish(p, exact, formula, at);
    }
}

enum vcl_status vcl_product_expect_b_sums(struct vcl_checker *c, const struct vcl_product *p,
                                          struct vcl_error *err)
{
    struct vcl_zone *sums = p->b_sums;
    static const float one = 1;
    float *sum;
    enum vcl_status r;
    if (!sums)
        return VCL_OK;
    /* A row of ones times B. */
    const struct vcl_row_times ones = {
        .k = p->gemm.k,
        .n = p->gemm.n,
        .row = &one,
        .b = vcl_zone_floats(p->b),
        .b_row = p->gemm.n,
        .b_column = 1,
    };
    TRY(vcl_arena_alloc(&c->arena, p->gemm.n * sizeof *sum, &sum, err));
    for (size_t j = 0; j < p->gemm.n; j++)
        sums->formula[j] = (struct vcl_formula){0, 0};
    vcl_row_times(&ones, sum, sums->exact, sums->formula);
    for (size_t j = 0; j < p->gemm.n && p->gemm.accumulate; j++) {
        float before = vcl_zone_floats(sums)[j];
        vcl_formula_add(&sums->formula[j], (double)before);
        sums->exact[j] = before + sums->exact[j];
    }
out:
    return r;
}
