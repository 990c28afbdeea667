/* SPDX-License-Identifier: MIT
 *
 * The float reference's kinds of nodes: the table, and most layers. To add one: its forward and
 * backward, with sums in their orders, and its row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check/host_math.h"
#include "ref/node_geometry.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"

enum { CHUNK = STEP_REF_CHUNK };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* ---- dense: weight (in, units), bias ---- */

static float dense_bound(const struct vcl_node *node)
{
    return 1.0f / sqrtf((float)node->in[0]->size);
}

static void dense_forward(const struct ref_pass *p)
{
    uint32_t in = (uint32_t)p->node->in[0]->size, units = (uint32_t)p->node->out[0]->size;
    const float *bias = p->param[1];
    const struct step_ref_operand a = {p->x[0], in, 1}, b = {p->param[0], units, 1};
    float *y = p->y[0];
    for (uint32_t r = 0; r < p->rows; r++) {
        for (uint32_t j = 0; j < units; j++)
            y[(size_t)r * units + j] = step_ref_product(a, b, r, j, in) + bias[j];
    }
}

static void dense_backward(const struct ref_pass *p)
{
    uint32_t in = (uint32_t)p->node->in[0]->size, units = (uint32_t)p->node->out[0]->size;
    float *dx = p->dx[0], *dweight = p->dparam[0], *dbias = p->dparam[1];
    const struct step_ref_operand dy = {p->dy[0], units, 1}, x_t = {p->x[0], 1, in};
    const struct step_ref_operand w_t = {p->param[0], 1, units};
    for (uint32_t j = 0; j < units; j++) {
        dbias[j] = step_ref_column_sum(p->dy[0], (uint32_t)p->rows, units, j);
        for (uint32_t k = 0; k < in; k++)
            dweight[k * units + j] = step_ref_product(x_t, dy, k, j, (uint32_t)p->rows);
    }
    for (uint32_t r = 0; dx && r < p->rows; r++) {
        for (uint32_t k = 0; k < in; k++)
            dx[(size_t)r * in + k] = step_ref_product(dy, w_t, r, k, units);
    }
}

/* ---- pools: what comes to an input pixel is added in the order of the outputs that saw it ---- */

/* Values of the output. */
static size_t outputs(const struct ref_pass *p)
{
    return p->rows * p->node->out[0]->size;
}

static size_t largest(const struct ref_windows *w, const float *x, size_t o)
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
    const float *x = p->x[0];
    float *y = p->y[0];
    for (size_t o = 0; o < outputs(p); o++)
        y[o] = x[largest(&w, x, o)];
}

static void maxpool_backward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const float *dy = p->dy[0];
    float *dx = p->dx[0];
    for (size_t o = 0; dx && o < outputs(p); o++)
        dx[largest(&w, p->x[0], o)] += dy[o];
}

static void avgpool_forward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const float *x = p->x[0];
    float *y = p->y[0];
    for (size_t o = 0; o < outputs(p); o++) {
        float sum = 0;
        for (size_t k = 0; k < w.count; k++)
            sum += x[ref_seen(&w, o, k)];
        y[o] = sum * (1.0f / (float)w.count);
    }
}

/* Of upsampling, too, whose windows are one pixel. */
static void avgpool_backward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const float *dy = p->dy[0];
    float *dx = p->dx[0];
    for (size_t o = 0; dx && o < outputs(p); o++) {
        for (size_t k = 0; k < w.count; k++)
            dx[ref_seen(&w, o, k)] += dy[o];
    }
    for (size_t i = 0; dx && i < p->rows * p->node->in[0]->size; i++)
        dx[i] *= 1.0f / (float)w.count;
}

static void upsample_forward(const struct ref_pass *p)
{
    const struct ref_windows w = ref_windows_of(p->node);
    const float *x = p->x[0];
    float *y = p->y[0];
    for (size_t o = 0; o < outputs(p); o++)
        y[o] = x[ref_seen(&w, o, 0)];
}

/* ---- batchnorm: gamma, beta, running mean and variance ---- */

/* A feature's moments over n rows, `features` apart; *ret_squares is the sum around the mean. */
static float moments(const float *x, uint32_t n, uint32_t features, float *ret_squares)
{
    float mean = vcl_host_div(step_ref_column_sum(x, n, features, 0), (float)n), squares = 0;
    for (uint32_t first = 0; first < n; first += CHUNK) {
        uint32_t count = least(CHUNK, n - first);
        float sum = 0, within = 0;
        for (uint32_t i = first; i < first + count; i++)
            sum += x[(size_t)i * features];
        float own = vcl_host_div(sum, (float)count), away = own - mean;
        for (uint32_t i = first; i < first + count; i++) {
            float d = x[(size_t)i * features] - own;
            within = fmaf(d, d, within);
        }
        squares += fmaf((float)count * away, away, within);
    }
    *ret_squares = squares;
    return mean;
}

