/* SPDX-License-Identifier: MIT
 *
 * Several draws an example: row r of z belongs to row r / repeat of heads.
 */
#include <math.h>

#include "check/latent_case.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static struct vcl_draws operation(const struct vcl_latent_case *l)
{
    return (struct vcl_draws){
        .batch = l->batch,
        .dim = l->dim,
        .repeat = l->repeat,
        .stream = VCL_LATENT_STREAM,
        .step = l->step->buf,
        .ids = l->ids->buf,
        .heads = l->heads->buf,
        .spread = l->spread->buf,
    };
}

static const struct vcl_latent_case shapes[] = {
    {.batch = 2, .dim = 19, .repeat = 3},
    {.batch = 3, .dim = 5, .repeat = 2, .given = true},
    {.batch = 20, .dim = 20, .repeat = 5},
    {.batch = 1, .dim = 1, .repeat = 1},
    {.batch = 1, .dim = 2, .repeat = 50},
    {.batch = 31, .dim = 15, .repeat = 1},
    {.batch = 17, .dim = 16, .repeat = 16, .given = true},
    {.batch = 2, .dim = 17, .repeat = 31},
    {.batch = 33, .dim = 31, .repeat = 2},
    {.batch = 16, .dim = 33, .repeat = 17},
    {.batch = 2, .dim = 255, .repeat = 2},
    {.batch = 257, .dim = 256, .repeat = 2},
    {.batch = 3, .dim = 257, .repeat = 33, .given = true},
    {.batch = 5, .dim = 784, .repeat = 3},
};

/* ---- draws ---- */

static void expect_row(const struct vcl_latent_case *l, struct vcl_zone *log_q, size_t row)
{
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula sum = {0, 0}, noise;
    for (size_t j = 0; j < l->dim; j++) {
        float logvar = vcl_latent_logvar(l, row / l->repeat, j);
        float eps = vcl_latent_expect_draw(l, row, j, &noise);
        lanes.lane[j % 16] += fmaf(eps, eps, logvar + (float)VCL_LOG_2PI);
        sum.value += noise.value * noise.value + (double)logvar + VCL_LOG_2PI;
        sum.scale += fabs(noise.value) * noise.scale + fabs((double)logvar) + VCL_LOG_2PI;
    }
    log_q->exact[row] = -0.5f * vcl_lanes_fold(&lanes);
    log_q->formula[row] = (struct vcl_formula){-sum.value / 2, sum.scale / 2};
}

static enum vcl_status draws(struct vcl_checker *c, const struct vcl_latent_case *shape,
                             struct vcl_error *err)
{
    struct vcl_latent_case l = *shape;
    size_t rows = (size_t)l.batch * l.repeat, n = rows * l.dim;
    struct vcl_zone *log_q;
    enum vcl_status r;
    vcl_case_begin(c, "density.cl", "batch %u, %u draws of %u%s", l.batch, l.repeat, l.dim,
                   l.given ? ", eps given" : "");
    TRY(vcl_latent_inputs(c, &l, err));
    if (l.given)
        TRY(vcl_input(c, "eps", n, vcl_fill_signed, &l.eps, err));
    TRY(vcl_output(c, "z", n, NULL, vcl_tolerance_ulps(6), &l.z, err));
    TRY(vcl_output(c, "spread", n, NULL, vcl_tolerance_ulps(6), &l.spread, err));
    TRY(vcl_output(c, "log_q", rows, NULL, vcl_tolerance_lanes(l.dim, 6), &log_q, err));
    for (size_t row = 0; row < rows; row++)
        expect_row(&l, log_q, row);
    struct vcl_draws op = operation(&l);
    op.eps = l.given ? l.eps->buf : NULL;
    op.z = l.z->buf;
    op.log_q = log_q->buf;
    TRY(vcl_op_draws(VCL_AT_ONCE(c->ctx), &op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_draws(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 4, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(draws(c, &shapes[i], err));
out:
    return r;
}

const struct vcl_check vcl_check_draws = {.name = "draws", .run = run_draws};

/* ---- draws_gradient ---- */

/* With z = mu + spread: d z / d mu = 1, and d z / d log sigma^2 = spread / 2 as far as that is not
 * clamped. log q(z|x) of the same noise changes with log sigma^2 alone, by -1/2. */
static void expect_gradient(const struct vcl_latent_case *l, const float *dz, const float *dlog_q,
                            struct vcl_zone *dheads, size_t source, size_t j)
{
    size_t at_mu = source * 2 * l->dim + j, at_logvar = at_mu + l->dim;
    bool clamped = fabsf(vcl_latent_raw_logvar(l, source, j)) > 20;
    struct vcl_formula dmu = {0, 0}, dlogvar = {0, 0};
    float mu_sum = 0, logvar_sum = 0;
    for (size_t row = source * l->repeat; row < (source + 1) * l->repeat; row++) {
        float d = dz[row * l->dim + j], spread = vcl_zone_floats(l->spread)[row * l->dim + j];
        float from_q = dlog_q ? -0.5f * dlog_q[row] : 0;
        mu_sum += d;
        logvar_sum += fmaf(d, 0.5f * spread, from_q);
        vcl_formula_add(&dmu, (double)d);
        vcl_formula_add(&dlogvar, (double)d * (double)spread / 2);
        vcl_formula_add(&dlogvar, (double)from_q);
    }
    dheads->exact[at_mu] = mu_sum;
    dheads->formula[at_mu] = dmu;
    dheads->exact[at_logvar] = clamped ? 0 : logvar_sum;
    dheads->formula[at_logvar] = clamped ? (struct vcl_formula){0, 0} : dlogvar;
}

static enum vcl_status draws_gradient(struct vcl_checker *c, const struct vcl_latent_case *shape,
                                      bool has_q, struct vcl_error *err)
{
    struct vcl_latent_case l = *shape;
    size_t rows = (size_t)l.batch * l.repeat, n = rows * l.dim;
    double tolerance = vcl_tolerance_any_order(l.repeat) + vcl_tolerance_ulps(1);
    struct vcl_zone *dz, *dlog_q = NULL, *dheads;
    enum vcl_status r;
    vcl_case_begin(c, "density.cl", "batch %u, %u draws of %u%s", l.batch, l.repeat, l.dim,
                   has_q ? ", of log q" : "");
    TRY(vcl_latent_inputs(c, &l, err));
    TRY(vcl_input(c, "spread", n, vcl_fill_signed, &l.spread, err));
    TRY(vcl_input(c, "dz", n, vcl_fill_signed, &dz, err));
    if (has_q)
        TRY(vcl_input(c, "dlog_q", rows, vcl_fill_signed, &dlog_q, err));
    TRY(vcl_output(c, "dheads", 2 * (size_t)l.batch * l.dim, NULL, tolerance, &dheads, err));
    for (size_t i = 0; i < (size_t)l.batch * l.dim; i++)
        expect_gradient(&l, vcl_zone_floats(dz), has_q ? vcl_zone_floats(dlog_q) : NULL, dheads,
                        i / l.dim, i % l.dim);
    const struct vcl_draws op = operation(&l);
    TRY(vcl_op_draws_gradient(VCL_AT_ONCE(c->ctx), &op, dz->buf, has_q ? dlog_q->buf : NULL,
                              dheads->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_gradient(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 1, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(draws_gradient(c, &shapes[i], true, err));
        TRY(draws_gradient(c, &shapes[i], false, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_draws_gradient = {.name = "draws_gradient", .run = run_gradient};
