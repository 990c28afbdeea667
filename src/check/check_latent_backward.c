/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "check/host_math.h"
#include "check/latent_case.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static float mask_of(uint32_t word)
{
    return word & 1 ? 1.0f : 0.0f;
}

/* Gradient at mu: from z, plus weight * mu. At log sigma^2: z's noise is sigma eps = spread, so
 * d z / d log sigma^2 = spread / 2; plus weight * (sigma^2 - 1) / 2; none beyond the clamp. */
static void expect_gradient(const struct vcl_latent_case *l, const struct vcl_zone *dz,
                            struct vcl_zone *dheads, size_t row, size_t j)
{
    size_t at = row * l->dim + j, at_mu = row * 2 * l->dim + j, at_logvar = at_mu + l->dim;
    float mu = vcl_latent_mu(l, row, j), logvar = vcl_latent_logvar(l, row, j);
    float from_z = vcl_zone_floats(dz)[at], spread = vcl_zone_floats(l->spread)[at];
    float mask = l->free_bits ? vcl_zone_floats(l->mask)[j] : 1;
    float weight = vcl_latent_step.kl_weight * (1.0f / (float)l->batch) * mask;
    double w = (double)vcl_latent_step.kl_weight / l->batch * (double)mask;
    dheads->exact[at_mu] = fmaf(weight, mu, from_z);
    dheads->formula[at_mu] = (struct vcl_formula){0, 0};
    vcl_formula_add(&dheads->formula[at_mu], (double)from_z);
    vcl_formula_add(&dheads->formula[at_mu], w * (double)mu);
    dheads->exact[at_logvar] = 0;
    dheads->formula[at_logvar] = (struct vcl_formula){0, 0};
    if (fabsf(vcl_latent_raw_logvar(l, row, j)) > 20)
        return;
    dheads->exact[at_logvar] =
        fmaf(0.5f * weight, vcl_host_expm1(logvar), from_z * (0.5f * spread));
    vcl_formula_add(&dheads->formula[at_logvar], (double)from_z * (double)spread / 2);
    vcl_formula_add(&dheads->formula[at_logvar], w * expm1((double)logvar) / 2);
}

static enum vcl_status backward(struct vcl_checker *c, const struct vcl_latent_case *shape,
                                struct vcl_error *err)
{
    struct vcl_latent_case l = *shape;
    size_t n = (size_t)l.batch * l.dim;
    struct vcl_zone *dz, *dheads;
    enum vcl_status r;
    vcl_case_begin(c, "latent.cl", "batch %u, dim %u%s", l.batch, l.dim,
                   l.free_bits ? ", free bits" : "");
    TRY(vcl_latent_inputs(c, &l, err));
    TRY(vcl_input(c, "spread", n, vcl_fill_signed, &l.spread, err));
    TRY(vcl_input(c, "dz", n, vcl_fill_signed, &dz, err));
    TRY(vcl_input(c, "mask", l.dim, mask_of, &l.mask, err));
    TRY(vcl_output(c, "dheads", 2 * n, NULL, vcl_tolerance_ulps(6), &dheads, err));
    for (size_t i = 0; i < n; i++)
        expect_gradient(&l, dz, dheads, i / l.dim, i % l.dim);
    l.op.spread = l.spread->buf;
    l.op.mask = l.mask->buf;
    l.op.free_bits = l.free_bits ? 0.1f : 0;
    TRY(vcl_op_latent_backward(VCL_AT_ONCE(c->ctx), &l.op, 1, dz->buf, dheads->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_backward(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t shapes[][2] = {{9, 17},  {100, 20}, {1, 1},   {300, 2},  {31, 15},
                                         {17, 16}, {33, 31},  {16, 32}, {15, 33},  {2, 255},
                                         {3, 256}, {32, 257}, {5, 784}, {784, 300}};
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        struct vcl_latent_case shape = {.batch = shapes[i][0], .dim = shapes[i][1]};
        TRY(backward(c, &shape, err));
        shape.free_bits = true;
        TRY(backward(c, &shape, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_latent_backward = {.name = "latent_backward", .run = run_backward};
