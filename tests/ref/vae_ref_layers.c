/* SPDX-License-Identifier: MIT
 *
 * The reference's kinds of nodes: the table, and most layers. To add one: its forward and backward
 * from the formula, and its row.
 */
#include <math.h>
#include <string.h>

#include "base/philox.h"
#include "ref/node_geometry.h"
#include "ref/vae_ref_rows.h"

/* ---- dense: weight (in, units), bias ---- */

static void dense_forward(const struct ref_pass *p)
{
    const double *x = p->x[0], *weight = p->param[0], *bias = p->param[1];
    size_t in = p->node->in[0]->size, units = p->node->out[0]->size;
    double *y = p->y[0];
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t j = 0; j < units; j++) {
            double sum = bias[j];
            for (size_t k = 0; k < in; k++)
                sum += x[r * in + k] * weight[k * units + j];
            y[r * units + j] = sum;
        }
    }
}

static void dense_backward(const struct ref_pass *p)
{
    const double *x = p->x[0], *weight = p->param[0], *dy = p->dy[0];
    double *dx = p->dx[0], *dweight = p->dparam[0], *dbias = p->dparam[1];
    size_t in = p->node->in[0]->size, units = p->node->out[0]->size;
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t j = 0; j < units; j++) {
            double slope = dy[r * units + j];
            dbias[j] += slope;
            for (size_t k = 0; k < in; k++) {
                dweight[k * units + j] += slope * x[r * in + k];
                if (dx)
                    dx[r * in + k] += slope * weight[k * units + j];
            }
        }
    }
}

/* ---- pooling ---- */

/* Values of the output. */
static size_t outputs(const struct ref_pass *p)
{
    return p->rows * p->node->out[0]->size;
}

/* The largest of output o's window: where in x. */
static size_t largest(const struct ref_windows *w, const double *x, size_t o)
{
    size_t best = ref_seen(w, o, 0);
    for (size_t k = 1; k < w->count; k++) {
        if (x[ref_seen(w, o, k)] > x[best])
            best = ref_seen(w, o, k);
    }
    return best;
}

static void maxpool_forward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const double *x = p->x[0];
    double *y = p->y[0];
    for (size_t o = 0; o < outputs(p); o++)
        y[o] = x[largest(&w, x, o)];
}

static void maxpool_backward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const double *dy = p->dy[0];
    double *dx = p->dx[0];
    for (size_t o = 0; dx && o < outputs(p); o++)
        dx[largest(&w, p->x[0], o)] += dy[o];
}

/* Means of windows, of which upsampling has those of one pixel. */
static void mean_forward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const double *x = p->x[0];
    double *y = p->y[0];
    for (size_t o = 0; o < outputs(p); o++) {
        y[o] = 0;
        for (size_t k = 0; k < w.count; k++)
            y[o] += x[ref_seen(&w, o, k)] / (double)w.count;
    }
}

static void mean_backward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const double *dy = p->dy[0];
    double *dx = p->dx[0];
    for (size_t o = 0; dx && o < outputs(p); o++) {
        for (size_t k = 0; k < w.count; k++)
            dx[ref_seen(&w, o, k)] += dy[o] / (double)w.count;
    }
}

/* ---- normalisation: gamma, beta ---- */

/* A group of n values that are normalised together, `step` apart from `first` on; the k-th has
 * gamma[k * own]. */
struct group {
    size_t first, step, n, own;
    const double *gamma, *beta;
    double *dgamma, *dbeta;
};

static void moments(const double *x, const struct group *g, double eps, double *ret_mean,
                    double *ret_deviation)
{
    double mean = 0, variance = 0;
    for (size_t k = 0; k < g->n; k++)
        mean += x[g->first + k * g->step] / (double)g->n;
    for (size_t k = 0; k < g->n; k++)
        variance += pow(x[g->first + k * g->step] - mean, 2) / (double)g->n;
    *ret_mean = mean;
    *ret_deviation = sqrt(variance + eps);
}

static void normalise(const struct ref_pass *p, const struct group *g, double eps)
{
    const double *x = p->x[0];
    double mean, deviation, *y = p->y[0];
    moments(x, g, eps, &mean, &deviation);
    for (size_t k = 0; k < g->n; k++) {
        size_t i = g->first + k * g->step;
        y[i] = (x[i] - mean) / deviation * g->gamma[k * g->own] + g->beta[k * g->own];
    }
}

/* y_k = gamma_k h_k + beta_k, h = (x - mean) / deviation; d h_k / d x_i =
 * (delta_ki - 1/n - h_k h_i / n) / deviation. */
static void normalise_back(const struct ref_pass *p, const struct group *g, double eps)
{
    const double *x = p->x[0], *dy = p->dy[0];
    double mean, deviation, sum = 0, dot = 0, *dx = p->dx[0];
    moments(x, g, eps, &mean, &deviation);
    for (size_t k = 0; k < g->n; k++) {
        size_t i = g->first + k * g->step;
        double h = (x[i] - mean) / deviation, dh = dy[i] * g->gamma[k * g->own];
        g->dgamma[k * g->own] += dy[i] * h;
        g->dbeta[k * g->own] += dy[i];
        sum += dh / (double)g->n;
        dot += dh * h / (double)g->n;
    }
    for (size_t k = 0; dx && k < g->n; k++) {
        size_t i = g->first + k * g->step;
        double h = (x[i] - mean) / deviation, dh = dy[i] * g->gamma[k * g->own];
        dx[i] += (dh - sum - h * dot) / deviation;
    }
}