static float inverse(const struct ref_pass *p, float variance)
{
    return vcl_host_div(1, vcl_host_sqrt(variance + (float)ref_option(p->node, "eps")));
}

static void approach(const struct ref_pass *p, float *average, float value)
{
    *average = fmaf((float)ref_option(p->node, "momentum"), value - *average, *average);
}

static void batchnorm_forward(const struct ref_pass *p)
{
    const float *x = p->x[0], *gamma = p->param[0], *beta = p->param[1];
    float *y = p->y[0], *running_mean = p->param[2], *running_variance = p->param[3];
    uint32_t features = ref_features_of(p->node);
    uint32_t n = (uint32_t)outputs(p) / features;
    for (uint32_t j = 0; j < features; j++) {
        float squares, mean = moments(x + j, n, features, &squares);
        float scale = gamma[j] * inverse(p, vcl_host_div(squares, (float)n));
        approach(p, &running_mean[j], mean);
        approach(p, &running_variance[j], vcl_host_div(squares, (float)(n - 1)));
        for (size_t i = j; i < (size_t)n * features; i += features)
            y[i] = fmaf(x[i] - mean, scale, beta[j]);
    }
}

static void batchnorm_backward(const struct ref_pass *p)
{
    const float *x = p->x[0], *dy = p->dy[0], *gamma = p->param[0];
    float *dx = p->dx[0], *dgamma = p->dparam[0], *dbeta = p->dparam[1];
    uint32_t features = ref_features_of(p->node);
    uint32_t n = (uint32_t)outputs(p) / features;
    for (uint32_t j = 0; j < features; j++) {
        float squares, mean = moments(x + j, n, features, &squares), dot = 0;
        float scale = inverse(p, vcl_host_div(squares, (float)n));
        float sum = step_ref_column_sum(dy, n, features, j);
        for (uint32_t first = 0; first < n; first += CHUNK) {
            float part = 0;
            for (uint32_t r = first; r < least(first + CHUNK, n); r++) {
                size_t i = (size_t)r * features + j;
                part = fmaf(dy[i], (x[i] - mean) * scale, part);
            }
            dot = first ? dot + part : part;
        }
        dgamma[j] = dot;
        dbeta[j] = sum;
        float mean_dy = vcl_host_div(sum, (float)n), mean_dot = vcl_host_div(dot, (float)n);
        for (size_t i = j; dx && i < (size_t)n * features; i += features) {
            float normal = (x[i] - mean) * scale;
            dx[i] = fmaf(-normal, mean_dot, dy[i] - mean_dy) * (gamma[j] * scale);
        }
    }
}

/* ---- layernorm: gamma, beta ---- */

/* normal (n) = the row with mean 0 and variance 1; returns 1 / deviation. */
static float normalise(const struct ref_pass *p, const float *x, uint32_t n, float *normal)
{
    float mean = vcl_host_div(step_ref_row_sum(x, n), (float)n);
    for (uint32_t j = 0; j < n; j++)
        normal[j] = x[j] - mean;
    float scale = inverse(p, vcl_host_div(step_ref_row_sum_of_squares(normal, n), (float)n));
    for (uint32_t j = 0; j < n; j++)
        normal[j] *= scale;
    return scale;
}

static void layernorm_forward(const struct ref_pass *p)
{
    const float *x = p->x[0], *gamma = p->param[0], *beta = p->param[1];
    uint32_t n = (uint32_t)p->node->in[0]->size;
    for (size_t r = 0; r < p->rows; r++) {
        float *y = (float *)p->y[0] + r * n;
        normalise(p, x + r * n, n, y);
        for (uint32_t j = 0; j < n; j++)
            y[j] = fmaf(y[j], gamma[j], beta[j]);
    }
}

/* Sums of fma on 16 lanes. */
static float dot_lanes(const float *a, const float *b, uint32_t n)
{
    float lanes[16] = {0};
    for (uint32_t j = 0; j < n; j++)
        lanes[j % 16] = fmaf(a[j], b[j], lanes[j % 16]);
    return step_ref_row_sum(lanes, 16);
}

