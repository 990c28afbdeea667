/* SPDX-License-Identifier: MIT
 *
 * Layers of the reference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "ref/vae_ref_conv.h"

static const double EPS = 1e-5; /* of both normalisations, in float's rounding */

/* ---- dense: weight (in, units), bias ---- */

static bool dense_read(struct vae_ref_node *node, const char *words)
{
    unsigned units;
    if (sscanf(words, "%u", &units) != 1)
        return false;
    node->shape = (struct vcl_shape){1, units, 1};
    node->n_params = (node->in + 1) * units;
    return true;
}

static void dense_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    const double *weight = ref->params + node->at, *bias = weight + node->in * node->units;
    for (size_t r = 0; r < ref->rows; r++) {
        for (size_t j = 0; j < node->units; j++) {
            double sum = bias[j];
            for (size_t k = 0; k < node->in; k++)
                sum += node->x[r * node->in + k] * weight[k * node->units + j];
            node->pre[r * node->units + j] = sum;
        }
    }
}

static void dense_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    const double *weight = ref->params + node->at;
    double *dweight = ref->gradient + node->at, *dbias = dweight + node->in * node->units;
    for (size_t r = 0; r < ref->rows; r++) {
        for (size_t j = 0; j < node->units; j++) {
            double slope = node->dy[r * node->units + j];
            dbias[j] += slope;
            for (size_t k = 0; k < node->in; k++) {
                dweight[k * node->units + j] += slope * node->x[r * node->in + k];
                if (node->dx)
                    node->dx[r * node->in + k] += slope * weight[k * node->units + j];
            }
        }
    }
}

/* ---- pooling ---- */

static bool pool_read(struct vae_ref_node *node, const char *words)
{
    unsigned size, stride;
    if (sscanf(words, " k%u s%u", &size, &stride) != 2)
        return false;
    node->size = size;
    node->stride = stride;
    node->shape.height = (node->in_shape.height - size) / stride + 1;
    node->shape.width = (node->in_shape.width - size) / stride + 1;
    return true;
}

/* Element (row, i, j, c) of images of a shape. */
static size_t at(struct vcl_shape shape, size_t row, size_t i, size_t j, size_t c)
{
    return ((row * shape.height + i) * shape.width + j) * shape.channels + c;
}

/* The largest of output (row, i, j, c)'s window: where in x. */
static size_t largest(const struct vae_ref_node *node, size_t row, size_t i, size_t j, size_t c)
{
    size_t best = at(node->in_shape, row, i * node->stride, j * node->stride, c);
    for (size_t k = 0; k < node->size * node->size; k++) {
        size_t here = at(node->in_shape, row, i * node->stride + k / node->size,
                         j * node->stride + k % node->size, c);
        if (node->x[here] > node->x[best])
            best = here;
    }
    return best;
}

/* Indices of output o of (row, i, j, c). */
struct index {
    size_t row, i, j, c;
};

static struct index split(struct vcl_shape shape, size_t o)
{
    struct index index = {.c = o % shape.channels};
    o /= shape.channels;
    index.j = o % shape.width;
    o /= shape.width;
    index.i = o % shape.height;
    index.row = o / shape.height;
    return index;
}

static void maxpool_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    for (size_t o = 0; o < ref->rows * node->units; o++) {
        struct index n = split(node->shape, o);
        node->pre[o] = node->x[largest(node, n.row, n.i, n.j, n.c)];
    }
}

static void maxpool_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    for (size_t o = 0; node->dx && o < ref->rows * node->units; o++) {
        struct index n = split(node->shape, o);
        node->dx[largest(node, n.row, n.i, n.j, n.c)] += node->dy[o];
    }
}

static void avgpool_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    double count = (double)(node->size * node->size);
    for (size_t o = 0; o < ref->rows * node->units; o++) {
        struct index n = split(node->shape, o);
        node->pre[o] = 0;
        for (size_t k = 0; k < node->size * node->size; k++)
            node->pre[o] += node->x[at(node->in_shape, n.row, n.i * node->stride + k / node->size,
                                       n.j * node->stride + k % node->size, n.c)] /
                            count;
    }
}