/* Of batchnorm feature i; of layernorm row i, each of whose values has its own parameters. */
static void each_group(const struct ref_pass *p,
                       void (*act)(const struct ref_pass *p, const struct group *g, double eps))
{
    bool by_feature = strcmp(p->node->def->name, "batchnorm") == 0;
    size_t size = p->node->in[0]->size, features = by_feature ? ref_features_of(p->node) : size;
    for (size_t i = 0; i < (by_feature ? features : p->rows); i++) {
        size_t at = by_feature ? i : 0;
        struct group g = {.first = i * size, .step = 1, .n = size, .own = 1};
        if (by_feature)
            g = (struct group){.first = i, .step = features, .n = p->rows * size / features};
        g.gamma = (const double *)p->param[0] + at;
        g.beta = (const double *)p->param[1] + at;
        g.dgamma = p->dparam[0] ? (double *)p->dparam[0] + at : NULL;
        g.dbeta = p->dparam[1] ? (double *)p->dparam[1] + at : NULL;
        act(p, &g, (double)(float)ref_option(p->node, "eps"));
    }
}

static void norm_forward(const struct ref_pass *p)
{
    each_group(p, normalise);
}

static void norm_backward(const struct ref_pass *p)
{
    each_group(p, normalise_back);
}

/* ---- dropout ---- */

static void drop(const struct ref_pass *p, const double *from, double *to)
{
    const struct vcl_philox rng = {.seed = p->ref->seed, .stream = p->stream, .step = p->ref->step};
    double probability = (double)(float)ref_option(p->node, "p");
    const struct vcl_value *in = p->node->in[0];
    for (size_t i = 0; to && i < outputs(p); i++) {
        double u = (double)vcl_philox_uniform(&rng, ref_id(p->ref, i / in->size / in->repeat),
                                              ref_noise_column(i, in));
        to[i] = from[i] * (u < probability ? 0 : 1 / (1 - probability));
    }
}

static void dropout_forward(const struct ref_pass *p)
{
    drop(p, p->x[0], p->y[0]);
}

static void dropout_backward(const struct ref_pass *p)
{
    drop(p, p->dy[0], p->dx[0]);
}

/* ---- residual ---- */

static void residual_forward(const struct ref_pass *p)
{
    const double *around = p->x[0], *block = p->x[1];
    double *y = p->y[0];
    for (size_t i = 0; i < outputs(p); i++)
        y[i] = around[i] + block[i];
}

static void residual_backward(const struct ref_pass *p)
{
    for (uint32_t i = 0; i < p->node->n_in; i++) {
        if (p->dx[i])
            memcpy(p->dx[i], p->dy[0], outputs(p) * sizeof(double));
    }
}

const struct ref_kind vae_ref_kinds[] = {
    {"activation", vae_ref_activation_forward, vae_ref_activation_backward},
    {"dense", dense_forward, dense_backward, .n_params = 2},
    {"conv", vae_ref_conv_forward, vae_ref_conv_backward, .n_params = 2},
    {"conv1d", vae_ref_conv_forward, vae_ref_conv_backward, .n_params = 2},
    {"deconv", vae_ref_deconv_forward, vae_ref_deconv_backward, .n_params = 2},
    {"maxpool", maxpool_forward, maxpool_backward},
    {"avgpool", mean_forward, mean_backward},
    {"upsample", mean_forward, mean_backward},
    {"batchnorm", norm_forward, norm_backward, .n_params = 4},
    {"layernorm", norm_forward, norm_backward, .n_params = 2},
    {"dropout", dropout_forward, dropout_backward, .draws = true},
    {"residual", residual_forward, residual_backward},
    {"draw", vae_ref_draw_forward, vae_ref_draw_backward, .loss = vae_ref_draw_loss},
    {"draws", vae_ref_draws_forward, vae_ref_draws_backward},
    {"log normal", vae_ref_log_normal_forward, vae_ref_log_normal_backward},
    {"log components", vae_ref_log_components_forward, vae_ref_log_components_backward},
    {"log mean exp", vae_ref_log_mean_exp_forward, vae_ref_log_mean_exp_backward},
    {"sum", vae_ref_sum_forward, vae_ref_sum_backward},
    {"scaled gradient", vae_ref_scaled_gradient_forward, vae_ref_scaled_gradient_backward},
    {"one-hot", vae_ref_one_hot_forward},
    {"embed", vae_ref_embed_forward, vae_ref_embed_backward, .n_params = 1},
    {"concat", vae_ref_concat_forward, vae_ref_concat_backward},
    {"scaled likelihood", vae_ref_scaled_forward, vae_ref_scaled_backward},
    {"permuted columns", vae_ref_permuted_forward, .draws = true},
    {"parameter", .n_params = 1},
    {"likelihood", vae_ref_likelihood_forward, vae_ref_likelihood_backward},
    {0},
};
