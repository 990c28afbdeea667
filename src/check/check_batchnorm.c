/* SPDX-License-Identifier: MIT
 *
 * Batch normalisation, an operation at a time. Operations after the first are given any mean and
 * inverse deviation: they must do with them what they say, not what is plausible.
 */
#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { CHUNK = 256 };
static const float MOMENTUM = 0.3f, EPS = 1e-3f;

struct norm_case {
    size_t rows, cols;
    struct vcl_batchnorm op;
    struct vcl_zone *x, *gamma, *beta, *mean, *var, *kept;
};

static enum vcl_status begin(struct vcl_checker *c, struct norm_case *n, const char *what,
                             struct vcl_error *err)
{
    enum vcl_status r;
    vcl_case_begin(c, "norm.cl", "%s, %zu x %zu", what, n->rows, n->cols);
    TRY(vcl_input(c, "x", n->rows * n->cols, vcl_fill_signed, &n->x, err));
    TRY(vcl_input(c, "gamma", n->cols, vcl_fill_signed, &n->gamma, err));
    TRY(vcl_input(c, "beta", n->cols, vcl_fill_signed, &n->beta, err));
    TRY(vcl_output(c, "running_mean", n->cols, vcl_fill_signed,
                   vcl_tolerance_chunked(n->rows) + vcl_tolerance_ulps(4), &n->mean, err));
    TRY(vcl_output(c, "running_var", n->cols, vcl_fill_unit,
                   2 * vcl_tolerance_chunked(n->rows) + vcl_tolerance_ulps(6), &n->var, err));
    TRY(vcl_output(c, "kept", 4 * n->cols, vcl_fill_signed,
                   2 * vcl_tolerance_chunked(n->rows) + vcl_tolerance_ulps(8), &n->kept, err));
    n->op = (struct vcl_batchnorm){.rows = (uint32_t)n->rows,
                                   .cols = (uint32_t)n->cols,
                                   .momentum = MOMENTUM,
                                   .eps = EPS,
                                   .x = n->x->buf,
                                   .gamma = n->gamma->buf,
                                   .beta = n->beta->buf,
                                   .running_mean = n->mean->buf,
                                   .running_var = n->var->buf,
                                   .kept = n->kept->buf};
out:
    return r;
}

static void unchanged_or(struct vcl_zone *zone, size_t at, float exact, struct vcl_formula formula)
{
    zone->exact[at] = exact;
    zone->formula[at] = formula;
}

/* ---- statistics of the batch ---- */

/* Sum of column j over rows first .. end-1. */
static float part_sum(const struct norm_case *n, size_t j, size_t first, size_t end)
{
    float sum = 0;
    for (size_t i = first; i < end; i++)
        sum += vcl_zone_floats(n->x)[i * n->cols + j];
    return sum;
}

static size_t chunk_end(const struct norm_case *n, size_t first)
{
    return first + CHUNK < n->rows ? first + CHUNK : n->rows;
}

static float exact_mean(const struct norm_case *n, size_t j)
{
    float total = 0;
    for (size_t first = 0; first < n->rows; first += CHUNK) {
        float sum = part_sum(n, j, first, chunk_end(n, first));
        total = first ? total + sum : sum;
    }
    return vcl_host_div(total, (float)n->rows);
}

/* Sum of squares around the mean, merged from chunks'. */
static float exact_squares(const struct norm_case *n, size_t j, float mean)
{
    float squares = 0;
    for (size_t first = 0; first < n->rows; first += CHUNK) {
        size_t end = chunk_end(n, first);
        float count = (float)(end - first), within = 0;
        float own = vcl_host_div(part_sum(n, j, first, end), count), away = own - mean;
        for (size_t i = first; i < end; i++) {
            float d = vcl_zone_floats(n->x)[i * n->cols + j] - own;
            within = fmaf(d, d, within);
        }
        squares += fmaf(count * away, away, within);
    }
    return squares;
}

static struct vcl_formula true_mean(const struct norm_case *n, size_t j)
{
    struct vcl_formula mean = {0, 0};
    for (size_t i = 0; i < n->rows; i++)
        vcl_formula_add(&mean, (double)vcl_zone_floats(n->x)[i * n->cols + j] / (double)n->rows);
    return mean;
}

/* Its scale is that of squares before the mean was taken off. */
static struct vcl_formula true_variance(const struct norm_case *n, size_t j, double divisor)
{
    struct vcl_formula mean = true_mean(n, j), variance = {0, 0};
    for (size_t i = 0; i < n->rows; i++) {
        double x = (double)vcl_zone_floats(n->x)[i * n->cols + j];
        variance.value += (x - mean.value) * (x - mean.value) / divisor;
        variance.scale += (fabs(x) + mean.scale) * (fabs(x) + mean.scale) / divisor;
    }
    return variance;
}