static void avgpool_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    double count = (double)(node->size * node->size);
    for (size_t o = 0; node->dx && o < ref->rows * node->units; o++) {
        struct index n = split(node->shape, o);
        for (size_t k = 0; k < node->size * node->size; k++)
            node->dx[at(node->in_shape, n.row, n.i * node->stride + k / node->size,
                        n.j * node->stride + k % node->size, n.c)] += node->dy[o] / count;
    }
}

/* ---- upsample ---- */

static bool upsample_read(struct vae_ref_node *node, const char *words)
{
    unsigned factor;
    if (sscanf(words, "%u", &factor) != 1)
        return false;
    node->size = factor;
    node->shape.height *= factor;
    node->shape.width *= factor;
    return true;
}

static void upsample_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    for (size_t o = 0; o < ref->rows * node->units; o++) {
        struct index n = split(node->shape, o);
        node->pre[o] = node->x[at(node->in_shape, n.row, n.i / node->size, n.j / node->size, n.c)];
    }
}

static void upsample_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    for (size_t o = 0; node->dx && o < ref->rows * node->units; o++) {
        struct index n = split(node->shape, o);
        node->dx[at(node->in_shape, n.row, n.i / node->size, n.j / node->size, n.c)] += node->dy[o];
    }
}

/* ---- normalisation: gamma, beta ---- */

/* x and dy of a group of n values that are normalised together, `step` apart from `first` on; the
 * k-th has gamma[k * own]. */
struct group {
    size_t first, step, n, own;
    const double *gamma, *beta;
    double *dgamma, *dbeta;
};

static void moments(const double *x, const struct group *g, double *ret_mean, double *ret_deviation)
{
    double mean = 0, variance = 0;
    for (size_t k = 0; k < g->n; k++)
        mean += x[g->first + k * g->step] / (double)g->n;
    for (size_t k = 0; k < g->n; k++)
        variance += pow(x[g->first + k * g->step] - mean, 2) / (double)g->n;
    *ret_mean = mean;
    *ret_deviation = sqrt(variance + (double)(float)EPS);
}

static void normalise(const struct vae_ref_node *node, const struct group *g)
{
    double mean, deviation;
    moments(node->x, g, &mean, &deviation);
    for (size_t k = 0; k < g->n; k++) {
        size_t i = g->first + k * g->step;
        node->pre[i] = (node->x[i] - mean) / deviation * g->gamma[k * g->own] + g->beta[k * g->own];
    }
}

/* y_k = gamma_k h_k + beta_k, h = (x - mean) / deviation; d h_k / d x_i =
 * (delta_ki - 1/n - h_k h_i / n) / deviation. */
static void normalise_back(const struct vae_ref_node *node, const struct group *g)
{
    double mean, deviation, sum = 0, dot = 0;
    moments(node->x, g, &mean, &deviation);
    for (size_t k = 0; k < g->n; k++) {
        size_t i = g->first + k * g->step;
        double h = (node->x[i] - mean) / deviation, dh = node->dy[i] * g->gamma[k * g->own];
        g->dgamma[k * g->own] += node->dy[i] * h;
        g->dbeta[k * g->own] += node->dy[i];
        sum += dh / (double)g->n;
        dot += dh * h / (double)g->n;
    }
    for (size_t k = 0; node->dx && k < g->n; k++) {
        size_t i = g->first + k * g->step;
        double h = (node->x[i] - mean) / deviation, dh = node->dy[i] * g->gamma[k * g->own];
        node->dx[i] += (dh - sum - h * dot) / deviation;
    }
}

