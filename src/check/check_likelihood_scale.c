/* SPDX-License-Identifier: MIT
 *
 * The Gaussian whose log sigma^2 is learned: one that all values share, or one of each beside its
 * mean; and the means alone.
 */
#include <math.h>

#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a)     (sizeof(a) / sizeof(a)[0])
#define BOUND        20.0f
#define HALF_LOG_2PI 0.91893853320467274178

static const struct shape {
    uint32_t rows, cols, repeat, channels;
} shapes[] = {{6, 21, 3, 3},    {2, 19, 1, 19},   {5, 17, 5, 1},     {1, 1, 1, 1},
              {50, 1, 50, 1},   {2, 2, 1, 2},     {31, 15, 1, 3},    {34, 16, 2, 16},
              {9, 16, 3, 1},    {33, 31, 11, 31}, {32, 33, 4, 3},    {15, 255, 5, 3},
              {3, 256, 1, 1},   {2, 256, 2, 256}, {16, 257, 2, 257}, {6, 784, 3, 1},
              {4, 784, 1, 784}, {257, 300, 1, 3}};

/* The loss alone, with its gradient, or with weights of rows the gradient alone. */
enum wanted { LOSS, BOTH, WEIGHED, WANTED };

static const float weight = 0.7f;

struct scaled {
    struct shape s;
    bool shared;
    enum wanted wanted;
    struct vcl_zone *x, *y, *log_variance, *weights; /* log_variance if that is shared */
    struct vcl_zone *loss, *dy, *dshared;
};

/* Floats of a row of y. */
static size_t width(const struct shape *s, bool shared)
{
    return (shared ? 1 : 2) * (size_t)s->cols;
}

/* Where the mean of column j lies in a row; its log sigma^2 is `channels` further on. */
static size_t mean_at(const struct shape *s, bool shared, size_t j)
{
    size_t pixel = j / s->channels, channel = j % s->channels;
    return shared ? j : pixel * 2 * s->channels + channel;
}

static enum vcl_status decoded(struct vcl_checker *c, const struct shape *s, bool shared,
                               struct vcl_zone **ret_y, struct vcl_error *err)
{
    size_t n = s->rows * width(s, shared);
    float *y;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, n * sizeof *y, &y, err));
    for (size_t i = 0; i < n; i++) {
        uint32_t word = vcl_philox_word(&c->rng, UINT32_MAX, (uint32_t)i);
        bool is_mean = shared || i / s->channels % 2 == 0;
        y[i] = vcl_fill(c, is_mean ? vcl_fill_signed : vcl_fill_log_variance, word);
    }
    TRY(vcl_input_bytes(c, "y", y, n * sizeof *y, ret_y, err));
out:
    return r;
}

/* ---- gaussian_scaled ---- */

/* One value: how far its mean is from it, and the clamped log sigma^2. */
struct element {
    float d, logvar;
    bool clamped;
};

static struct element element_of(const struct scaled *on, size_t row, size_t j)
{
    const float *y = vcl_zone_floats(on->y) + row * width(&on->s, on->shared);
    size_t at = mean_at(&on->s, on->shared, j);
    float x = vcl_zone_floats(on->x)[row / on->s.repeat * on->s.cols + j];
    float raw = on->shared ? vcl_zone_floats(on->log_variance)[0] : y[at + on->s.channels];
    float logvar = fminf(fmaxf(raw, -BOUND), BOUND);
    return (struct element){y[at] - x, logvar, logvar != raw};
}

static double true_square(struct element e)
{
    return (double)e.d * (double)e.d * exp(-(double)e.logvar);
}

static void expect_loss(const struct scaled *on, size_t row)
{
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula loss = {0, 0};
    for (size_t j = 0; j < on->s.cols; j++) {
        struct element e = element_of(on, row, j);
        float square = e.d * e.d * vcl_host_exp(-e.logvar);
        lanes.lane[j % 16] += fmaf(0.5f, square + e.logvar, (float)HALF_LOG_2PI);
        vcl_formula_add(&loss, true_square(e) / 2);
        vcl_formula_add(&loss, (double)e.logvar / 2);
        vcl_formula_add(&loss, HALF_LOG_2PI);
    }
    on->loss->exact[row] = vcl_lanes_fold(&lanes);
    on->loss->formula[row] = loss;
}

/* (y - x) / sigma^2 and (1 - (y - x)^2 / sigma^2) / 2, the second summed where it is shared. */
static void expect_gradient(const struct scaled *on, size_t row)
{
    const bool weighed = on->wanted == WEIGHED;
    const float scale = weighed ? vcl_zone_floats(on->weights)[row] : weight / (float)on->s.rows;
    const double true_scale = weighed ? (double)scale : (double)weight / on->s.rows;
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula total = {0, 0};
    for (size_t j = 0; j < on->s.cols; j++) {
        struct element e = element_of(on, row, j);
        size_t at = row * width(&on->s, on->shared) + mean_at(&on->s, on->shared, j);
        float precision = vcl_host_exp(-e.logvar), square = e.d * e.d * precision;
        float slope = e.clamped ? 0 : scale * fmaf(-0.5f, square, 0.5f);
        struct vcl_formula dmean = {0, 0}, dlogvar = {0, 0};
        vcl_formula_add(&dmean, true_scale * (double)e.d * exp(-(double)e.logvar));
        vcl_formula_add(&dlogvar, e.clamped ? 0 : true_scale / 2);
        vcl_formula_add(&dlogvar, e.clamped ? 0 : -true_scale * true_square(e) / 2);
        on->dy->exact[at] = scale * (e.d * precision);
        on->dy->formula[at] = dmean;
        lanes.lane[j % 16] += slope;
        total.value += dlogvar.value;
        total.scale += dlogvar.scale;
        if (!on->shared) {
            on->dy->exact[at + on->s.channels] = slope;
            on->dy->formula[at + on->s.channels] = dlogvar;
        }
    }
    if (on->shared) {
        on->dshared->exact[row] = vcl_lanes_fold(&lanes);
        on->dshared->formula[row] = total;
    }
}

