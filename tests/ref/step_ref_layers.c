/* SPDX-License-Identifier: MIT
 *
 * Layers of the float reference.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/host_math.h"
#include "ref/step_ref_conv.h"
#include "ref/step_ref_ops.h"

enum { CHUNK = 256 };
static const float EPS = 1e-5f, MOMENTUM = 0.1f;

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static void add_tensor(struct step_ref_node *node, uint32_t count, float initial, float bound,
                       bool is_state)
{
    node->tensors[node->n_tensors++] = (struct step_ref_tensor){
        .count = count, .initial = initial, .bound = bound, .is_state = is_state};
}

/* ---- dense: weight (in, units), bias ---- */

static bool dense_read(struct step_ref_node *node, const char *words)
{
    unsigned units;
    if (sscanf(words, "%u", &units) != 1)
        return false;
    float bound = 1.0f / sqrtf((float)node->in);
    node->shape = (struct vcl_shape){1, units, 1};
    add_tensor(node, node->in * units, 0, bound, false);
    add_tensor(node, units, 0, bound, false);
    return true;
}

static void dense_forward(struct step_ref *ref, struct step_ref_node *node)
{
    const float *weight = ref->value + node->tensors[0].at,
                *bias = ref->value + node->tensors[1].at;
    const struct step_ref_operand a = {node->x, node->in, 1}, b = {weight, node->units, 1};
    for (uint32_t r = 0; r < ref->rows; r++) {
        for (uint32_t j = 0; j < node->units; j++)
            node->pre[(size_t)r * node->units + j] =
                step_ref_product(a, b, r, j, node->in) + bias[j];
    }
}

static void dense_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    float *dweight = ref->gradient + node->tensors[0].at;
    float *dbias = ref->gradient + node->tensors[1].at;
    const struct step_ref_operand dy = {node->dy, node->units, 1};
    const struct step_ref_operand x_t = {node->x, 1, node->in};
    const struct step_ref_operand w_t = {ref->value + node->tensors[0].at, 1, node->units};
    for (uint32_t j = 0; j < node->units; j++) {
        dbias[j] = step_ref_column_sum(node->dy, ref->rows, node->units, j);
        for (uint32_t k = 0; k < node->in; k++)
            dweight[k * node->units + j] = step_ref_product(x_t, dy, k, j, ref->rows);
    }
    for (uint32_t r = 0; node->dx && r < ref->rows; r++) {
        for (uint32_t k = 0; k < node->in; k++)
            node->dx[(size_t)r * node->in + k] = step_ref_product(dy, w_t, r, k, node->units);
    }
}

/* ---- pools: what comes to an input pixel is added in the order of the outputs that saw it ---- */

static bool pool_read(struct step_ref_node *node, const char *words)
{
    unsigned size, stride;
    int found = sscanf(words, " k%u s%u", &size, &stride);
    node->size = size;
    node->stride = found == 2 ? stride : size;
    node->shape.height = (node->in_shape.height - size) / node->stride + 1;
    node->shape.width = (node->in_shape.width - size) / node->stride + 1;
    return found > 0;
}

static bool upsample_read(struct step_ref_node *node, const char *words)
{
    unsigned factor;
    if (sscanf(words, "%u", &factor) != 1)
        return false;
    node->size = factor;
    node->shape.height *= factor;
    node->shape.width *= factor;
    return true;
}

/* Where pixel (i, j)'s channel c lies in the images of a shape. */
static size_t at(struct vcl_shape shape, size_t row, size_t i, size_t j, size_t c)
{
    return ((row * shape.height + i) * shape.width + j) * shape.channels + c;
}

struct index {
    size_t row, i, j, c;
};

static struct index split(struct vcl_shape shape, size_t o)
{
    size_t pixel = o / shape.channels;
    return (struct index){pixel / ((size_t)shape.height * shape.width),
                          pixel / shape.width % shape.height, pixel % shape.width,
                          o % shape.channels};
}

/* Where the k-th of output n's window lies in x. */
static size_t seen(const struct step_ref_node *node, struct index n, size_t k)
{
    return at(node->in_shape, n.row, n.i * node->stride + k / node->size,
              n.j * node->stride + k % node->size, n.c);
}

static size_t largest(const struct step_ref_node *node, struct index n)
{
    size_t best = seen(node, n, 0);
    for (size_t k = 1; k < (size_t)node->size * node->size; k++) {
        if (node->x[seen(node, n, k)] > node->x[best])
            best = seen(node, n, k);
    }
    return best;
}

static void maxpool_forward(struct step_ref *ref, struct step_ref_node *node)
{
    for (size_t o = 0; o < (size_t)ref->rows * node->units; o++)
        node->pre[o] = node->x[largest(node, split(node->shape, o))];
}

static void clear(const struct step_ref *ref, const struct step_ref_node *node)
{
    if (node->dx)
        memset(node->dx, 0, (size_t)ref->rows * node->in * sizeof *node->dx);
}

