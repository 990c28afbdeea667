/* SPDX-License-Identifier: MIT
 *
 * The Gaussian latent of the float reference, from mu | log sigma^2 (rows, 2Z).
 */
#include <math.h>
#include <stdlib.h>

#include "check/host_math.h"
#include "ref/step_ref_gaussian.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"
#include "vae/node_latent.h"

enum { Z, SCORE, OFFSET, ELEMENTS }; /* outputs */

enum { STREAM_LATENT = 1 << 16 };

/* z = mu + sigma eps and sigma eps of element j of row r of z; returns eps. */
static float draw_element(const struct ref_pass *p, size_t r, uint32_t j)
{
    const struct ref_graph *ref = p->ref;
    const struct vcl_value *out = p->node->out[Z];
    size_t dim = out->size, repeat = ref_repeat(out, p->node->in[0]), at = r * dim + j;
    const float *mu = (const float *)p->x[0] + r / repeat * 2 * dim, *logvar = mu + dim;
    float *z = p->y[Z], *spread = p->y[OFFSET];
    float eps = vcl_host_normal(ref->seed, STREAM_LATENT + (uint32_t)(r % repeat), ref->step,
                                ref_id(ref, r / repeat), j);
    spread[at] = vcl_host_exp(0.5f * step_ref_clamped(logvar[j])) * eps;
    z[at] = mu[j] + spread[at];
    return eps;
}

void step_ref_draw_forward(const struct ref_pass *p)
{
    uint32_t dim = (uint32_t)p->node->out[Z]->size;
    float *kl = p->y[SCORE];
    float *elements = ref_zeros(p->rows * dim, sizeof *elements), *kept = p->y[ELEMENTS];
    for (size_t r = 0; r < p->rows; r++) {
        const float *mu = (const float *)p->x[0] + 2 * r * dim, *raw = mu + dim;
        for (uint32_t j = 0; j < dim; j++) {
            size_t at = r * dim + j;
            float logvar = step_ref_clamped(raw[j]);
            draw_element(p, r, j);
            elements[at] = 0.5f * (fmaf(mu[j], mu[j], vcl_host_expm1(logvar)) - logvar);
            if (kept)
                kept[at] = elements[at];
        }
        kl[r] = step_ref_row_sum(elements + r * dim, dim);
    }
    free(elements);
}

void step_ref_draw_backward(const struct ref_pass *p)
{
    const struct vcl_node_latent *config = p->node->config;
    uint32_t dim = (uint32_t)p->node->out[Z]->size, rows = (uint32_t)p->rows;
    const float *dz = p->dy[Z], *dkl = p->dy[SCORE], *spread = p->y[OFFSET];
    const float *elements = p->y[ELEMENTS];
    float least = config->free_bits * (float)rows;
    for (uint32_t j = 0; j < dim; j++) {
        float mask = elements ? step_ref_column_sum(elements, rows, dim, j) > least : 1;
        for (uint32_t r = 0; r < rows; r++) {
            size_t at = (size_t)r * dim + j, mu = 2 * (size_t)r * dim + j, logvar = mu + dim;
            const float *q = p->x[0];
            float *dq = p->dx[0], w = (float)p->ref->kl_weight * dkl[r] * mask;
            float v = q[logvar], inside = step_ref_clamped(v);
            float through_z = dz[at] * (0.5f * spread[at]);
            dq[mu] = fmaf(w, q[mu], dz[at]);
            dq[logvar] = inside == v ? fmaf(0.5f * w, vcl_host_expm1(inside), through_z) : 0;
        }
    }
}

/* log q(z|x) in place of the KL. */
void step_ref_draws_forward(const struct ref_pass *p)
{
    uint32_t dim = (uint32_t)p->node->out[Z]->size;
    size_t repeat = ref_repeat(p->node->out[Z], p->node->in[0]);
    float *log_q = p->y[SCORE], *elements = ref_zeros(dim, sizeof *elements);
    for (size_t r = 0; r < p->rows; r++) {
        const float *raw = (const float *)p->x[0] + r / repeat * 2 * dim + dim;
        for (uint32_t j = 0; j < dim; j++) {
            float eps = draw_element(p, r, j);
            elements[j] = fmaf(eps, eps, step_ref_clamped(raw[j]) + STEP_REF_LOG_2PI);
        }
        log_q[r] = -0.5f * step_ref_row_sum(elements, dim);
    }
    free(elements);
}

/* Samples of an example are added in their order. */
void step_ref_draws_backward(const struct ref_pass *p)
{
    size_t dim = p->node->out[Z]->size, repeat = ref_repeat(p->node->out[Z], p->node->in[0]);
    const float *dz = p->dy[Z], *dlog_q = p->dy[SCORE], *spread = p->y[OFFSET], *q = p->x[0];
    float *dq = p->dx[0];
    for (size_t i = 0; i < p->rows / repeat * dim; i++) {
        size_t row = i / dim, j = i % dim, mu = row * 2 * dim + j, logvar = mu + dim;
        float dmu = 0, slope = 0;
        for (size_t s = row * repeat; s < (row + 1) * repeat; s++) {
            float d = dz[s * dim + j];
            dmu += d;
            slope += fmaf(d, 0.5f * spread[s * dim + j], -0.5f * dlog_q[s]);
        }
        dq[mu] = dmu;
        dq[logvar] = step_ref_clamped(q[logvar]) == q[logvar] ? slope : 0;
    }
}