static enum vcl_status begin(struct vcl_checker *c, struct scaled *on, const float *log_variance,
                             struct vcl_error *err)
{
    static const char *const names[WANTED] = {"", ", gradient", ", weights"};
    const struct shape *s = &on->s;
    size_t n = s->rows * width(s, on->shared);
    double tolerance = vcl_tolerance_lanes(s->cols, 6);
    enum vcl_status r;
    vcl_case_begin(c, "likelihood_scale.cl", "%u x %u of %u channels, repeat %u%s%s", s->rows,
                   s->cols, s->channels, s->repeat, on->shared ? ", shared" : "",
                   names[on->wanted]);
    TRY(vcl_input(c, "x", (size_t)s->rows / s->repeat * s->cols, vcl_fill_unit, &on->x, err));
    TRY(decoded(c, s, on->shared, &on->y, err));
    if (on->shared)
        TRY(vcl_input_bytes(c, "log_variance", log_variance, sizeof *log_variance,
                            &on->log_variance, err));
    if (on->wanted == WEIGHED)
        TRY(vcl_input(c, "weights", s->rows, vcl_fill_signed, &on->weights, err));
    TRY(vcl_output(c, "loss", s->rows, NULL, tolerance, &on->loss, err));
    if (on->wanted != LOSS)
        TRY(vcl_output(c, "dy", n, NULL, vcl_tolerance_ulps(6), &on->dy, err));
    if (on->wanted != LOSS && on->shared)
        TRY(vcl_output(c, "dshared", s->rows, NULL, tolerance, &on->dshared, err));
out:
    return r;
}

static enum vcl_status gaussian_scaled(struct vcl_checker *c, const struct shape *s,
                                       const float *log_variance, enum wanted wanted,
                                       struct vcl_error *err)
{
    struct scaled on = {.s = *s, .shared = log_variance != NULL, .wanted = wanted};
    enum vcl_status r;
    TRY(begin(c, &on, log_variance, err));
    for (size_t row = 0; row < s->rows; row++) {
        if (wanted != WEIGHED)
            expect_loss(&on, row);
        if (wanted != LOSS)
            expect_gradient(&on, row);
    }
    const struct vcl_scaled_op op = {.rows = s->rows,
                                     .cols = s->cols,
                                     .repeat = s->repeat,
                                     .channels = s->channels,
                                     .weight = weight,
                                     .weights = on.weights ? on.weights->buf : NULL,
                                     .x = on.x->buf,
                                     .y = on.y->buf,
                                     .loss = on.loss->buf,
                                     .dy = on.dy ? on.dy->buf : NULL,
                                     .shared = on.shared ? on.log_variance->buf : NULL,
                                     .dshared = on.dshared ? on.dshared->buf : NULL};
    TRY(vcl_op_gaussian_scaled(VCL_AT_ONCE(c->ctx), &op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_scaled(struct vcl_checker *c, struct vcl_error *err)
{
    static const float shared[] = {-1.3f, 25, 0, 19.99999f, -20, 2.5f, -1e6f};
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        for (enum wanted wanted = LOSS; wanted < WANTED; wanted++) {
            TRY(gaussian_scaled(c, &shapes[i], NULL, wanted, err));
            TRY(gaussian_scaled(c, &shapes[i], &shared[i % COUNT(shared)], wanted, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_gaussian_scaled = {.name = "gaussian_scaled", .run = run_scaled};

/* ---- scaled_mean ---- */

static enum vcl_status scaled_mean(struct vcl_checker *c, const struct shape *s,
                                   struct vcl_error *err)
{
    size_t n = (size_t)s->rows * s->cols;
    struct vcl_zone *y, *mean;
    enum vcl_status r;
    vcl_case_begin(c, "likelihood_scale.cl", "means of %u x %u of %u channels", s->rows, s->cols,
                   s->channels);
    TRY(decoded(c, s, false, &y, err));
    TRY(vcl_output(c, "mean", n, NULL, vcl_tolerance_ulps(0.5), &mean, err));
    for (size_t i = 0; i < n; i++) {
        const float *row = vcl_zone_floats(y) + i / s->cols * width(s, false);
        mean->exact[i] = row[mean_at(s, false, i % s->cols)];
        mean->formula[i] = (struct vcl_formula){0, 0};
        vcl_formula_add(&mean->formula[i], (double)mean->exact[i]);
    }
    TRY(vcl_op_scaled_mean(VCL_AT_ONCE(c->ctx), s->rows, s->cols, s->channels, y->buf, mean->buf,
                           err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_mean(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(scaled_mean(c, &shapes[i], err));
out:
    return r;
}

const struct vcl_check vcl_check_scaled_mean = {.name = "scaled_mean", .run = run_mean};
