/* SPDX-License-Identifier: MIT
 *
 * The Gaussian likelihood with learned log sigma^2: the decoder's, of each value, or a parameter
 * that all share.
 */
#include <math.h>

#include "ref/node_geometry.h"
#include "ref/vae_ref_gaussian.h"
#include "ref/vae_ref_rows.h"

/* Of one value. */
struct element {
    double away, precision, logvar; /* of mean and data */
    bool clamped;
    size_t mean_at, logvar_at; /* in y, or in the parameter */
};

static struct element element_of(const struct ref_pass *p, size_t r, size_t j)
{
    const struct vcl_value *x = p->node->in[0], *y = p->node->in[1];
    const double *means = p->x[1], *logvars = p->x[2] ? p->x[2] : p->x[1];
    struct element e = {.mean_at = r * y->size + j};
    if (!p->x[2]) {
        e.mean_at = r * y->size + ref_mean_at(x, y, j, &e.logvar_at);
        e.logvar_at += r * y->size;
    }
    double raw = logvars[e.logvar_at];
    e.logvar = fmin(fmax(raw, -VAE_REF_LOGVAR_BOUND), VAE_REF_LOGVAR_BOUND);
    e.clamped = raw != e.logvar;
    e.precision = exp(-e.logvar);
    e.away = means[e.mean_at] - ((const double *)p->x[0])[r / ref_repeat(y, x) * x->size + j];
    return e;
}

void vae_ref_scaled_forward(const struct ref_pass *p)
{
    double *loss = p->y[0];
    for (size_t r = 0; r < p->rows; r++) {
        loss[r] = 0;
        for (size_t j = 0; j < p->node->in[0]->size; j++) {
            const struct element e = element_of(p, r, j);
            loss[r] += 0.5 * (e.away * e.away * e.precision + e.logvar + VAE_REF_LOG_2PI);
        }
    }
}

void vae_ref_scaled_backward(const struct ref_pass *p)
{
    const double *dloss = p->dy[0];
    double *dmeans = p->dx[1], *dlogvars = p->x[2] ? p->dx[2] : p->dx[1];
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t j = 0; j < p->node->in[0]->size; j++) {
            const struct element e = element_of(p, r, j);
            dmeans[e.mean_at] += dloss[r] * e.away * e.precision;
            if (!e.clamped)
                dlogvars[e.logvar_at] += dloss[r] * 0.5 * (1 - e.away * e.away * e.precision);
        }
    }
}