static void maxpool_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    clear(ref, node);
    for (size_t o = 0; node->dx && o < (size_t)ref->rows * node->units; o++)
        node->dx[largest(node, split(node->shape, o))] += node->dy[o];
}

static void avgpool_forward(struct step_ref *ref, struct step_ref_node *node)
{
    size_t count = (size_t)node->size * node->size;
    for (size_t o = 0; o < (size_t)ref->rows * node->units; o++) {
        float sum = 0;
        for (size_t k = 0; k < count; k++)
            sum += node->x[seen(node, split(node->shape, o), k)];
        node->pre[o] = sum * (1.0f / (float)count);
    }
}

static void avgpool_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    size_t count = (size_t)node->size * node->size;
    clear(ref, node);
    for (size_t o = 0; node->dx && o < (size_t)ref->rows * node->units; o++) {
        for (size_t k = 0; k < count; k++)
            node->dx[seen(node, split(node->shape, o), k)] += node->dy[o];
    }
    for (size_t i = 0; node->dx && i < (size_t)ref->rows * node->in; i++)
        node->dx[i] *= 1.0f / (float)count;
}

static size_t source(const struct step_ref_node *node, struct index n)
{
    return at(node->in_shape, n.row, n.i / node->size, n.j / node->size, n.c);
}

static void upsample_forward(struct step_ref *ref, struct step_ref_node *node)
{
    for (size_t o = 0; o < (size_t)ref->rows * node->units; o++)
        node->pre[o] = node->x[source(node, split(node->shape, o))];
}

static void upsample_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    clear(ref, node);
    for (size_t o = 0; node->dx && o < (size_t)ref->rows * node->units; o++)
        node->dx[source(node, split(node->shape, o))] += node->dy[o];
}

/* ---- batchnorm: gamma, beta, running mean and variance ---- */

static bool batchnorm_read(struct step_ref_node *node, const char *words)
{
    const struct vcl_shape in = node->in_shape;
    node->features = in.height == 1 && in.channels == 1 ? in.width : in.channels;
    for (int i = 0; i < 4; i++)
        add_tensor(node, node->features, i == 0 || i == 3 ? 1 : 0, 0, i >= 2);
    return !*words;
}

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

static float inverse(float variance)
{
    return vcl_host_div(1, vcl_host_sqrt(variance + EPS));
}

static void approach(float *average, float value)
{
    *average = fmaf(MOMENTUM, value - *average, *average);
}

static void batchnorm_forward(struct step_ref *ref, struct step_ref_node *node)
{
    const float *gamma = ref->value + node->tensors[0].at, *beta = ref->value + node->tensors[1].at;
    uint32_t features = node->features, n = ref->rows * (node->in / features);
    for (uint32_t j = 0; j < features; j++) {
        float squares, mean = moments(node->x + j, n, features, &squares);
        float scale = gamma[j] * inverse(vcl_host_div(squares, (float)n));
        approach(&ref->kept[node->tensors[2].at + j], mean);
        approach(&ref->kept[node->tensors[3].at + j], vcl_host_div(squares, (float)(n - 1)));
        for (size_t i = j; i < (size_t)n * features; i += features)
            node->pre[i] = fmaf(node->x[i] - mean, scale, beta[j]);
    }
}

static void batchnorm_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    uint32_t features = node->features, n = ref->rows * (node->in / features);
    for (uint32_t j = 0; j < features; j++) {
        float squares, mean = moments(node->x + j, n, features, &squares), dot = 0;
        float scale = inverse(vcl_host_div(squares, (float)n));
        float sum = step_ref_column_sum(node->dy, n, features, j);
        for (uint32_t first = 0; first < n; first += CHUNK) {
            float part = 0;
            for (uint32_t r = first; r < least(first + CHUNK, n); r++) {
                size_t i = (size_t)r * features + j;
                part = fmaf(node->dy[i], (node->x[i] - mean) * scale, part);
            }
            dot = first ? dot + part : part;
        }
        ref->gradient[node->tensors[0].at + j] = dot;
        ref->gradient[node->tensors[1].at + j] = sum;
        float mean_dy = vcl_host_div(sum, (float)n), mean_dot = vcl_host_div(dot, (float)n);
        float gamma = ref->value[node->tensors[0].at + j];
        for (size_t i = j; node->dx && i < (size_t)n * features; i += features) {
            float normal = (node->x[i] - mean) * scale;
            node->dx[i] = fmaf(-normal, mean_dot, node->dy[i] - mean_dy) * (gamma * scale);
        }
    }
}

/* ---- layernorm: gamma, beta ---- */

static bool layernorm_read(struct step_ref_node *node, const char *words)
{
    add_tensor(node, node->in, 1, 0, false);
    add_tensor(node, node->in, 0, 0, false);
    return !*words;
}

/* normal (n) = the row with mean 0 and variance 1; returns 1 / deviation. */
static float normalise(const float *x, uint32_t n, float *normal)
{
    float mean = vcl_host_div(step_ref_row_sum(x, n), (float)n);
    for (uint32_t j = 0; j < n; j++)
        normal[j] = x[j] - mean;
    float scale = inverse(vcl_host_div(step_ref_row_sum_of_squares(normal, n), (float)n));
    for (uint32_t j = 0; j < n; j++)
        normal[j] *= scale;
    return scale;
}

