/* SPDX-License-Identifier: MIT
 *
 * Log densities of codes in the float reference, and what bounds are made of.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/host_math.h"
#include "nn/node_sum.h"
#include "ref/step_ref_gaussian.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"
#include "vae/node_density.h"

static size_t outputs(const struct ref_pass *p)
{
    return p->rows * p->node->out[0]->size;
}

/* ---- log N(z; mu, sigma^2) ---- */

/* Element j of row k of the heads; of N(0, I) without any. */
struct gaussian {
    float mu, raw, logvar;
};

static struct gaussian gaussian_of(const struct ref_pass *p, size_t k, size_t j)
{
    size_t dim = p->node->in[0]->size;
    const float *row = (const float *)p->x[1] + k * 2 * dim;
    if (!p->x[1])
        return (struct gaussian){0};
    return (struct gaussian){row[j], row[dim + j], step_ref_clamped(row[dim + j])};
}

/* Of row r of z under row k of the heads. */
static float log_density(const struct ref_pass *p, size_t r, size_t k)
{
    size_t dim = p->node->in[0]->size;
    const float *z = (const float *)p->x[0] + r * dim;
    float *elements = ref_zeros(dim, sizeof *elements);
    for (size_t j = 0; j < dim; j++) {
        const struct gaussian g = gaussian_of(p, k, j);
        float d = (z[j] - g.mu) * vcl_host_exp(-0.5f * g.logvar);
        elements[j] = fmaf(d, d, g.logvar + STEP_REF_LOG_2PI);
    }
    float sum = step_ref_row_sum(elements, dim);
    free(elements);
    return -0.5f * sum;
}

/* The gradients of row k of the heads, from `n` rows of z in their order, from `first` on; that of
 * row r's density is dlog_p[r * step]. */
static void heads_back(const struct ref_pass *p, size_t k, size_t first, size_t n,
                       const float *dlog_p, size_t step)
{
    size_t dim = p->node->in[0]->size;
    const float *z = p->x[0];
    float *dheads = (float *)p->dx[1] + k * 2 * dim;
    for (size_t j = 0; j < dim; j++) {
        const struct gaussian g = gaussian_of(p, k, j);
        float precision = vcl_host_exp(-g.logvar), dmu = 0, slope = 0;
        for (size_t r = first; r < first + n; r++) {
            float d = z[r * dim + j] - g.mu, from_mu = dlog_p[r * step] * (d * precision);
            dmu += from_mu;
            slope += 0.5f * fmaf(from_mu, d, -dlog_p[r * step]);
        }
        dheads[j] = dmu;
        dheads[dim + j] = g.logvar == g.raw ? slope : 0;
    }
}

/* Rows of z for each of the heads'; of N(0, I) it does not matter. */
static size_t samples(const struct ref_pass *p)
{
    return p->node->n_in > 1 ? ref_repeat(p->node->in[0], p->node->in[1]) : 1;
}

void step_ref_log_normal_forward(const struct ref_pass *p)
{
    float *log_p = p->y[0];
    for (size_t r = 0; r < p->rows; r++)
        log_p[r] = log_density(p, r, r / samples(p));
}

void step_ref_log_normal_backward(const struct ref_pass *p)
{
    size_t dim = p->node->in[0]->size, n = samples(p);
    const float *z = p->x[0], *dlog_p = p->dy[0];
    float *dz = p->dx[0];
    for (size_t i = 0; dz && i < p->rows * dim; i++) {
        const struct gaussian g = gaussian_of(p, i / dim / n, i % dim);
        dz[i] = -dlog_p[i / dim] * ((z[i] - g.mu) * vcl_host_exp(-g.logvar));
    }
    for (size_t k = 0; p->dx[1] && k < p->rows / n; k++)
        heads_back(p, k, k * n, n, dlog_p, 1);
}

void step_ref_log_components_forward(const struct ref_pass *p)
{
    size_t count = p->node->in[1]->fixed;
    float *log_p = p->y[0];
    for (size_t i = 0; i < p->rows * count; i++)
        log_p[i] = log_density(p, i / count, i % count);
}

