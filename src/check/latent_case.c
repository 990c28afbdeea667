/* SPDX-License-Identifier: MIT */
#include "check/latent_case.h"

#include <math.h>

#include "check/host_math.h"
#include "check/true_math.h"

#define BOUND 20.0f

const struct vcl_step vcl_latent_step = {
    .seed_lo = (uint32_t)VCL_LATENT_SEED,
    .seed_hi = (uint32_t)(VCL_LATENT_SEED >> 32),
    .step = 41,
    .epoch = 3,
    .kl_weight = 0.75f,
    .sample = 2,
};

uint32_t vcl_latent_id(size_t source)
{
    return (uint32_t)source * 7919 + 3;
}

float vcl_latent_mu(const struct vcl_latent_case *latent, size_t source, size_t j)
{
    return vcl_zone_floats(latent->heads)[source * 2 * latent->dim + j];
}

float vcl_latent_raw_logvar(const struct vcl_latent_case *latent, size_t source, size_t j)
{
    return vcl_zone_floats(latent->heads)[source * 2 * latent->dim + latent->dim + j];
}

float vcl_latent_logvar(const struct vcl_latent_case *latent, size_t source, size_t j)
{
    float raw = vcl_latent_raw_logvar(latent, source, j);
    return raw > BOUND ? BOUND : raw < -BOUND ? -BOUND : raw;
}

static float random_head(struct vcl_checker *checker, size_t i, bool is_mu)
{
    uint32_t word = vcl_philox_word(&checker->rng, UINT32_MAX, (uint32_t)i);
    return is_mu ? 3 * vcl_fill(checker, vcl_fill_signed, word)
                 : vcl_fill(checker, vcl_fill_log_variance, word);
}

enum vcl_status vcl_latent_inputs(struct vcl_checker *checker, struct vcl_latent_case *latent,
                                  struct vcl_error *err)
{
    size_t n = 2 * (size_t)latent->batch * latent->dim;
    int32_t *ids;
    float *heads;
    enum vcl_status r;
    latent->repeat = latent->repeat ? latent->repeat : 1;
    TRY(vcl_arena_alloc(&checker->arena, latent->batch * sizeof *ids, &ids, err));
    TRY(vcl_arena_alloc(&checker->arena, n * sizeof *heads, &heads, err));
    for (uint32_t i = 0; i < latent->batch; i++)
        ids[i] = (int32_t)vcl_latent_id(i);
    for (size_t i = 0; i < n; i++)
        heads[i] = random_head(checker, i, i % (2 * latent->dim) < latent->dim);
    TRY(vcl_input_bytes(checker, "step", &vcl_latent_step, sizeof vcl_latent_step, &latent->step,
                        err));
    TRY(vcl_input_bytes(checker, "ids", ids, latent->batch * sizeof *ids, &latent->ids, err));
    TRY(vcl_input_bytes(checker, "heads", heads, n * sizeof *heads, &latent->heads, err));
    latent->op = (struct vcl_latent){.batch = latent->batch,
                                     .dim = latent->dim,
                                     .stream = VCL_LATENT_STREAM,
                                     .step = latent->step->buf,
                                     .ids = latent->ids->buf,
                                     .heads = latent->heads->buf};
out:
    return r;
}

static float noise(const struct vcl_latent_case *latent, size_t row, size_t j,
                   struct vcl_formula *ret_formula)
{
    uint32_t sample = vcl_latent_step.sample + (uint32_t)(row % latent->repeat);
    uint32_t stream = VCL_LATENT_STREAM + sample, id = vcl_latent_id(row / latent->repeat);
    if (latent->given) {
        float eps = vcl_zone_floats(latent->eps)[row * latent->dim + j];
        *ret_formula = (struct vcl_formula){(double)eps, fabs((double)eps)};
        return eps;
    }
    ret_formula->value = vcl_true_normal(VCL_LATENT_SEED, stream, vcl_latent_step.step, id,
                                         (uint32_t)j, &ret_formula->scale);
    return vcl_host_normal(VCL_LATENT_SEED, stream, vcl_latent_step.step, id, (uint32_t)j);
}

float vcl_latent_expect_draw(const struct vcl_latent_case *latent, size_t row, size_t j,
                             struct vcl_formula *ret_noise)
{
    size_t at = row * latent->dim + j, source = row / latent->repeat;
    float mu = vcl_latent_mu(latent, source, j), logvar = vcl_latent_logvar(latent, source, j);
    float eps = noise(latent, row, j, ret_noise), offset = vcl_host_exp(0.5f * logvar) * eps;
    double m = (double)mu, sigma = sqrt(exp((double)logvar));
    double value = sigma * ret_noise->value, scale = sigma * ret_noise->scale;
    latent->spread->exact[at] = offset;
    latent->spread->formula[at] = (struct vcl_formula){value, scale};
    latent->z->exact[at] = mu + offset;
    latent->z->formula[at] = (struct vcl_formula){m + value, fabs(m) + scale};
    return eps;
}
