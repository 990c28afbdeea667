/* SPDX-License-Identifier: MIT
 *
 * Log densities of codes in the reference, and what bounds are made of.
 */
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "nn/node_sum.h"
#include "ref/vae_ref_gaussian.h"
#include "ref/vae_ref_rows.h"
#include "vae/node_density.h"

/* ---- log N(z; mu, sigma^2) ---- */

/* Of row r of z under row k of the heads. */
static double log_density(const struct ref_pass *p, size_t r, size_t k)
{
    size_t dim = p->node->in[0]->size;
    const double *z = (const double *)p->x[0] + r * dim;
    double sum = 0;
    for (size_t j = 0; j < dim; j++) {
        const struct vae_ref_gaussian g = vae_ref_gaussian_of(p->x[1], dim, k, j);
        double away = z[j] - g.mu;
        sum -= 0.5 * (away * away / exp(g.logvar) + g.logvar + VAE_REF_LOG_2PI);
    }
    return sum;
}

/* Adds what comes of the gradient `slope` of that to z and to the heads. */
static void log_density_back(const struct ref_pass *p, size_t r, size_t k, double slope)
{
    size_t dim = p->node->in[0]->size;
    const double *z = (const double *)p->x[0] + r * dim;
    double *dz = p->dx[0], *dheads = p->dx[1];
    for (size_t j = 0; j < dim; j++) {
        const struct vae_ref_gaussian g = vae_ref_gaussian_of(p->x[1], dim, k, j);
        double away = (z[j] - g.mu) / exp(g.logvar);
        if (dz)
            dz[r * dim + j] -= slope * away;
        if (dheads)
            dheads[g.mu_at] += slope * away;
        if (dheads && !g.clamped)
            dheads[g.logvar_at] += slope * 0.5 * (away * (z[j] - g.mu) - 1);
    }
}

/* Of a row of z, the row of the heads that it belongs to; the same for all of N(0, I). */
static size_t own(const struct ref_pass *p, size_t r)
{
    return p->node->n_in > 1 ? r / ref_repeat(p->node->in[0], p->node->in[1]) : 0;
}

void vae_ref_log_normal_forward(const struct ref_pass *p)
{
    double *log_p = p->y[0];
    for (size_t r = 0; r < p->rows; r++)
        log_p[r] = log_density(p, r, own(p, r));
}

void vae_ref_log_normal_backward(const struct ref_pass *p)
{
    const double *dlog_p = p->dy[0];
    for (size_t r = 0; r < p->rows; r++)
        log_density_back(p, r, own(p, r), dlog_p[r]);
}

/* Of each component. */
void vae_ref_log_components_forward(const struct ref_pass *p)
{
    size_t count = p->node->in[1]->fixed;
    double *log_p = p->y[0];
    for (size_t i = 0; i < p->rows * count; i++)
        log_p[i] = log_density(p, i / count, i % count);
}

void vae_ref_log_components_backward(const struct ref_pass *p)
{
    size_t count = p->node->in[1]->fixed;
    const double *dlog_p = p->dy[0];
    for (size_t i = 0; i < p->rows * count; i++)
        log_density_back(p, i / count, i % count, dlog_p[i]);
}

/* ---- log of a mean ---- */

/* Of each row of the output. */
static size_t terms_of(const struct ref_pass *p)
{
    const struct vcl_node_log_mean_exp *config = p->node->config;
    return config->over_rows ? p->node->in[0]->repeat : p->node->in[0]->size;
}

void vae_ref_log_mean_exp_forward(const struct ref_pass *p)
{
    size_t n = terms_of(p);
    double *mean = p->y[0], *share = p->y[1];
    for (size_t r = 0; r < p->rows; r++) {
        const double *w = (const double *)p->x[0] + r * n;
        double most = w[0], sum = 0;
        for (size_t i = 1; i < n; i++)
            most = fmax(most, w[i]);
        for (size_t i = 0; i < n; i++)
            sum += exp(w[i] - most);
        mean[r] = most + log(sum / (double)n);
        for (size_t i = 0; i < n; i++)
            share[r * n + i] = exp(w[i] - most) / sum;
    }
}

void vae_ref_log_mean_exp_backward(const struct ref_pass *p)
{
    size_t n = terms_of(p);
    const double *dmean = p->dy[0], *share = p->y[1];
    double *dw = p->dx[0];
    for (size_t i = 0; i < p->rows * n; i++)
        dw[i] = dmean[i / n] * share[i];
}

/* ---- arithmetic ---- */

static size_t outputs(const struct ref_pass *p)
{
    return p->rows * p->node->out[0]->size;
}

void vae_ref_sum_forward(const struct ref_pass *p)
{
    const struct vcl_node_sum *config = p->node->config;
    double *y = p->y[0];
    for (size_t i = 0; i < outputs(p); i++) {
        y[i] = 0;
        for (uint32_t k = 0; k < p->node->n_in; k++)
            y[i] += (double)config->factors[k] * ((const double *)p->x[k])[i];
    }
}

void vae_ref_sum_backward(const struct ref_pass *p)
{
    const struct vcl_node_sum *config = p->node->config;
    const double *dy = p->dy[0];
    for (uint32_t k = 0; k < p->node->n_in; k++) {
        double *dx = p->dx[k];
        for (size_t i = 0; dx && i < outputs(p); i++)
            dx[i] = (double)config->factors[k] * dy[i];
    }
}

void vae_ref_scaled_gradient_forward(const struct ref_pass *p)
{
    memcpy(p->y[0], p->x[0], outputs(p) * sizeof(double));
}

void vae_ref_scaled_gradient_backward(const struct ref_pass *p)
{
    const double *dy = p->dy[0], *scale = ref_data(p->ref, p->node->later);
    double *dx = p->dx[0];
    for (size_t i = 0; i < outputs(p); i++)
        dx[i] = scale[i / p->node->out[0]->size] * dy[i];
}

/* ---- columns, each in the order of its keys; of equal keys the first row comes first ---- */

void vae_ref_permuted_forward(const struct ref_pass *p)
{
    const struct vcl_philox rng = {.seed = p->ref->seed, .stream = p->stream, .step = p->ref->step};
    const double *x = p->x[0];
    double *y = p->y[0], *keys = ref_zeros(p->rows, sizeof *keys);
    size_t size = p->node->out[0]->size;
    for (size_t j = 0; j < size; j++) {
        for (size_t r = 0; r < p->rows; r++)
            keys[r] = (double)vcl_philox_uniform(&rng, (uint32_t)r, (uint32_t)j);
        for (size_t place = 0; place < p->rows; place++) {
            size_t first = 0;
            for (size_t r = 1; r < p->rows; r++)
                first = keys[r] < keys[first] ? r : first;
            y[place * size + j] = x[first * size + j];
            keys[first] = 2; /* beyond all keys: it is gone */
        }
    }
    free(keys);
}
