/* SPDX-License-Identifier: MIT */
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct shape {
    uint32_t rows, cols, repeat;
};

static const float parameter = 0.3f;

/* The loss alone, with its gradient, or with weights of rows the gradient alone. */
enum wanted { LOSS, BOTH, WEIGHED, WANTED };

struct zones {
    struct vcl_zone *x, *y, *loss, *dy, *weights;
};

static void expect_loss(const struct vcl_likelihood_reference *row, const struct shape *s,
                        const struct zones *on, size_t i)
{
    const float *x = vcl_zone_floats(on->x) + i / s->repeat * s->cols;
    const float *y = vcl_zone_floats(on->y) + i * s->cols;
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula loss = {0, 0};
    for (size_t j = 0; j < s->cols; j++) {
        struct vcl_formula term = row->true_loss((double)x[j], (double)y[j], (double)parameter);
        lanes.lane[j % 16] += row->loss(x[j], y[j], parameter);
        loss.value += term.value;
        loss.scale += term.scale;
    }
    on->loss->exact[i] = vcl_lanes_fold(&lanes);
    on->loss->formula[i] = loss;
}

static void expect_gradient(const struct vcl_likelihood_reference *row, const struct shape *s,
                            const struct zones *on, size_t i, bool weighed)
{
    const float *x = vcl_zone_floats(on->x) + i / s->repeat * s->cols;
    const float *y = vcl_zone_floats(on->y) + i * s->cols;
    const float scale = weighed ? vcl_zone_floats(on->weights)[i] : 1.0f / (float)s->rows;
    const double weight = weighed ? (double)scale : 1.0 / s->rows;
    for (size_t j = 0; j < s->cols; j++) {
        struct vcl_formula slope = row->true_slope((double)x[j], (double)y[j], (double)parameter);
        on->dy->exact[i * s->cols + j] = scale * row->slope(x[j], y[j], parameter);
        on->dy->formula[i * s->cols + j] =
            (struct vcl_formula){weight * slope.value, fabs(weight) * slope.scale};
    }
}

static enum vcl_status likelihood(struct vcl_checker *c, const struct vcl_likelihood_reference *row,
                                  const struct shape *s, enum wanted wanted, struct vcl_error *err)
{
    static const char *const names[WANTED] = {"", ", gradient", ", weights"};
    const bool gradient = wanted != LOSS, weighed = wanted == WEIGHED;
    size_t n = (size_t)s->rows * s->cols;
    struct zones on;
    enum vcl_status r;
    vcl_case_begin(c, "likelihood.cl", "%s of %u x %u, repeat %u%s", row->name, s->rows, s->cols,
                   s->repeat, names[wanted]);
    TRY(vcl_input(c, "x", n / s->repeat, vcl_fill_unit, &on.x, err));
    TRY(vcl_input(c, "y", n, vcl_fill_logit, &on.y, err));
    TRY(vcl_output(c, "loss", s->rows, NULL, vcl_tolerance_lanes(s->cols, 6), &on.loss, err));
    if (gradient)
        TRY(vcl_output(c, "dy", n, NULL, vcl_tolerance_ulps(6), &on.dy, err));
    if (weighed)
        TRY(vcl_input(c, "weights", s->rows, vcl_fill_signed, &on.weights, err));
    for (size_t i = 0; i < s->rows; i++) {
        if (!weighed)
            expect_loss(row, s, &on, i);
        if (gradient)
            expect_gradient(row, s, &on, i, weighed);
    }
    const struct vcl_likelihood_op op = {.name = row->name,
                                         .parameter = parameter,
                                         .rows = s->rows,
                                         .cols = s->cols,
                                         .repeat = s->repeat,
                                         .weight = 1,
                                         .weights = weighed ? on.weights->buf : NULL,
                                         .x = on.x->buf,
                                         .y = on.y->buf,
                                         .loss = on.loss->buf,
                                         .dy = gradient ? on.dy->buf : NULL};
    TRY(vcl_op_likelihood(VCL_AT_ONCE(c->ctx), &op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    static const struct shape shapes[] = {{2, 19, 1},    {6, 784, 3},  {1, 1, 1},   {50, 1, 50},
                                          {2, 2, 1},     {31, 15, 1},  {34, 16, 2}, {33, 31, 11},
                                          {32, 33, 4},   {15, 255, 5}, {3, 256, 1}, {16, 257, 2},
                                          {257, 300, 1}, {100, 784, 1}};
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (const struct vcl_likelihood_reference *row = vcl_likelihood_references; row->name; row++) {
        for (size_t i = 0; i < count; i++) {
            for (enum wanted wanted = LOSS; wanted < WANTED; wanted++)
                TRY(likelihood(c, row, &shapes[i], wanted, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_likelihood = {.name = "likelihood", .run = run};
