/* SPDX-License-Identifier: MIT
 *
 * The kernels that measure a device: what they do while they are timed must be the whole work.
 */
#include <math.h>

#include "check/reference.h"

enum { ITEMS = 4 };

/* As CPUs are measured, and as GPUs are. */
struct variant {
    const char *options;
    size_t width, sums;
    bool spread;
};
static const struct variant variants[] = {
    {"-DWIDTH=8 -DSUMS=12 -DSPREAD=0", 8, 12, false},
    {"-DWIDTH=4 -DSUMS=4 -DSPREAD=1", 4, 4, true},
};

static struct vcl_launch peak_launch(const struct variant *v, const char *kernel)
{
    return (struct vcl_launch){.source = "peak.cl",
                               .kernel = kernel,
                               .options = v->options,
                               .global = {ITEMS, 1, 1},
                               .local = {1, 1, 1}};
}

/* The fma chain of one lane; adds its end, in double precision, to the formula. */
static float chain(float x, int rounds, float a, float b, struct vcl_formula *formula)
{
    double y = (double)x;
    for (int i = 0; i < rounds; i++) {
        x = fmaf(x, a, b);
        y = y * (double)a + (double)b;
    }
    vcl_formula_add(formula, y);
    return x;
}

static enum vcl_status check_fma(struct vcl_checker *c, const struct variant *v,
                                 struct vcl_error *err)
{
    const float a = 0.75f, b = 0.5f;
    const int rounds = 9;
    struct vcl_launch launch = peak_launch(v, "peak_fma");
    struct vcl_zone *out;
    enum vcl_status r;
    vcl_case_begin(c, "peak.cl", "%d rounds of fma", rounds);
    TRY(vcl_output(c, "out", ITEMS, NULL, vcl_tolerance_any_order(2 * v->width * v->sums), &out,
                   err));
    for (size_t item = 0; item < ITEMS; item++) {
        float sum = 0;
        out->formula[item] = (struct vcl_formula){0, 0};
        for (size_t lane = 0; lane < v->width; lane++) {
            float total = 0;
            for (size_t i = 0; i < v->sums; i++)
                total +=
                    chain((float)(lane + item * v->sums + i), rounds, a, b, &out->formula[item]);
            sum += total;
        }
        out->exact[item] = sum;
    }
    launch.args[0] = VCL_ARG((int32_t)rounds);
    launch.args[1] = VCL_ARG(a);
    launch.args[2] = VCL_ARG(b);
    launch.args[3] = VCL_ARG(out->buf);
    launch.n_args = 4;
    TRY(vcl_launch_run(c->ctx, &launch, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status check_read(struct vcl_checker *c, const struct variant *v, size_t n,
                                  struct vcl_error *err)
{
    struct vcl_launch launch = peak_launch(v, "peak_read");
    struct vcl_zone *x, *out;
    size_t mine = n / ITEMS;
    enum vcl_status r;
    vcl_case_begin(c, "peak.cl", "%zu vectors read", n);
    TRY(vcl_input(c, "x", n * v->width, vcl_fill_signed, &x, err));
    TRY(vcl_output(c, "out", ITEMS, NULL, vcl_tolerance_any_order(mine * v->width), &out, err));
    for (size_t item = 0; item < ITEMS; item++) {
        float sum = 0;
        out->formula[item] = (struct vcl_formula){0, 0};
        for (size_t lane = 0; lane < v->width; lane++) {
            float total = 0;
            for (size_t i = 0; i < mine; i++) {
                size_t vector = v->spread ? i * ITEMS + item : item * mine + i;
                float value = vcl_zone_floats(x)[vector * v->width + lane];
                total += value;
                vcl_formula_add(&out->formula[item], (double)value);
            }
            sum += total;
        }
        out->exact[item] = sum;
    }
    launch.args[0] = VCL_ARG((int32_t)n);
    launch.args[1] = VCL_ARG(x->buf);
    launch.args[2] = VCL_ARG(out->buf);
    launch.n_args = 3;
    TRY(vcl_launch_run(c->ctx, &launch, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* Copy, and with `factor` not 0 triad. */
static enum vcl_status check_write(struct vcl_checker *c, const struct variant *v, size_t n,
                                   float factor, struct vcl_error *err)
{
    struct vcl_launch launch = peak_launch(v, factor != 0 ? "peak_triad" : "peak_copy");
    struct vcl_zone *x, *y, *out;
    uint32_t args = 0;
    enum vcl_status r;
    vcl_case_begin(c, "peak.cl", "%zu vectors %s", n, factor != 0 ? "scaled, added" : "copied");
    TRY(vcl_input(c, "x", n * v->width, vcl_fill_signed, &x, err));
    TRY(vcl_input(c, "y", n * v->width, vcl_fill_signed, &y, err));
    TRY(vcl_output(c, "out", n * v->width, NULL, vcl_tolerance_any_order(1), &out, err));
    for (size_t i = 0; i < n * v->width; i++) {
        float a = vcl_zone_floats(x)[i], b = vcl_zone_floats(y)[i];
        out->exact[i] = factor != 0 ? fmaf(factor, b, a) : a;
        out->formula[i] = (struct vcl_formula){0, 0};
        vcl_formula_add(&out->formula[i], (double)a);
        vcl_formula_add(&out->formula[i], (double)factor * (double)b);
    }
    launch.args[args++] = VCL_ARG((int32_t)n);
    if (factor != 0)
        launch.args[args++] = VCL_ARG(factor);
    launch.args[args++] = VCL_ARG(x->buf);
    if (factor != 0)
        launch.args[args++] = VCL_ARG(y->buf);
    launch.args[args++] = VCL_ARG(out->buf);
    launch.n_args = args;
    TRY(vcl_launch_run(c->ctx, &launch, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    size_t n = ITEMS * vcl_case_count(c, 1, 3, 50);
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        const struct variant *v = &variants[i];
        TRY(check_fma(c, v, err));
        TRY(check_read(c, v, n, err));
        TRY(check_write(c, v, n, 0.0f, err));
        TRY(check_write(c, v, n, 3.0f, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_peak = {.name = "peak", .run = run};
