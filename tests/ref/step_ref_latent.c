/* SPDX-License-Identifier: MIT
 *
 * The Gaussian latent of the float reference, from mu | log sigma^2 (rows, 2Z).
 */
#include <math.h>
#include <stdlib.h>

#include "check/host_math.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"
#include "vae/node_latent.h"

enum { Z, SCORE, OFFSET, ELEMENTS }; /* outputs */

enum { STREAM_LATENT = 1 << 16 };

static float clamped(float logvar)
{
    return logvar > 20 ? 20 : (logvar < -20 ? -20 : logvar);
}

void step_ref_draw_forward(const struct ref_pass *p)
{
    const struct ref_graph *ref = p->ref;
    uint32_t dim = (uint32_t)p->node->out[Z]->size;
    float *z = p->y[Z], *kl = p->y[SCORE], *spread = p->y[OFFSET];
    float *elements = ref_zeros(p->rows * dim, sizeof *elements), *kept = p->y[ELEMENTS];
    for (size_t r = 0; r < p->rows; r++) {
        const float *mu = (const float *)p->x[0] + 2 * r * dim, *raw = mu + dim;
        for (uint32_t j = 0; j < dim; j++) {
            size_t at = r * dim + j;
            float logvar = clamped(raw[j]);
            float eps = vcl_host_normal(ref->seed, STREAM_LATENT, ref->step, ref_id(ref, r), j);
            spread[at] = vcl_host_exp(0.5f * logvar) * eps;
            z[at] = mu[j] + spread[at];
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
            float v = q[logvar], inside = clamped(v);
            float through_z = dz[at] * (0.5f * spread[at]);
            dq[mu] = fmaf(w, q[mu], dz[at]);
            dq[logvar] = inside == v ? fmaf(0.5f * w, vcl_host_expm1(inside), through_z) : 0;
        }
    }
}
