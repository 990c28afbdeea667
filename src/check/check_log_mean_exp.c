/* SPDX-License-Identifier: MIT
 *
 * The bound of importance weights, and their shares in it.
 */
#include <math.h>

#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* ---- log_mean_exp ---- */

/* Log weights of a row's samples: those of images are in the hundreds, and far apart. */
static const struct situation {
    float base, spread; /* between base and base + spread */
    float step;         /* more for each sample: the last one is the largest */
    float odd;          /* instead of the middle one, unless 0 */
} situations[] = {
    {-1.5f, 3, 0, 0}, {-600, 200, 0, 0},      {-500, 0, 0, 0},  {-100, 0.5f, 1, 0},
    {80, 30, -2, 0},  {-90, 5, 0, -INFINITY}, {-90, 5, 0, NAN},
};

static enum vcl_status log_weights(struct vcl_checker *c, uint32_t rows, uint32_t count,
                                   struct vcl_zone **ret_zone, struct vcl_error *err)
{
    size_t n = (size_t)rows * count;
    float *w;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, n * sizeof *w, &w, err));
    for (size_t i = 0; i < n; i++) {
        const struct situation *s = &situations[i / count % COUNT(situations)];
        float sample = (float)(i % count);
        w[i] = s->base +
               s->spread * vcl_fill_unit(vcl_philox_word(&c->rng, UINT32_MAX, (uint32_t)i)) +
               s->step * sample;
        if (s->odd != 0 && i % count == count / 2)
            w[i] = s->odd;
    }
    TRY(vcl_input_bytes(c, "w", w, n * sizeof *w, ret_zone, err));
out:
    return r;
}

static void expect_exact(const float *w, uint32_t count, float *bound, float *share)
{
    struct vcl_lanes lanes = {{0}};
    float most = w[0];
    for (uint32_t i = 1; i < count; i++)
        most = fmaxf(most, w[i]);
    for (uint32_t i = 0; i < count; i++) {
        share[i] = vcl_host_exp(w[i] - most);
        lanes.lane[i % 16] += share[i];
    }
    float total = vcl_lanes_fold(&lanes);
    for (uint32_t i = 0; i < count; i++)
        share[i] = vcl_host_div(share[i], total);
    *bound = most + vcl_host_log(vcl_host_div(total, (float)count));
}

/* The rounding of w - most is relative to that, and shows in its exponential; a relative error of
 * the mean is an absolute one of its logarithm. */
static void expect_formula(const float *w, uint32_t count, struct vcl_formula *bound,
                           struct vcl_formula *share)
{
    double most = (double)w[0], total = 0;
    for (uint32_t i = 1; i < count; i++)
        most = fmax(most, (double)w[i]);
    for (uint32_t i = 0; i < count; i++)
        total += exp((double)w[i] - most);
    for (uint32_t i = 0; i < count; i++) {
        double below = most - (double)w[i], value = exp(-below) / total;
        share[i] = (struct vcl_formula){value, value > 0 ? value * (1 + below) : value};
    }
    *bound = (struct vcl_formula){0, 1};
    vcl_formula_add(bound, most);
    vcl_formula_add(bound, log(total / count));
}

static enum vcl_status log_mean_exp(struct vcl_checker *c, uint32_t rows, uint32_t count,
                                    struct vcl_error *err)
{
    double tolerance = vcl_tolerance_lanes(count, 3);
    struct vcl_zone *w, *bound, *share;
    enum vcl_status r;
    vcl_case_begin(c, "bound.cl", "%u x %u", rows, count);
    TRY(log_weights(c, rows, count, &w, err));
    TRY(vcl_output(c, "bound", rows, NULL, tolerance, &bound, err));
    TRY(vcl_output(c, "share", (size_t)rows * count, NULL, tolerance, &share, err));
    for (size_t i = 0; i < rows; i++) {
        const float *row = vcl_zone_floats(w) + i * count;
        expect_exact(row, count, &bound->exact[i], &share->exact[i * count]);
        expect_formula(row, count, &bound->formula[i], &share->formula[i * count]);
    }
    TRY(vcl_op_log_mean_exp(VCL_AT_ONCE(c->ctx), rows, count, w->buf, bound->buf, share->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static const uint32_t shapes[][2] = {{7, 17},  {8, 5},     {20, 50},  {9, 1},     {7, 2}, {14, 16},
                                     {33, 15}, {16, 31},   {31, 33},  {257, 100}, {1, 3}, {15, 255},
                                     {7, 256}, {255, 257}, {32, 784}, {784, 8}};

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 5, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(log_mean_exp(c, shapes[i][0], shapes[i][1], err));
out:
    return r;
}

const struct vcl_check vcl_check_log_mean_exp = {.name = "log_mean_exp", .run = run_forward};

/* ---- its gradient ---- */

static enum vcl_status gradient(struct vcl_checker *c, uint32_t rows, uint32_t count, bool adds,
                                struct vcl_error *err)
{
    size_t n = (size_t)rows * count;
    struct vcl_zone *dy, *share, *dx;
    enum vcl_status r;
    vcl_case_begin(c, "bound.cl", "%u x %u%s", rows, count, adds ? ", added" : "");
    TRY(vcl_input(c, "dy", rows, vcl_fill_signed, &dy, err));
    TRY(vcl_input(c, "share", n, vcl_fill_unit, &share, err));
    TRY(vcl_output(c, "dx", n, adds ? vcl_fill_signed : NULL, vcl_tolerance_ulps(1), &dx, err));
    for (size_t i = 0; i < n; i++) {
        float d = vcl_zone_floats(dy)[i / count], s = vcl_zone_floats(share)[i],
              before = vcl_zone_floats(dx)[i];
        dx->exact[i] = adds ? before + d * s : d * s;
        dx->formula[i] = (struct vcl_formula){0, 0};
        vcl_formula_add(&dx->formula[i], (double)d * (double)s);
        if (adds)
            vcl_formula_add(&dx->formula[i], (double)before);
    }
    TRY(vcl_op_share_gradient(VCL_AT_ONCE(c->ctx), rows, count, adds, dy->buf, share->buf, dx->buf,
                              err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_gradient(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 1, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(gradient(c, shapes[i][0], shapes[i][1], false, err));
        TRY(gradient(c, shapes[i][0], shapes[i][1], true, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_log_mean_exp_gradient = {.name = "log_mean_exp_gradient",
                                                          .run = run_gradient};