/* 1 / sqrt(variance + eps); a small relative error of the sum is half as large in the result. */
static struct vcl_formula true_inverse(struct vcl_formula variance)
{
    double sum = variance.value + (double)EPS, value = 1 / sqrt(sum);
    return (struct vcl_formula){value, value * (1 + 0.5 * variance.scale / sum)};
}

static float exact_inverse(float variance)
{
    return vcl_host_div(1, vcl_host_sqrt(variance + EPS));
}

static void expect_average(struct vcl_zone *average, size_t j, float value,
                           struct vcl_formula formula)
{
    float before = vcl_zone_floats(average)[j];
    double share = (double)MOMENTUM;
    unchanged_or(average, j, fmaf(MOMENTUM, value - before, before),
                 (struct vcl_formula){(1 - share) * (double)before + share * formula.value,
                                      fabs((double)before) + formula.scale});
}

static enum vcl_status statistics(struct vcl_checker *c, struct norm_case n, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(begin(c, &n, "statistics", err));
    for (size_t j = 0; j < n.cols; j++) {
        float mean = exact_mean(&n, j), squares = exact_squares(&n, j, mean);
        float rows = (float)n.rows;
        unchanged_or(n.kept, j, mean, true_mean(&n, j));
        unchanged_or(n.kept, n.cols + j, exact_inverse(vcl_host_div(squares, rows)),
                     true_inverse(true_variance(&n, j, (double)n.rows)));
        expect_average(n.mean, j, mean, true_mean(&n, j));
        expect_average(n.var, j, vcl_host_div(squares, rows - 1),
                       true_variance(&n, j, (double)n.rows - 1));
    }
    TRY(vcl_op_batchnorm_statistics(VCL_AT_ONCE(c->ctx), &n.op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* ---- in use ---- */

static enum vcl_status running(struct vcl_checker *c, struct norm_case n, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(begin(c, &n, "running", err));
    for (size_t j = 0; j < n.cols; j++) {
        float mean = vcl_zone_floats(n.mean)[j], var = vcl_zone_floats(n.var)[j];
        const struct vcl_formula variance = {(double)var, (double)var};
        unchanged_or(n.kept, j, mean, (struct vcl_formula){(double)mean, fabs((double)mean)});
        unchanged_or(n.kept, n.cols + j, exact_inverse(var), true_inverse(variance));
    }
    TRY(vcl_op_batchnorm_running(VCL_AT_ONCE(c->ctx), &n.op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* ---- y ---- */

static enum vcl_status apply(struct vcl_checker *c, struct norm_case n, const char *activation,
                             struct vcl_error *err)
{
    const struct vcl_activation_reference *act;
    struct vcl_zone *y;
    enum vcl_status r;
    TRY(vcl_activation_reference_find(activation, &act, err));
    TRY(begin(c, &n, activation, err));
    TRY(vcl_output(c, "y", n.rows * n.cols, NULL, vcl_tolerance_ulps(act->ulps + 3), &y, err));
    for (size_t i = 0; i < n.rows * n.cols; i++) {
        size_t j = i % n.cols;
        float x = vcl_zone_floats(n.x)[i], mean = vcl_zone_floats(n.kept)[j];
        float inverse = vcl_zone_floats(n.kept)[n.cols + j];
        float gamma = vcl_zone_floats(n.gamma)[j], beta = vcl_zone_floats(n.beta)[j];
        double scale = (double)gamma * (double)inverse;
        double pre = ((double)x - (double)mean) * scale + (double)beta;
        y->exact[i] = act->forward(fmaf(x - mean, gamma * inverse, beta));
        y->formula[i] = vcl_activation_formula(act, pre);
        y->formula[i].scale +=
            (fabs((double)x) + fabs((double)mean)) * fabs(scale) + fabs((double)beta);
    }
    TRY(vcl_op_batchnorm_apply(VCL_AT_ONCE(c->ctx), &n.op, activation, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* ---- gradients ---- */

static float normal(const struct norm_case *n, size_t i, struct vcl_formula *ret_formula)
{
    size_t j = i % n->cols;
    float x = vcl_zone_floats(n->x)[i], mean = vcl_zone_floats(n->kept)[j];
    float inverse = vcl_zone_floats(n->kept)[n->cols + j];
    double by = (double)inverse;
    *ret_formula = (struct vcl_formula){((double)x - (double)mean) * by,
                                        (fabs((double)x) + fabs((double)mean)) * fabs(by)};
    return (x - mean) * inverse;
}

/* Sums over column j of dy, and of dy * normalised x. */
static void exact_sums(const struct norm_case *n, const float *dy, size_t j, float sums[2],
                       struct vcl_formula formulas[2])
{
    for (size_t first = 0; first < n->rows; first += CHUNK) {
        float sum = 0, dot = 0;
        for (size_t row = first; row < chunk_end(n, first); row++) {
            size_t i = row * n->cols + j;
            struct vcl_formula h;
            float d = dy[i], exact = normal(n, i, &h);
            sum += d;
            dot = fmaf(d, exact, dot);
            vcl_formula_add(&formulas[0], (double)d);
            formulas[1].value += (double)d * h.value;
            formulas[1].scale += fabs((double)d) * h.scale;
        }
        sums[0] = first ? sums[0] + sum : sum;
        sums[1] = first ? sums[1] + dot : dot;
    }
}

static void expect_sum(struct vcl_zone *gradient, size_t j, bool accumulate, float sum,
                       struct vcl_formula formula)
{
    float before = vcl_zone_floats(gradient)[j];
    if (accumulate)
        vcl_formula_add(&formula, (double)before);
    unchanged_or(gradient, j, accumulate ? before + sum : sum, formula);
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
    for (size_t j = 0; j < n.cols; j++) {
        float sums[2] = {0}, rows = (float)n.rows;
        struct vcl_formula formulas[2] = {{0, 0}, {0, 0}};
        exact_sums(&n, vcl_zone_floats(dy), j, sums, formulas);
        expect_sum(dbeta, j, accumulate, sums[0], formulas[0]);
        expect_sum(dgamma, j, accumulate, sums[1], formulas[1]);
        for (int k = 0; k < 2; k++) {
            const struct vcl_formula mean = {formulas[k].value / (double)n.rows,
                                             formulas[k].scale / (double)n.rows};
            unchanged_or(n.kept, (size_t)(2 + k) * n.cols + j, vcl_host_div(sums[k], rows), mean);
        }
    }
    TRY(vcl_op_batchnorm_parameters(VCL_AT_ONCE(c->ctx), &n.op, accumulate, dy->buf, dgamma->buf,
                                    dbeta->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static void expect_gradient(const struct norm_case *n, const struct vcl_activation_reference *act,
                            const float *dy, struct vcl_zone *dx)
{
    const float *kept = vcl_zone_floats(n->kept), *x = vcl_zone_floats(n->x);
    for (size_t i = 0; i < n->rows * n->cols; i++) {
        size_t j = i % n->cols;
        struct vcl_formula h;
        float inverse = kept[n->cols + j], a = kept[2 * n->cols + j], b = kept[3 * n->cols + j];
        float exact = fmaf(-normal(n, i, &h), b, dy[i] - a), gamma = vcl_zone_floats(n->gamma)[j];
        float slope = act ? act->gradient(0, x[i]) : 1;
        double by = (double)gamma * (double)inverse * (double)slope;
        dx->exact[i] = exact * (gamma * inverse) * slope;
        dx->formula[i].value = ((double)dy[i] - (double)a - h.value * (double)b) * by;
        dx->formula[i].scale =
            (fabs((double)dy[i]) + fabs((double)a) + h.scale * fabs((double)b)) * fabs(by);
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
    TRY(vcl_output(c, "dx", n.rows * n.cols, NULL, vcl_tolerance_ulps(5), &dx, err));
    expect_gradient(&n, act, vcl_zone_floats(dy), dx);
    TRY(vcl_op_batchnorm_gradient(VCL_AT_ONCE(c->ctx), &n.op, activation, dy->buf, dx->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static const struct norm_case shapes[] = {
    {.rows = 257, .cols = 17}, {.rows = 2, .cols = 3},    {.rows = 784, .cols = 1},
    {.rows = 128, .cols = 64}, {.rows = 255, .cols = 15}, {.rows = 256, .cols = 16},
    {.rows = 513, .cols = 31}, {.rows = 3, .cols = 257},  {.rows = 3000, .cols = 20},
};

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(statistics(c, shapes[i], err));
        TRY(running(c, shapes[i], err));
        TRY(apply(c, shapes[i], "identity", err));
        if (!vcl_case_quick(c))
            TRY(apply(c, shapes[i], "relu", err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_batchnorm = {.name = "batchnorm", .run = run_forward};

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

const struct vcl_check vcl_check_batchnorm_gradient = {.name = "batchnorm_gradient",
                                                       .run = run_backward};
