/* SPDX-License-Identifier: MIT
 *
 * Mixtures of Gaussians: densities of each component, their gradients, and draws. The components
 * are the rows of a latent case's heads.
 */
#include <math.h>

#include "check/host_math.h"
#include "check/latent_case.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* `count` components */
static const struct shape {
    uint32_t rows, dim, count;
} shapes[] = {{3, 19, 4},   {5, 2, 10},   {17, 20, 2},  {1, 1, 1},    {33, 1, 17},
              {15, 15, 10}, {16, 16, 1},  {31, 17, 17}, {2, 31, 100}, {20, 33, 10},
              {9, 255, 2},  {257, 16, 3}, {2, 256, 17}, {3, 257, 10}, {2, 784, 100}};

static enum vcl_status begin(struct vcl_checker *c, const struct shape *s, const char *what,
                             struct vcl_latent_case *ret_latent, struct vcl_error *err)
{
    enum vcl_status r;
    *ret_latent = (struct vcl_latent_case){.batch = s->count, .dim = s->dim};
    vcl_case_begin(c, "mixture.cl", "%u x %u, %u components%s", s->rows, s->dim, s->count, what);
    TRY(vcl_latent_inputs(c, ret_latent, err));
out:
    return r;
}

static struct vcl_mixture operation(const struct shape *s, const struct vcl_latent_case *l)
{
    return (struct vcl_mixture){
        .rows = s->rows, .dim = s->dim, .count = s->count, .z = l->z->buf, .heads = l->heads->buf};
}

static float code(const struct vcl_latent_case *l, size_t row, size_t j)
{
    return vcl_zone_floats(l->z)[row * l->dim + j];
}

/* ---- log_components ---- */

static void expect_density(const struct vcl_latent_case *l, struct vcl_zone *log_p, size_t row,
                           size_t k)
{
    size_t at = row * l->batch + k;
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula sum = {0, 0};
    for (size_t j = 0; j < l->dim; j++) {
        float away = code(l, row, j) - vcl_latent_mu(l, k, j), logvar = vcl_latent_logvar(l, k, j);
        float d = away * vcl_host_exp(-0.5f * logvar);
        lanes.lane[j % 16] += fmaf(d, d, logvar + (float)VCL_LOG_2PI);
        vcl_formula_add(&sum, (double)away * (double)away * exp(-(double)logvar));
        vcl_formula_add(&sum, (double)logvar);
        vcl_formula_add(&sum, VCL_LOG_2PI);
    }
    log_p->exact[at] = -0.5f * vcl_lanes_fold(&lanes);
    log_p->formula[at] = (struct vcl_formula){-sum.value / 2, sum.scale / 2};
}