/* Components are added in their order. */
void step_ref_log_components_backward(const struct ref_pass *p)
{
    size_t dim = p->node->in[0]->size, count = p->node->in[1]->fixed;
    const float *z = p->x[0], *dlog_p = p->dy[0];
    float *dz = p->dx[0];
    for (size_t i = 0; dz && i < p->rows * dim; i++) {
        float sum = 0;
        for (size_t k = 0; k < count; k++) {
            const struct gaussian g = gaussian_of(p, k, i % dim);
            sum += dlog_p[i / dim * count + k] * ((g.mu - z[i]) * vcl_host_exp(-g.logvar));
        }
        dz[i] = sum;
    }
    for (size_t k = 0; p->dx[1] && k < count; k++)
        heads_back(p, k, 0, p->rows, dlog_p + k, count);
}

/* ---- log of a mean ---- */

/* Of each row of the output. */
static size_t terms_of(const struct ref_pass *p)
{
    const struct vcl_node_log_mean_exp *config = p->node->config;
    return config->over_rows ? p->node->in[0]->repeat : p->node->in[0]->size;
}

void step_ref_log_mean_exp_forward(const struct ref_pass *p)
{
    size_t n = terms_of(p);
    float *mean = p->y[0];
    for (size_t r = 0; r < p->rows; r++) {
        const float *w = (const float *)p->x[0] + r * n;
        float *share = (float *)p->y[1] + r * n, most = w[0];
        for (size_t i = 1; i < n; i++)
            most = fmaxf(most, w[i]);
        for (size_t i = 0; i < n; i++)
            share[i] = vcl_host_exp(w[i] - most);
        float sum = step_ref_row_sum(share, n);
        for (size_t i = 0; i < n; i++)
            share[i] = vcl_host_div(share[i], sum);
        mean[r] = most + vcl_host_log(vcl_host_div(sum, (float)n));
    }
}

void step_ref_log_mean_exp_backward(const struct ref_pass *p)
{
    size_t n = terms_of(p);
    const float *dmean = p->dy[0], *share = p->y[1];
    float *dw = p->dx[0];
    for (size_t i = 0; i < p->rows * n; i++)
        dw[i] = dmean[i / n] * share[i];
}

/* ---- arithmetic ---- */

void step_ref_sum_forward(const struct ref_pass *p)
{
    const struct vcl_node_sum *config = p->node->config;
    float *y = p->y[0];
    for (size_t i = 0; i < outputs(p); i++) {
        y[i] = config->factors[0] * ((const float *)p->x[0])[i];
        for (uint32_t k = 1; k < p->node->n_in; k++)
            y[i] = fmaf(config->factors[k], ((const float *)p->x[k])[i], y[i]);
    }
}

void step_ref_sum_backward(const struct ref_pass *p)
{
    const struct vcl_node_sum *config = p->node->config;
    const float *dy = p->dy[0];
    for (uint32_t k = 0; k < p->node->n_in; k++) {
        float *dx = p->dx[k];
        for (size_t i = 0; dx && i < outputs(p); i++)
            dx[i] = config->factors[k] * dy[i];
    }
}

void step_ref_scaled_gradient_forward(const struct ref_pass *p)
{
    memcpy(p->y[0], p->x[0], outputs(p) * sizeof(float));
}

void step_ref_scaled_gradient_backward(const struct ref_pass *p)
{
    const float *dy = p->dy[0], *scale = ref_data(p->ref, p->node->later);
    float *dx = p->dx[0];
    for (size_t i = 0; i < outputs(p); i++)
        dx[i] = scale[i / p->node->out[0]->size] * dy[i];
}

/* ---- columns, each in the order of its keys; of equal keys the first row comes first ---- */

void step_ref_permuted_forward(const struct ref_pass *p)
{
    const float *x = p->x[0];
    float *y = p->y[0], *keys = ref_zeros(p->rows, sizeof *keys);
    size_t size = p->node->out[0]->size;
    for (size_t j = 0; j < size; j++) {
        for (size_t r = 0; r < p->rows; r++)
            keys[r] =
                vcl_host_uniform(p->ref->seed, p->stream, p->ref->step, (uint32_t)r, (uint32_t)j);
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