static void layernorm_forward(struct step_ref *ref, struct step_ref_node *node)
{
    const float *gamma = ref->value + node->tensors[0].at, *beta = ref->value + node->tensors[1].at;
    for (uint32_t r = 0; r < ref->rows; r++) {
        float *pre = node->pre + (size_t)r * node->in;
        normalise(node->x + (size_t)r * node->in, node->in, pre);
        for (uint32_t j = 0; j < node->in; j++)
            pre[j] = fmaf(pre[j], gamma[j], beta[j]);
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

static void layernorm_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    const float *gamma = ref->value + node->tensors[0].at;
    float *dgamma = ref->gradient + node->tensors[0].at;
    float *dbeta = ref->gradient + node->tensors[1].at;
    uint32_t n = node->in;
    float *normal = malloc((size_t)ref->rows * n * sizeof *normal), *g = malloc(n * sizeof *g);
    if (!normal || !g)
        abort();
    for (uint32_t r = 0; r < ref->rows; r++) {
        const float *dy = node->dy + (size_t)r * n;
        float *h = normal + (size_t)r * n;
        float scale = normalise(node->x + (size_t)r * n, n, h);
        for (uint32_t j = 0; j < n; j++)
            g[j] = dy[j] * gamma[j];
        float mean = vcl_host_div(step_ref_row_sum(g, n), (float)n);
        float mean_dot = vcl_host_div(dot_lanes(g, h, n), (float)n);
        for (uint32_t j = 0; node->dx && j < n; j++)
            node->dx[(size_t)r * n + j] = fmaf(-h[j], mean_dot, g[j] - mean) * scale;
    }
    const struct step_ref_operand dy_t = {node->dy, 1, n}, h = {normal, n, 1};
    for (uint32_t j = 0; j < n; j++) {
        dbeta[j] = step_ref_column_sum(node->dy, ref->rows, n, j);
        dgamma[j] = step_ref_product(dy_t, h, j, j, ref->rows);
    }
    free(normal);
    free(g);
}

/* ---- dropout ---- */

static bool dropout_read(struct step_ref_node *node, const char *words)
{
    return sscanf(words, "%f", &node->number) == 1;
}

static void drop(const struct step_ref *ref, const struct step_ref_node *node, const float *from,
                 float *to)
{
    float scale = 1.0f / (1.0f - node->number);
    for (uint32_t r = 0; to && r < ref->rows; r++) {
        for (uint32_t j = 0; j < node->in; j++) {
            size_t i = (size_t)r * node->in + j;
            float u = vcl_host_uniform(ref->config->seed, node->stream, ref->step, ref->ids[r], j);
            to[i] = u < node->number ? 0 : from[i] * scale;
        }
    }
}

static void dropout_forward(struct step_ref *ref, struct step_ref_node *node)
{
    drop(ref, node, node->x, node->pre);
}

static void dropout_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    drop(ref, node, node->dy, node->dx);
}

/* ---- residual: its inner nodes come before it, what goes past them is added by step_ref.c ---- */

static bool residual_read(struct step_ref_node *node, const char *words)
{
    (void)node;
    return !words[strspn(words, " ")];
}

static void residual_forward(struct step_ref *ref, struct step_ref_node *node)
{
    const float *around = ref->nodes[node->from].x;
    for (size_t i = 0; i < (size_t)ref->rows * node->units; i++)
        node->pre[i] = around[i] + node->x[i];
}

static void residual_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    memcpy(node->dx, node->dy, (size_t)ref->rows * node->units * sizeof *node->dx);
}

static const struct step_ref_layer layers[] = {
    {"dense", dense_read, dense_forward, dense_backward},
    {"conv", step_ref_conv_read, step_ref_conv_forward, step_ref_conv_backward},
    {"conv1d", step_ref_conv_read, step_ref_conv_forward, step_ref_conv_backward},
    {"deconv", step_ref_conv_read, step_ref_deconv_forward, step_ref_deconv_backward},
    {"reshape", step_ref_reshape_read, step_ref_reshape_forward, step_ref_reshape_backward},
    {"maxpool", pool_read, maxpool_forward, maxpool_backward},
    {"avgpool", pool_read, avgpool_forward, avgpool_backward},
    {"upsample", upsample_read, upsample_forward, upsample_backward},
    {"batchnorm", batchnorm_read, batchnorm_forward, batchnorm_backward},
    {"layernorm", layernorm_read, layernorm_forward, layernorm_backward},
    {"dropout", dropout_read, dropout_forward, dropout_backward},
    {"residual", residual_read, residual_forward, residual_backward},
};

const struct step_ref_layer *step_ref_layer(const char *name)
{
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        if (strcmp(layers[i].name, name) == 0)
            return &layers[i];
    }
    return NULL;
}
