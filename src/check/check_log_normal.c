/* SPDX-License-Identifier: MIT
 *
 * log N(z; mu, sigma^2) and its gradients; row r of z belongs to row r / repeat of heads.
 */
#include <math.h>

#include "check/host_math.h"
#include "check/latent_case.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct shape {
    uint32_t batch, dim, repeat;
} shapes[] = {{2, 19, 3},  {3, 5, 2},     {20, 20, 5},  {1, 1, 1},   {1, 2, 50},
              {31, 15, 1}, {17, 16, 16},  {2, 17, 31},  {33, 31, 2}, {16, 33, 17},
              {2, 255, 2}, {257, 256, 2}, {3, 257, 33}, {5, 784, 3}};

/* Density of one element: its code, and the Gaussian, N(0, 1) without heads. */
struct element {
    float d; /* z - mu */
    float logvar;
};

static struct element element_of(const struct vcl_latent_case *l, bool has_heads, size_t row,
                                 size_t j)
{
    float z = vcl_zone_floats(l->z)[row * l->dim + j];
    size_t source = row / l->repeat;
    if (!has_heads)
        return (struct element){z, 0};
    return (struct element){z - vcl_latent_mu(l, source, j), vcl_latent_logvar(l, source, j)};
}

static enum vcl_status begin(struct vcl_checker *c, const struct shape *s, bool has_heads,
                             bool adds, struct vcl_latent_case *ret_latent,
                             struct vcl_log_normal *ret_op, struct vcl_error *err)
{
    struct vcl_latent_case *l = ret_latent;
    size_t rows = (size_t)s->batch * s->repeat;
    enum vcl_status r;
    *l = (struct vcl_latent_case){.batch = s->batch, .dim = s->dim, .repeat = s->repeat};
    vcl_case_begin(c, "density.cl", "%u x %u, repeat %u%s%s", (uint32_t)rows, s->dim, s->repeat,
                   has_heads ? "" : ", N(0, 1)", adds ? ", added" : "");
    TRY(vcl_latent_inputs(c, l, err));
    TRY(vcl_input(c, "z", rows * s->dim, vcl_fill_signed, &l->z, err));
    *ret_op = (struct vcl_log_normal){.rows = (uint32_t)rows,
                                      .dim = s->dim,
                                      .repeat = s->repeat,
                                      .z = l->z->buf,
                                      .heads = has_heads ? l->heads->buf : NULL};
out:
    return r;
}

/* ---- log_normal ---- */

static void expect_row(const struct vcl_latent_case *l, bool has_heads, struct vcl_zone *log_p,
                       size_t row)
{
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula sum = {0, 0};
    for (size_t j = 0; j < l->dim; j++) {
        struct element e = element_of(l, has_heads, row, j);
        float d = has_heads ? e.d * vcl_host_exp(-0.5f * e.logvar) : e.d;
        lanes.lane[j % 16] += fmaf(d, d, e.logvar + (float)VCL_LOG_2PI);
        vcl_formula_add(&sum, (double)e.d * (double)e.d * exp(-(double)e.logvar));
        vcl_formula_add(&sum, (double)e.logvar);
        vcl_formula_add(&sum, VCL_LOG_2PI);
    }
    log_p->exact[row] = -0.5f * vcl_lanes_fold(&lanes);
    log_p->formula[row] = (struct vcl_formula){-sum.value / 2, sum.scale / 2};
}