static enum vcl_status log_components(struct vcl_checker *c, const struct shape *s,
                                      struct vcl_error *err)
{
    struct vcl_latent_case l;
    struct vcl_zone *log_p;
    enum vcl_status r;
    TRY(begin(c, s, "", &l, err));
    TRY(vcl_input(c, "z", (size_t)s->rows * s->dim, vcl_fill_signed, &l.z, err));
    TRY(vcl_output(c, "log_p", (size_t)s->rows * s->count, NULL, vcl_tolerance_lanes(s->dim, 6),
                   &log_p, err));
    for (size_t i = 0; i < (size_t)s->rows * s->count; i++)
        expect_density(&l, log_p, i / s->count, i % s->count);
    const struct vcl_mixture op = operation(s, &l);
    TRY(vcl_op_log_components(VCL_AT_ONCE(c->ctx), &op, log_p->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 1, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(log_components(c, &shapes[i], err));
out:
    return r;
}

const struct vcl_check vcl_check_log_components = {.name = "log_components", .run = run_forward};

/* ---- its gradients ---- */

/* (mu - z) / sigma^2, summed over components. */
static void expect_dz(const struct vcl_latent_case *l, bool adds, const float *dlog_p,
                      struct vcl_zone *dz, size_t row, size_t j)
{
    struct vcl_formula formula = {0, 0};
    float sum = 0;
    for (size_t k = 0; k < l->batch; k++) {
        float g = dlog_p[row * l->batch + k], logvar = vcl_latent_logvar(l, k, j);
        float d = vcl_latent_mu(l, k, j) - code(l, row, j);
        sum += g * (d * vcl_host_exp(-logvar));
        vcl_formula_add(&formula, (double)g * (double)d * exp(-(double)logvar));
    }
    vcl_expect_added(dz, row * l->dim + j, adds, sum, formula);
}

/* (z - mu) / sigma^2 and ((z - mu)^2 / sigma^2 - 1) / 2, summed over codes. */
static void expect_dheads(const struct vcl_latent_case *l, uint32_t rows, bool adds,
                          const float *dlog_p, struct vcl_zone *dheads, size_t k, size_t j)
{
    size_t at_mu = k * 2 * l->dim + j, at_logvar = at_mu + l->dim;
    struct vcl_formula dmu = {0, 0}, dlogvar = {0, 0};
    float mu_sum = 0, logvar_sum = 0, logvar = vcl_latent_logvar(l, k, j);
    bool clamped = fabsf(vcl_latent_raw_logvar(l, k, j)) > 20;
    for (size_t row = 0; row < rows; row++) {
        float g = dlog_p[row * l->batch + k], d = code(l, row, j) - vcl_latent_mu(l, k, j);
        float from_mu = g * (d * vcl_host_exp(-logvar));
        double term = (double)g * (double)d * exp(-(double)logvar);
        mu_sum += from_mu;
        logvar_sum += 0.5f * fmaf(from_mu, d, -g);
        vcl_formula_add(&dmu, term);
        vcl_formula_add(&dlogvar, term * (double)d / 2);
        vcl_formula_add(&dlogvar, -(double)g / 2);
    }
    vcl_expect_added(dheads, at_mu, adds, mu_sum, dmu);
    vcl_expect_added(dheads, at_logvar, adds, clamped ? 0 : logvar_sum,
                     clamped ? (struct vcl_formula){0, 0} : dlogvar);
}

static enum vcl_status gradient_of_z(struct vcl_checker *c, const struct shape *s, bool adds,
                                     struct vcl_error *err)
{
    double tolerance = vcl_tolerance_any_order(s->count + 1) + vcl_tolerance_ulps(4);
    size_t n = (size_t)s->rows * s->dim;
    struct vcl_latent_case l;
    struct vcl_zone *dlog_p, *dz;
    enum vcl_status r;
    TRY(begin(c, s, adds ? ", dz added" : ", dz", &l, err));
    TRY(vcl_input(c, "z", n, vcl_fill_signed, &l.z, err));
    TRY(vcl_input(c, "dlog_p", (size_t)s->rows * s->count, vcl_fill_signed, &dlog_p, err));
    TRY(vcl_output(c, "dz", n, adds ? vcl_fill_signed : NULL, tolerance, &dz, err));
    for (size_t i = 0; i < n; i++)
        expect_dz(&l, adds, vcl_zone_floats(dlog_p), dz, i / s->dim, i % s->dim);
    const struct vcl_mixture op = operation(s, &l);
    TRY(vcl_op_log_components_dz(VCL_AT_ONCE(c->ctx), &op, adds, dlog_p->buf, dz->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status gradient_of_heads(struct vcl_checker *c, const struct shape *s, bool adds,
                                         struct vcl_error *err)
{
    double tolerance = vcl_tolerance_any_order(s->rows + 1) + vcl_tolerance_ulps(4);
    size_t n = (size_t)s->count * s->dim;
    struct vcl_latent_case l;
    struct vcl_zone *dlog_p, *dheads;
    enum vcl_status r;
    TRY(begin(c, s, adds ? ", dheads added" : ", dheads", &l, err));
    TRY(vcl_input(c, "z", (size_t)s->rows * s->dim, vcl_fill_signed, &l.z, err));
    TRY(vcl_input(c, "dlog_p", (size_t)s->rows * s->count, vcl_fill_signed, &dlog_p, err));
    TRY(vcl_output(c, "dheads", 2 * n, adds ? vcl_fill_signed : NULL, tolerance, &dheads, err));
    for (size_t i = 0; i < n; i++)
        expect_dheads(&l, s->rows, adds, vcl_zone_floats(dlog_p), dheads, i / s->dim, i % s->dim);
    const struct vcl_mixture op = operation(s, &l);
    TRY(vcl_op_log_components_dheads(VCL_AT_ONCE(c->ctx), &op, adds, dlog_p->buf, dheads->buf,
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
        for (int adds = 0; adds < 2; adds++) {
            TRY(gradient_of_z(c, &shapes[i], adds, err));
            TRY(gradient_of_heads(c, &shapes[i], adds, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_log_components_gradient = {.name = "log_components_gradient",
                                                            .run = run_gradient};

/* ---- mixture_draw ---- */

/* mu + sigma z; the formula chooses the component by the host's own generator, src/base/philox.c.
 */
static void expect_draw(const struct vcl_latent_case *l, uint32_t id, struct vcl_zone *z,
                        size_t row)
{
    const struct vcl_philox rng = {VCL_LATENT_SEED, VCL_STREAM_COMPONENT, vcl_latent_step.step};
    float u = vcl_host_uniform(VCL_LATENT_SEED, VCL_STREAM_COMPONENT, vcl_latent_step.step, id, 0);
    size_t k = (size_t)(u * (float)l->batch);
    size_t true_k = (size_t)((double)vcl_philox_uniform(&rng, id, 0) * l->batch);
    for (size_t j = 0; j < l->dim; j++) {
        size_t at = row * l->dim + j;
        float normal = vcl_zone_floats(z)[at];
        float sigma = vcl_host_exp(0.5f * vcl_latent_logvar(l, k, j));
        double true_sigma = sqrt(exp((double)vcl_latent_logvar(l, true_k, j)));
        z->exact[at] = vcl_latent_mu(l, k, j) + sigma * normal;
        z->formula[at] = (struct vcl_formula){0, 0};
        vcl_formula_add(&z->formula[at], (double)vcl_latent_mu(l, true_k, j));
        vcl_formula_add(&z->formula[at], true_sigma * (double)normal);
    }
}

static enum vcl_status mixture_draw(struct vcl_checker *c, const struct shape *s,
                                    uint32_t first_row, struct vcl_error *err)
{
    struct vcl_latent_case l;
    enum vcl_status r;
    TRY(begin(c, s, first_row ? ", later rows" : "", &l, err));
    TRY(vcl_output(c, "z", (size_t)s->rows * s->dim, vcl_fill_signed, vcl_tolerance_ulps(4), &l.z,
                   err));
    for (uint32_t row = 0; row < s->rows; row++)
        expect_draw(&l, first_row + row, l.z, row);
    const struct vcl_mixture op = operation(s, &l);
    TRY(vcl_op_mixture_draw(VCL_AT_ONCE(c->ctx), &op, VCL_STREAM_COMPONENT, first_row, l.step->buf,
                            err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_draw(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t first_rows[] = {7, 0, 100000, UINT32_MAX};
    size_t count = vcl_case_count(c, 1, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(mixture_draw(c, &shapes[i], first_rows[i % COUNT(first_rows)], err));
out:
    return r;
}

const struct vcl_check vcl_check_mixture_draw = {.name = "mixture_draw", .run = run_draw};
