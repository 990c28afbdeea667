/* SPDX-License-Identifier: MIT
 *
 * What terms of a loss are made of, and what their gradients begin with.
 */
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* y = value, or before + value; `value` is rounded to float before it is added. */
static void expect(struct vcl_zone *zone, size_t at, bool adds, float exact, double value)
{
    vcl_expect_added(zone, at, adds, exact, (struct vcl_formula){value, fabs(value)});
}

static enum vcl_status seed(struct vcl_checker *c, uint32_t n, bool scheduled,
                            struct vcl_error *err)
{
    static const struct vcl_step step = {.step = 5, .lr = 0.1f, .kl_weight = 0.7f};
    const float weight = -0.3f, scale = scheduled ? weight * step.kl_weight : weight;
    struct vcl_zone *at, *gradient;
    enum vcl_status r;
    vcl_case_begin(c, "bound.cl", "seeds of %u%s", n, scheduled ? ", scheduled" : "");
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &at, err));
    TRY(vcl_output(c, "gradient", n, NULL, vcl_tolerance_ulps(0.5), &gradient, err));
    for (size_t i = 0; i < n; i++)
        expect(gradient, i, false, scale,
               (double)weight * (scheduled ? (double)step.kl_weight : 1));
    TRY(vcl_op_term_seed(VCL_AT_ONCE(c->ctx), n, weight, scheduled, at->buf, gradient->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

enum { TERMS = 4 };

static enum vcl_status sum(struct vcl_checker *c, uint32_t n, uint32_t count, struct vcl_error *err)
{
    static const char *const names[TERMS] = {"x0", "x1", "x2", "x3"};
    static const float factors[TERMS] = {-1, 0.3f, 1, -2.7f};
    struct vcl_zone *x[TERMS], *y;
    struct vcl_buf *bufs[TERMS];
    enum vcl_status r;
    vcl_case_begin(c, "bound.cl", "sum of %u terms of %u", count, n);
    for (uint32_t i = 0; i < count; i++) {
        TRY(vcl_input(c, names[i], n, vcl_fill_signed, &x[i], err));
        bufs[i] = x[i]->buf;
    }
    TRY(vcl_output(c, "y", n, NULL, vcl_tolerance_any_order(count), &y, err));
    for (size_t j = 0; j < n; j++) {
        y->exact[j] = factors[0] * vcl_zone_floats(x[0])[j];
        y->formula[j] = (struct vcl_formula){0, 0};
        for (uint32_t i = 0; i < count; i++) {
            float xi = vcl_zone_floats(x[i])[j];
            y->exact[j] = i ? fmaf(factors[i], xi, y->exact[j]) : y->exact[j];
            vcl_formula_add(&y->formula[j], (double)factors[i] * (double)xi);
        }
    }
    TRY(vcl_op_weighted_sum(VCL_AT_ONCE(c->ctx), n, count, factors, bufs, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status gradient(struct vcl_checker *c, uint32_t n, bool adds, struct vcl_error *err)
{
    const float factor = -0.3f;
    struct vcl_zone *dy, *dx;
    enum vcl_status r;
    vcl_case_begin(c, "bound.cl", "gradient of a sum of %u%s", n, adds ? ", added" : "");
    TRY(vcl_input(c, "dy", n, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dx", n, adds ? vcl_fill_signed : NULL, vcl_tolerance_ulps(1), &dx, err));
    for (size_t i = 0; i < n; i++) {
        float d = vcl_zone_floats(dy)[i];
        expect(dx, i, adds, factor * d, (double)factor * (double)d);
    }
    TRY(vcl_op_weighted_gradient(VCL_AT_ONCE(c->ctx), n, factor, adds, dy->buf, dx->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status scaled_rows(struct vcl_checker *c, uint32_t rows, uint32_t cols, bool adds,
                                   struct vcl_error *err)
{
    size_t n = (size_t)rows * cols;
    struct vcl_zone *scale, *dy, *dx;
    enum vcl_status r;
    vcl_case_begin(c, "bound.cl", "scaled rows of %u x %u%s", rows, cols, adds ? ", added" : "");
    TRY(vcl_input(c, "scale", rows, vcl_fill_signed, &scale, err));
    TRY(vcl_input(c, "dy", n, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dx", n, adds ? vcl_fill_signed : NULL, vcl_tolerance_ulps(1), &dx, err));
    for (size_t i = 0; i < n; i++) {
        float s = vcl_zone_floats(scale)[i / cols], d = vcl_zone_floats(dy)[i];
        expect(dx, i, adds, s * d, (double)s * (double)d);
    }
    TRY(vcl_op_scale_rows(VCL_AT_ONCE(c->ctx), rows, cols, adds, scale->buf, dy->buf, dx->buf,
                          err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* Rows of what is scaled; the others are rows of scalars. */
static enum vcl_status run_shape(struct vcl_checker *c, uint32_t rows, uint32_t cols,
                                 struct vcl_error *err)
{
    enum vcl_status r;
    for (int flag = 0; flag < 2; flag++) {
        TRY(seed(c, rows, flag, err));
        TRY(gradient(c, rows, flag, err));
        TRY(scaled_rows(c, rows, cols, flag, err));
    }
    for (uint32_t count = 1; count <= TERMS; count++)
        TRY(sum(c, rows, count, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t shapes[][2] = {{19, 17}, {100, 5},   {1, 1},    {2, 784},  {15, 16},
                                         {16, 15}, {17, 33},   {31, 2},   {32, 31},  {33, 257},
                                         {255, 3}, {256, 255}, {257, 20}, {784, 256}};
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(run_shape(c, shapes[i][0], shapes[i][1], err));
out:
    return r;
}

const struct vcl_check vcl_check_row_terms = {.name = "row_terms", .run = run};
