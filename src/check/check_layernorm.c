/* SPDX-License-Identifier: MIT */
#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { CHUNK = 256 };
static const float EPS = 1e-3f;

struct norm_case {
    size_t rows, cols;
    struct vcl_layernorm op;
    struct vcl_zone *x, *gamma, *beta, *kept;
};

static enum vcl_status begin(struct vcl_checker *c, struct norm_case *n, const char *what,
                             struct vcl_error *err)
{
    enum vcl_status r;
    vcl_case_begin(c, "norm.cl", "%s, %zu x %zu", what, n->rows, n->cols);
    TRY(vcl_input(c, "x", n->rows * n->cols, vcl_fill_signed, &n->x, err));
    TRY(vcl_input(c, "gamma", n->cols, vcl_fill_signed, &n->gamma, err));
    TRY(vcl_input(c, "beta", n->cols, vcl_fill_signed, &n->beta, err));
    TRY(vcl_output(c, "kept", 2 * n->rows, vcl_fill_signed,
                   2 * vcl_tolerance_lanes(n->cols, 1) + vcl_tolerance_ulps(6), &n->kept, err));
    n->op = (struct vcl_layernorm){.rows = (uint32_t)n->rows,
                                   .cols = (uint32_t)n->cols,
                                   .eps = EPS,
                                   .x = n->x->buf,
                                   .gamma = n->gamma->buf,
                                   .beta = n->beta->buf,
                                   .kept = n->kept->buf};
out:
    return r;
}

/* ---- forward ---- */

/* A row's mean, and 1 / sqrt(variance + eps). */
static void exact_moments(const float *x, size_t n, float *ret_mean, float *ret_inverse)
{
    struct vcl_lanes squares = {{0}};
    float mean = vcl_host_div(vcl_lanes_sum(x, n), (float)n);
    for (size_t j = 0; j < n; j++)
        squares.lane[j % 16] = fmaf(x[j] - mean, x[j] - mean, squares.lane[j % 16]);
    float variance = vcl_host_div(vcl_lanes_fold(&squares), (float)n);
    *ret_mean = mean;
    *ret_inverse = vcl_host_div(1, vcl_host_sqrt(variance + EPS));
}

static void true_moments(const float *x, size_t n, struct vcl_formula *ret_mean,
                         struct vcl_formula *ret_inverse)
{
    struct vcl_formula mean = {0, 0}, variance = {(double)EPS, (double)EPS};
    for (size_t j = 0; j < n; j++)
        vcl_formula_add(&mean, (double)x[j] / (double)n);
    for (size_t j = 0; j < n; j++) {
        double away = (double)x[j] - mean.value, size = fabs((double)x[j]) + mean.scale;
        variance.value += away * away / (double)n;
        variance.scale += size * size / (double)n;
    }
    *ret_mean = mean;
    ret_inverse->value = 1 / sqrt(variance.value);
    ret_inverse->scale = ret_inverse->value * (1 + 0.5 * variance.scale / variance.value);
}

static void expect_row(const struct norm_case *n, const struct vcl_activation_reference *act,
                       size_t row, struct vcl_zone *y)
{
    const float *x = vcl_zone_floats(n->x) + row * n->cols;
    struct vcl_formula mean, inverse;
    float m, s;
    exact_moments(x, n->cols, &m, &s);
    true_moments(x, n->cols, &mean, &inverse);
    n->kept->exact[2 * row] = m;
    n->kept->exact[2 * row + 1] = s;
    n->kept->formula[2 * row] = mean;
    n->kept->formula[2 * row + 1] = inverse;
    for (size_t j = 0; j < n->cols; j++) {
        float gamma = vcl_zone_floats(n->gamma)[j], beta = vcl_zone_floats(n->beta)[j];
        double away = (double)x[j] - mean.value, size = fabs((double)x[j]) + mean.scale;
        double error = size * inverse.value + fabs(away) * inverse.scale;
        struct vcl_formula *formula = &y->formula[row * n->cols + j];
        y->exact[row * n->cols + j] = act->forward(fmaf((x[j] - m) * s, gamma, beta));
        *formula = vcl_activation_formula(act, away * inverse.value * (double)gamma + (double)beta);
        formula->scale += error * fabs((double)gamma) + fabs((double)beta);
    }
}

