/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "check/host_math.h"
#include "check/latent_case.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static enum vcl_status make_outputs(struct vcl_checker *c, struct vcl_latent_case *l,
                                    struct vcl_error *err)
{
    size_t rows = l->batch, n = rows * l->dim;
    enum vcl_status r;
    if (l->given)
        TRY(vcl_input(c, "eps", n, vcl_fill_signed, &l->eps, err));
    TRY(vcl_output(c, "z", n, NULL, vcl_tolerance_ulps(6), &l->z, err));
    TRY(vcl_output(c, "spread", n, NULL, vcl_tolerance_ulps(6), &l->spread, err));
    TRY(vcl_output(c, "kl", rows, NULL, vcl_tolerance_lanes(l->dim, 4), &l->kl, err));
    l->op.eps = l->given ? l->eps->buf : NULL;
    l->op.z = l->z->buf;
    l->op.spread = l->spread->buf;
    l->op.kl = l->kl->buf;
    if (l->free_bits) {
        TRY(vcl_output(c, "kl_elements", (size_t)l->batch * l->dim, NULL, vcl_tolerance_ulps(4),
                       &l->kl_elements, err));
        TRY(vcl_output(c, "mask", l->dim, NULL, vcl_tolerance_chunked(l->batch), &l->mask, err));
        l->op.free_bits = 0.4f;
        l->op.kl_elements = l->kl_elements->buf;
        l->op.mask = l->mask->buf;
    }
out:
    return r;
}

/* KL(N(mu, sigma^2) || N(0, 1)) of one element. */
static float expect_kl(const struct vcl_latent_case *l, size_t row, size_t j,
                       struct vcl_formula *ret_formula)
{
    float mu = vcl_latent_mu(l, row, j), logvar = vcl_latent_logvar(l, row, j);
    double m = (double)mu, v = (double)logvar;
    ret_formula->value = 0.5 * (m * m + exp(v) - 1 - v);
    if (fabs(v) < 1e-3) /* the formula's own rounding; exp(v) - 1 - v by its series */
        ret_formula->value = 0.5 * (m * m + v * v * (0.5 + v / 6 + v * v / 24));
    ret_formula->scale = 0.5 * (m * m + fabs(expm1(v)) + fabs(v));
    return 0.5f * (fmaf(mu, mu, vcl_host_expm1(logvar)) - logvar);
}

static void expect_row(const struct vcl_latent_case *l, size_t row)
{
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula kl = {0, 0}, term, noise;
    for (size_t j = 0; j < l->dim; j++) {
        float exact = expect_kl(l, row, j, &term);
        vcl_latent_expect_draw(l, row, j, &noise);
        lanes.lane[j % 16] += exact;
        kl.value += term.value;
        kl.scale += term.scale;
        if (l->free_bits) {
            l->kl_elements->exact[row * l->dim + j] = exact;
            l->kl_elements->formula[row * l->dim + j] = term;
        }
    }
    l->kl->exact[row] = vcl_lanes_fold(&lanes);
    l->kl->formula[row] = kl;
}

/* 1 where the batch's mean KL of a dimension is above free_bits. */
static void expect_mask(const struct vcl_latent_case *l, size_t j)
{
    float total = 0, sum = 0;
    struct vcl_formula mean = {0, 0};
    for (size_t i = 0; i < l->batch; i++) {
        if (i % 256 == 0) {
            total += sum;
            sum = 0;
        }
        sum += l->kl_elements->exact[i * l->dim + j];
        mean.value += l->kl_elements->formula[i * l->dim + j].value / l->batch;
        mean.scale += l->kl_elements->formula[i * l->dim + j].scale / l->batch;
    }
    total += sum;
    double free_bits = (double)l->op.free_bits;
    bool near = fabs(mean.value - free_bits) < 1e-4 * (mean.scale + free_bits);
    l->mask->exact[j] = total > l->op.free_bits * (float)l->batch ? 1 : 0;
    l->mask->formula[j] = (struct vcl_formula){mean.value > free_bits, near ? INFINITY : 1};
}

static enum vcl_status forward(struct vcl_checker *c, const struct vcl_latent_case *shape,
                               struct vcl_error *err)
{
    struct vcl_latent_case l = *shape;
    enum vcl_status r;
    vcl_case_begin(c, "latent.cl", "batch %u, dim %u%s%s", l.batch, l.dim,
                   l.given ? ", eps given" : "", l.free_bits ? ", free bits" : "");
    TRY(vcl_latent_inputs(c, &l, err));
    TRY(make_outputs(c, &l, err));
    for (size_t row = 0; row < l.batch; row++)
        expect_row(&l, row);
    for (size_t j = 0; l.free_bits && j < l.dim; j++)
        expect_mask(&l, j);
    TRY(vcl_op_latent_forward(VCL_AT_ONCE(c->ctx), &l.op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static const struct vcl_latent_case forward_shapes[] = {
    {.batch = 2, .dim = 3},
    {.batch = 2, .dim = 17, .given = true},
    {.batch = 3, .dim = 5, .free_bits = true},
    {.batch = 2, .dim = 18, .given = true, .free_bits = true},
    {.batch = 100, .dim = 20},
    {.batch = 1, .dim = 1},
    {.batch = 300, .dim = 2, .free_bits = true},
    {.batch = 31, .dim = 15},
    {.batch = 17, .dim = 16, .given = true},
    {.batch = 33, .dim = 31},
    {.batch = 16, .dim = 32},
    {.batch = 15, .dim = 33, .free_bits = true},
    {.batch = 2, .dim = 255},
    {.batch = 257, .dim = 256, .free_bits = true},
    {.batch = 32, .dim = 257, .given = true},
    {.batch = 5, .dim = 784},
};

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 4, 5, COUNT(forward_shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(forward(c, &forward_shapes[i], err));
out:
    return r;
}

const struct vcl_check vcl_check_latent_forward = {.name = "latent_forward", .run = run_forward};
