/* SPDX-License-Identifier: MIT
 *
 * Convolutional layers of the float reference, in the orders of docs/same-bits.md.
 */
#include "ref/step_ref_conv.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref/step_ref_ops.h"

bool step_ref_conv_read(struct step_ref_node *node, const char *words)
{
    if (!ref_conv_read(node->layer->name, words, node->in_shape, &node->conv, &node->shape))
        return false;
    uint32_t weights = ref_conv_weights(&node->conv);
    float bound = 1.0f / sqrtf((float)(weights / node->conv.map.channels));
    node->tensors[node->n_tensors++] = (struct step_ref_tensor){.count = weights, .bound = bound};
    node->tensors[node->n_tensors++] =
        (struct step_ref_tensor){.count = node->shape.channels, .bound = bound};
    return true;
}

static uint32_t pixels(struct vcl_shape shape)
{
    return shape.height * shape.width;
}

/* All patches of `rows` images, one after the other; the caller frees them. */
static float *patches_of(const struct ref_conv *g, uint32_t rows, const float *images)
{
    uint32_t taps = g->kernel[0] * g->kernel[1], channels = g->image.channels;
    float *patches = calloc((size_t)rows * pixels(g->map) * taps * channels, sizeof *patches);
    if (!patches)
        abort();
    for (uint32_t at = 0; at < rows * pixels(g->map); at++) {
        uint32_t place = at % pixels(g->map);
        const float *image = images + (size_t)(at / pixels(g->map)) * pixels(g->image) * channels;
        for (uint32_t tap = 0; tap < taps; tap++) {
            uint32_t pixel;
            if (ref_conv_sees(g, place / g->map.width, place % g->map.width, tap / g->kernel[1],
                              tap % g->kernel[1], &pixel))
                memcpy(patches + ((size_t)at * taps + tap) * channels, image + pixel * channels,
                       channels * sizeof *patches);
        }
    }
    return patches;
}

static void to_map(const struct ref_conv *g, uint32_t rows, const float *images,
                   const float *weights, float *maps)
{
    uint32_t features = g->map.channels, patch = ref_conv_weights(g) / features;
    float *patches = patches_of(g, rows, images);
    const struct step_ref_operand a = {patches, patch, 1}, b = {weights, features, 1};
    for (uint32_t at = 0; at < rows * pixels(g->map); at++) {
        for (uint32_t f = 0; f < features; f++)
            maps[(size_t)at * features + f] = step_ref_product(a, b, at, f, patch);
    }
    free(patches);
}

static void to_weights(const struct ref_conv *g, uint32_t rows, const float *images,
                       const float *maps, float *weights)
{
    uint32_t features = g->map.channels, patch = ref_conv_weights(g) / features;
    float *patches = patches_of(g, rows, images);
    const struct step_ref_operand a = {patches, 1, patch}, b = {maps, features, 1};
    for (uint32_t p = 0; p < patch; p++) {
        for (uint32_t f = 0; f < features; f++)
            weights[p * features + f] = step_ref_product(a, b, p, f, rows * pixels(g->map));
    }
    free(patches);
}

/* What comes to a pixel of one example, for one channel: taps ascending, each by whom it is seen.
 */
static float to_pixel(const struct ref_conv *g, const float *map, const float *weights,
                      uint32_t pixel, uint32_t channel)
{
    uint32_t features = g->map.channels;
    float total = 0;
    for (uint32_t tap = 0; tap < g->kernel[0] * g->kernel[1]; tap++) {
        const float *w = weights + ((size_t)tap * g->image.channels + channel) * features;
        for (uint32_t at = 0; at < pixels(g->map); at++) {
            uint32_t seen;
            if (!ref_conv_sees(g, at / g->map.width, at % g->map.width, tap / g->kernel[1],
                               tap % g->kernel[1], &seen) ||
                seen != pixel)
                continue;
            for (uint32_t first = 0; first < features; first += 256) {
                float sum = 0;
                for (uint32_t f = first; f < features && f < first + 256; f++)
                    sum = fmaf(map[(size_t)at * features + f], w[f], sum);
                total += sum;
            }
        }
    }
    return total;
}

static void to_image(const struct ref_conv *g, uint32_t rows, const float *maps,
                     const float *weights, float *images)
{
    uint32_t channels = g->image.channels;
    for (uint32_t r = 0; r < rows; r++) {
        const float *map = maps + (size_t)r * pixels(g->map) * g->map.channels;
        for (uint32_t i = 0; i < pixels(g->image) * channels; i++)
            *images++ = to_pixel(g, map, weights, i / channels, i % channels);
    }
}

static void add_bias(struct step_ref *ref, struct step_ref_node *node)
{
    const float *bias = ref->value + node->tensors[1].at;
    for (size_t i = 0; i < (size_t)ref->rows * node->units; i++)
        node->pre[i] = node->pre[i] + bias[i % node->shape.channels];
}

static void bias_gradient(struct step_ref *ref, const struct step_ref_node *node)
{
    for (uint32_t c = 0; c < node->shape.channels; c++)
        ref->gradient[node->tensors[1].at + c] =
            step_ref_column_sum(node->dy, ref->rows * pixels(node->shape), node->shape.channels, c);
}

void step_ref_conv_forward(struct step_ref *ref, struct step_ref_node *node)
{
    to_map(&node->conv, ref->rows, node->x, ref->value + node->tensors[0].at, node->pre);
    add_bias(ref, node);
}

void step_ref_conv_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    to_weights(&node->conv, ref->rows, node->x, node->dy, ref->gradient + node->tensors[0].at);
    bias_gradient(ref, node);
    if (node->dx)
        to_image(&node->conv, ref->rows, node->dy, ref->value + node->tensors[0].at, node->dx);
}

void step_ref_deconv_forward(struct step_ref *ref, struct step_ref_node *node)
{
    to_image(&node->conv, ref->rows, node->x, ref->value + node->tensors[0].at, node->pre);
    add_bias(ref, node);
}

void step_ref_deconv_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    to_weights(&node->conv, ref->rows, node->dy, node->x, ref->gradient + node->tensors[0].at);
    bias_gradient(ref, node);
    if (node->dx)
        to_map(&node->conv, ref->rows, node->dy, ref->value + node->tensors[0].at, node->dx);
}

bool step_ref_reshape_read(struct step_ref_node *node, const char *words)
{
    struct vcl_shape *to = &node->shape;
    return sscanf(words, "%u %u %u", &to->height, &to->width, &to->channels) == 3;
}

void step_ref_reshape_forward(struct step_ref *ref, struct step_ref_node *node)
{
    memcpy(node->pre, node->x, (size_t)ref->rows * node->units * sizeof *node->pre);
}

void step_ref_reshape_backward(struct step_ref *ref, const struct step_ref_node *node)
{
    if (node->dx)
        memcpy(node->dx, node->dy, (size_t)ref->rows * node->units * sizeof *node->dx);
}