static enum vcl_status log_normal(struct vcl_checker *c, const struct shape *s, bool has_heads,
                                  struct vcl_error *err)
{
    struct vcl_latent_case l;
    struct vcl_log_normal op;
    struct vcl_zone *log_p;
    enum vcl_status r;
    TRY(begin(c, s, has_heads, false, &l, &op, err));
    TRY(vcl_output(c, "log_p", op.rows, NULL, vcl_tolerance_lanes(l.dim, 6), &log_p, err));
    for (size_t row = 0; row < op.rows; row++)
        expect_row(&l, has_heads, log_p, row);
    TRY(vcl_op_log_normal(VCL_AT_ONCE(c->ctx), &op, log_p->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 1, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(log_normal(c, &shapes[i], true, err));
        TRY(log_normal(c, &shapes[i], false, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_log_normal = {.name = "log_normal", .run = run_forward};

/* ---- its gradients ---- */

/* -(z - mu) / sigma^2. */
static void expect_dz(const struct vcl_latent_case *l, bool has_heads, bool adds,
                      const float *dlog_p, struct vcl_zone *dz, size_t row, size_t j)
{
    struct element e = element_of(l, has_heads, row, j);
    float g = dlog_p[row], d = has_heads ? e.d * vcl_host_exp(-e.logvar) : e.d;
    struct vcl_formula formula = {0, 0};
    vcl_formula_add(&formula, -(double)g * (double)e.d * exp(-(double)e.logvar));
    vcl_expect_added(dz, row * l->dim + j, adds, -g * d, formula);
}

/* (z - mu) / sigma^2 and ((z - mu)^2 / sigma^2 - 1) / 2, sums over the rows of one of heads. */
static void expect_dheads(const struct vcl_latent_case *l, bool adds, const float *dlog_p,
                          struct vcl_zone *dheads, size_t source, size_t j)
{
    size_t at_mu = source * 2 * l->dim + j, at_logvar = at_mu + l->dim;
    struct vcl_formula dmu = {0, 0}, dlogvar = {0, 0};
    float mu_sum = 0, logvar_sum = 0;
    bool clamped = fabsf(vcl_latent_raw_logvar(l, source, j)) > 20;
    for (size_t row = source * l->repeat; row < (source + 1) * l->repeat; row++) {
        struct element e = element_of(l, true, row, j);
        float g = dlog_p[row], from_mu = g * (e.d * vcl_host_exp(-e.logvar));
        double term = (double)g * (double)e.d * exp(-(double)e.logvar);
        mu_sum += from_mu;
        logvar_sum += 0.5f * fmaf(from_mu, e.d, -g);
        vcl_formula_add(&dmu, term);
        vcl_formula_add(&dlogvar, term * (double)e.d / 2);
        vcl_formula_add(&dlogvar, -(double)g / 2);
    }
    vcl_expect_added(dheads, at_mu, adds, mu_sum, dmu);
    vcl_expect_added(dheads, at_logvar, adds, clamped ? 0 : logvar_sum,
                     clamped ? (struct vcl_formula){0, 0} : dlogvar);
}

static enum vcl_status gradient_of_z(struct vcl_checker *c, const struct shape *s, bool has_heads,
                                     bool adds, struct vcl_error *err)
{
    struct vcl_latent_case l;
    struct vcl_log_normal op;
    struct vcl_zone *dlog_p, *dz;
    enum vcl_status r;
    TRY(begin(c, s, has_heads, adds, &l, &op, err));
    TRY(vcl_input(c, "dlog_p", op.rows, vcl_fill_signed, &dlog_p, err));
    TRY(vcl_output(c, "dz", (size_t)op.rows * op.dim, adds ? vcl_fill_signed : NULL,
                   vcl_tolerance_ulps(4), &dz, err));
    for (size_t i = 0; i < (size_t)op.rows * op.dim; i++)
        expect_dz(&l, has_heads, adds, vcl_zone_floats(dlog_p), dz, i / op.dim, i % op.dim);
    TRY(vcl_op_log_normal_dz(VCL_AT_ONCE(c->ctx), &op, adds, dlog_p->buf, dz->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status gradient_of_heads(struct vcl_checker *c, const struct shape *s, bool adds,
                                         struct vcl_error *err)
{
    double tolerance = vcl_tolerance_any_order(s->repeat + 1) + vcl_tolerance_ulps(4);
    size_t n = (size_t)s->batch * s->dim;
    struct vcl_latent_case l;
    struct vcl_log_normal op;
    struct vcl_zone *dlog_p, *dheads;
    enum vcl_status r;
    TRY(begin(c, s, true, adds, &l, &op, err));
    TRY(vcl_input(c, "dlog_p", op.rows, vcl_fill_signed, &dlog_p, err));
    TRY(vcl_output(c, "dheads", 2 * n, adds ? vcl_fill_signed : NULL, tolerance, &dheads, err));
    for (size_t i = 0; i < n; i++)
        expect_dheads(&l, adds, vcl_zone_floats(dlog_p), dheads, i / op.dim, i % op.dim);
    TRY(vcl_op_log_normal_dheads(VCL_AT_ONCE(c->ctx), &op, adds, dlog_p->buf, dheads->buf, err));
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
            TRY(gradient_of_z(c, &shapes[i], true, adds, err));
            TRY(gradient_of_z(c, &shapes[i], false, adds, err));
            TRY(gradient_of_heads(c, &shapes[i], adds, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_log_normal_gradient = {.name = "log_normal_gradient",
                                                        .run = run_gradient};