static void layernorm_backward(const struct ref_pass *p)
{
    const float *x = p->x[0], *gamma = p->param[0];
    float *dx = p->dx[0], *dgamma = p->dparam[0], *dbeta = p->dparam[1];
    uint32_t n = (uint32_t)p->node->in[0]->size, rows = (uint32_t)p->rows;
    float *normal = ref_zeros((size_t)rows * n, sizeof *normal), *g = ref_zeros(n, sizeof *g);
    for (size_t r = 0; r < rows; r++) {
        const float *dy = (const float *)p->dy[0] + r * n;
        float *h = normal + r * n, scale = normalise(p, x + r * n, n, h);
        for (uint32_t j = 0; j < n; j++)
            g[j] = dy[j] * gamma[j];
        float mean = vcl_host_div(step_ref_row_sum(g, n), (float)n);
        float mean_dot = vcl_host_div(dot_lanes(g, h, n), (float)n);
        for (uint32_t j = 0; dx && j < n; j++)
            dx[r * n + j] = fmaf(-h[j], mean_dot, g[j] - mean) * scale;
    }
    const struct step_ref_operand dy_t = {p->dy[0], 1, n}, h = {normal, n, 1};
    for (uint32_t j = 0; j < n; j++) {
        dbeta[j] = step_ref_column_sum(p->dy[0], rows, n, j);
        dgamma[j] = step_ref_product(dy_t, h, j, j, rows);
    }
    free(normal);
    free(g);
}

/* ---- dropout ---- */

static void drop(const struct ref_pass *p, const float *from, float *to)
{
    const struct ref_graph *ref = p->ref;
    float probability = (float)ref_option(p->node, "p"), scale = 1.0f / (1.0f - probability);
    const struct vcl_value *in = p->node->in[0];
    for (size_t i = 0; to && i < outputs(p); i++) {
        float u = vcl_host_uniform(ref->seed, p->stream, ref->step,
                                   ref_id(ref, i / in->size / in->repeat), ref_noise_column(i, in));
        to[i] = u < probability ? 0 : from[i] * scale;
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
    const float *around = p->x[0], *block = p->x[1];
    float *y = p->y[0];
    for (size_t i = 0; i < outputs(p); i++)
        y[i] = around[i] + block[i];
}

static void residual_backward(const struct ref_pass *p)
{
    for (uint32_t i = 0; i < p->node->n_in; i++) {
        if (p->dx[i])
            memcpy(p->dx[i], p->dy[0], outputs(p) * sizeof(float));
    }
}

/* ---- a parameter that is a value: who makes it says how it begins ---- */

static float parameter_bound(const struct vcl_node *node)
{
    return vcl_node_param(node, 0)->bound;
}

const struct ref_kind step_ref_kinds[] = {
    {"activation", step_ref_activation_forward, step_ref_activation_backward},
    {"dense", dense_forward, dense_backward, .n_params = 2, .bound = dense_bound},
    {"conv", step_ref_conv_forward, step_ref_conv_backward, .n_params = 2,
     .bound = step_ref_conv_bound},
    {"conv1d", step_ref_conv_forward, step_ref_conv_backward, .n_params = 2,
     .bound = step_ref_conv_bound},
    {"deconv", step_ref_deconv_forward, step_ref_deconv_backward, .n_params = 2,
     .bound = step_ref_conv_bound},
    {"maxpool", maxpool_forward, maxpool_backward},
    {"avgpool", avgpool_forward, avgpool_backward},
    {"upsample", upsample_forward, avgpool_backward},
    {"batchnorm", batchnorm_forward, batchnorm_backward, .n_params = 4, .initial = {1, 0, 0, 1}},
    {"layernorm", layernorm_forward, layernorm_backward, .n_params = 2, .initial = {1, 0}},
    {"dropout", dropout_forward, dropout_backward, .draws = true},
    {"residual", residual_forward, residual_backward},
    {"draw", step_ref_draw_forward, step_ref_draw_backward},
    {"draws", step_ref_draws_forward, step_ref_draws_backward},
    {"log normal", step_ref_log_normal_forward, step_ref_log_normal_backward},
    {"log components", step_ref_log_components_forward, step_ref_log_components_backward},
    {"log mean exp", step_ref_log_mean_exp_forward, step_ref_log_mean_exp_backward},
    {"sum", step_ref_sum_forward, step_ref_sum_backward},
    {"scaled gradient", step_ref_scaled_gradient_forward, step_ref_scaled_gradient_backward},
    {"one-hot", step_ref_one_hot_forward},
    {"embed", step_ref_embed_forward, step_ref_embed_backward, .n_params = 1,
     .bound = step_ref_embed_bound},
    {"concat", step_ref_concat_forward, step_ref_concat_backward},
    {"scaled likelihood", step_ref_scaled_forward, step_ref_scaled_backward},
    {"permuted columns", step_ref_permuted_forward, .draws = true},
    {"parameter", .n_params = 1, .bound = parameter_bound},
    {"likelihood", step_ref_likelihood_forward, step_ref_likelihood_backward},
    {0},
};