static enum vcl_status forward(struct vcl_checker *c, struct norm_case n, const char *activation,
                               struct vcl_error *err)
{
    const struct vcl_activation_reference *act;
    struct vcl_zone *y;
    enum vcl_status r;
    TRY(vcl_activation_reference_find(activation, &act, err));
    TRY(begin(c, &n, activation, err));
    TRY(vcl_output(c, "y", n.rows * n.cols, NULL,
                   2 * vcl_tolerance_lanes(n.cols, 1) + vcl_tolerance_ulps(act->ulps + 6), &y,
                   err));
    for (size_t row = 0; row < n.rows; row++)
        expect_row(&n, act, row, y);
    TRY(vcl_op_layernorm_forward(VCL_AT_ONCE(c->ctx), &n.op, activation, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* ---- gradients; mean and inverse deviation are any numbers ---- */

static float normal(const struct norm_case *n, size_t row, size_t j,
                    struct vcl_formula *ret_formula)
{
    float x = vcl_zone_floats(n->x)[row * n->cols + j], mean = vcl_zone_floats(n->kept)[2 * row];
    float inverse = vcl_zone_floats(n->kept)[2 * row + 1];
    double size = fabs((double)x) + fabs((double)mean);
    ret_formula->value = ((double)x - (double)mean) * (double)inverse;
    ret_formula->scale = size * fabs((double)inverse);
    return (x - mean) * inverse;
}

static void expect_parameters(const struct norm_case *n, const float *dy, size_t j, bool accumulate,
                              struct vcl_zone *dgamma, struct vcl_zone *dbeta)
{
    struct vcl_zone *const zones[] = {dbeta, dgamma};
    float totals[2] = {0};
    struct vcl_formula formulas[2] = {{0, 0}, {0, 0}};
    for (size_t first = 0; first < n->rows; first += CHUNK) {
        float sum = 0, dot = 0;
        for (size_t row = first; row < n->rows && row < first + CHUNK; row++) {
            struct vcl_formula h;
            float d = dy[row * n->cols + j], exact = normal(n, row, j, &h);
            sum += d;
            dot = fmaf(d, exact, dot);
            vcl_formula_add(&formulas[0], (double)d);
            formulas[1].value += (double)d * h.value;
            formulas[1].scale += fabs((double)d) * h.scale;
        }
        totals[0] = first ? totals[0] + sum : sum;
        totals[1] = first ? totals[1] + dot : dot;
    }
    for (int k = 0; k < 2; k++) {
        float before = vcl_zone_floats(zones[k])[j];
        if (accumulate)
            vcl_formula_add(&formulas[k], (double)before);
        zones[k]->exact[j] = accumulate ? before + totals[k] : totals[k];
        zones[k]->formula[j] = formulas[k];
    }
}

static enum vcl_status parameters(struct vcl_checker *c, struct norm_case n, bool accumulate,
                                  struct vcl_error *err)
{
    struct vcl_zone *dy, *dgamma, *dbeta;
    float (*fill)(uint32_t) = accumulate ? vcl_fill_signed : NULL;
    double tolerance = vcl_tolerance_chunked(n.rows + 1) + vcl_tolerance_ulps(2);
    enum vcl_status r;
    TRY(begin(c, &n, accumulate ? "parameters, accumulated" : "parameters", err));
    TRY(vcl_input(c, "dy", n.rows * n.cols, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dgamma", n.cols, fill, tolerance, &dgamma, err));
    TRY(vcl_output(c, "dbeta", n.cols, fill, tolerance, &dbeta, err));
    for (size_t j = 0; j < n.cols; j++)
        expect_parameters(&n, vcl_zone_floats(dy), j, accumulate, dgamma, dbeta);
    TRY(vcl_op_layernorm_parameters(VCL_AT_ONCE(c->ctx), &n.op, accumulate, dy->buf, dgamma->buf,
                                    dbeta->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static void expect_gradient(const struct norm_case *n, const struct vcl_activation_reference *act,
                            const float *dy, size_t row, struct vcl_zone *dx)
{
    struct vcl_lanes sums = {{0}}, dots = {{0}};
    struct vcl_formula sum = {0, 0}, dot = {0, 0}, h;
    double count = (double)n->cols;
    for (size_t j = 0; j < n->cols; j++) {
        float g = dy[j] * vcl_zone_floats(n->gamma)[j], exact = normal(n, row, j, &h);
        double true_g = (double)dy[j] * (double)vcl_zone_floats(n->gamma)[j];
        sums.lane[j % 16] += g;
        dots.lane[j % 16] = fmaf(g, exact, dots.lane[j % 16]);
        vcl_formula_add(&sum, true_g / count);
        dot.value += true_g * h.value / count;
        dot.scale += fabs(true_g) * h.scale / count;
    }
    float a = vcl_host_div(vcl_lanes_fold(&sums), (float)n->cols);
    float b = vcl_host_div(vcl_lanes_fold(&dots), (float)n->cols);
    float inverse = vcl_zone_floats(n->kept)[2 * row + 1];
    for (size_t j = 0; j < n->cols; j++) {
        size_t i = row * n->cols + j;
        float gamma = vcl_zone_floats(n->gamma)[j], exact = normal(n, row, j, &h);
        float slope = act ? act->gradient(0, vcl_zone_floats(n->x)[i]) : 1;
        double g = (double)dy[j] * (double)gamma, by = (double)inverse * (double)slope;
        dx->exact[i] = fmaf(-exact, b, dy[j] * gamma - a) * inverse * slope;
        dx->formula[i].value = (g - sum.value - h.value * dot.value) * by;
        dx->formula[i].scale = (fabs(g) + sum.scale + h.scale * dot.scale) * fabs(by);
    }
}

static enum vcl_status gradient(struct vcl_checker *c, struct norm_case n, const char *activation,
                                struct vcl_error *err)
{
    const struct vcl_activation_reference *act = NULL;
    struct vcl_zone *dy, *dx;
    enum vcl_status r;
    if (activation)
        TRY(vcl_activation_reference_find(activation, &act, err));
    TRY(begin(c, &n, activation ? activation : "gradient", err));
    TRY(vcl_input(c, "dy", n.rows * n.cols, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dx", n.rows * n.cols, NULL,
                   vcl_tolerance_lanes(n.cols, 3) + vcl_tolerance_ulps(5), &dx, err));
    for (size_t row = 0; row < n.rows; row++)
        expect_gradient(&n, act, vcl_zone_floats(dy) + row * n.cols, row, dx);
    TRY(vcl_op_layernorm_gradient(VCL_AT_ONCE(c->ctx), &n.op, activation, dy->buf, dx->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static const struct norm_case shapes[] = {
    {.rows = 3, .cols = 33},   {.rows = 257, .cols = 5},  {.rows = 1, .cols = 1},
    {.rows = 128, .cols = 64}, {.rows = 2, .cols = 1030}, {.rows = 31, .cols = 15},
    {.rows = 17, .cols = 16},  {.rows = 600, .cols = 17}, {.rows = 5, .cols = 784},
};

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(forward(c, shapes[i], "identity", err));
        if (!vcl_case_quick(c))
            TRY(forward(c, shapes[i], "relu", err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_layernorm = {.name = "layernorm", .run = run_forward};

static enum vcl_status run_backward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(parameters(c, shapes[i], false, err));
        TRY(parameters(c, shapes[i], true, err));
        TRY(gradient(c, shapes[i], NULL, err));
        if (!vcl_case_quick(c))
            TRY(gradient(c, shapes[i], "relu", err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_layernorm_gradient = {.name = "layernorm_gradient",
                                                       .run = run_backward};