static struct group group_of(const struct vae_ref *ref, const struct vae_ref_node *node, size_t i)
{
    size_t half = node->n_params / 2;
    struct group g = {.gamma = ref->params + node->at,
                      .beta = ref->params + node->at + half,
                      .dgamma = ref->gradient + node->at,
                      .dbeta = ref->gradient + node->at + half};
    if (node->features) { /* feature i */
        g.first = i;
        g.step = node->features;
        g.n = ref->rows * node->in / node->features;
        g.gamma += i;
        g.beta += i;
        g.dgamma += i;
        g.dbeta += i;
    } else { /* row i */
        g.first = i * node->in;
        g.step = g.own = 1;
        g.n = node->in;
    }
    return g;
}

static bool batchnorm_read(struct vae_ref_node *node, const char *words)
{
    const struct vcl_shape in = node->in_shape;
    node->features = in.height == 1 && in.channels == 1 ? in.width : in.channels;
    node->n_params = 2 * node->features;
    return !*words;
}

static bool layernorm_read(struct vae_ref_node *node, const char *words)
{
    node->n_params = 2 * node->in;
    return !*words;
}

static void norm_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    for (size_t i = 0; i < (node->features ? node->features : ref->rows); i++) {
        const struct group g = group_of(ref, node, i);
        normalise(node, &g);
    }
}

static void norm_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    for (size_t i = 0; i < (node->features ? node->features : ref->rows); i++) {
        const struct group g = group_of(ref, node, i);
        normalise_back(node, &g);
    }
}

/* ---- dropout ---- */

static bool dropout_read(struct vae_ref_node *node, const char *words)
{
    return sscanf(words, "%lf", &node->number) == 1;
}

/* What value (row, col) is multiplied by. */
static double mask(const struct vae_ref *ref, const struct vae_ref_node *node, size_t row,
                   size_t col)
{
    const struct vcl_philox rng = {.stream = node->stream, .step = ref->step};
    double p = (double)(float)node->number;
    double u = (double)vcl_philox_uniform(&rng, (uint32_t)row, (uint32_t)col);
    return u < p ? 0 : 1 / (1 - p);
}

static void dropout_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    for (size_t i = 0; i < ref->rows * node->in; i++)
        node->pre[i] = node->x[i] * mask(ref, node, i / node->in, i % node->in);
}

static void dropout_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    for (size_t i = 0; node->dx && i < ref->rows * node->in; i++)
        node->dx[i] = node->dy[i] * mask(ref, node, i / node->in, i % node->in);
}

/* ---- residual: its inner nodes come before it, what goes past them is added by vae_ref.c ---- */

static bool residual_read(struct vae_ref_node *node, const char *words)
{
    (void)node;
    return !words[strspn(words, " ")];
}

static void residual_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    const double *around = ref->nodes[node->from].x;
    for (size_t i = 0; i < ref->rows * node->units; i++)
        node->pre[i] = around[i] + node->x[i];
}

static void residual_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    memcpy(node->dx, node->dy, ref->rows * node->units * sizeof *node->dx);
}

static const struct vae_ref_layer layers[] = {
    {"dense", dense_read, dense_forward, dense_backward},
    {"conv", vae_ref_conv_read, vae_ref_conv_forward, vae_ref_conv_backward},
    {"conv1d", vae_ref_conv_read, vae_ref_conv_forward, vae_ref_conv_backward},
    {"deconv", vae_ref_conv_read, vae_ref_deconv_forward, vae_ref_deconv_backward},
    {"reshape", vae_ref_reshape_read, vae_ref_reshape_forward, vae_ref_reshape_backward},
    {"maxpool", pool_read, maxpool_forward, maxpool_backward},
    {"avgpool", pool_read, avgpool_forward, avgpool_backward},
    {"upsample", upsample_read, upsample_forward, upsample_backward},
    {"batchnorm", batchnorm_read, norm_forward, norm_backward},
    {"layernorm", layernorm_read, norm_forward, norm_backward},
    {"dropout", dropout_read, dropout_forward, dropout_backward},
    {"residual", residual_read, residual_forward, residual_backward},
};

const struct vae_ref_layer *vae_ref_layer(const char *name)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        if (strcmp(layers[i].name, name) == 0)
            return &layers[i];
    }
    return NULL;
}
