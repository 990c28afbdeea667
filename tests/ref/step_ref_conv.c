/* SPDX-License-Identifier: MIT
 *
 * Convolutional layers of the float reference, in the orders of docs/same-bits.md.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ref/node_geometry.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"

static uint32_t pixels(struct vcl_shape shape)
{
    return shape.height * shape.width;
}

/* All patches of `rows` images, one after the other; the caller frees them. */
static float *patches_of(const struct ref_conv *g, uint32_t rows, const float *images)
{
    uint32_t taps = g->kernel[0] * g->kernel[1], channels = g->image.channels;
    float *patches = ref_zeros((size_t)rows * pixels(g->map) * taps * channels, sizeof *patches);
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

/* ---- the passes; weights, bias ---- */

float step_ref_conv_bound(const struct vcl_node *node)
{
    const struct ref_conv g = ref_conv_of(node);
    return 1.0f / sqrtf((float)(ref_conv_weights(&g) / g.map.channels));
}

static void add_bias(const struct ref_pass *p)
{
    const float *bias = p->param[1];
    float *y = p->y[0];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        y[i] = y[i] + bias[i % p->node->out[0]->shape.channels];
}

static void bias_gradient(const struct ref_pass *p)
{
    const struct vcl_shape shape = p->node->out[0]->shape;
    float *dbias = p->dparam[1];
    for (uint32_t c = 0; c < shape.channels; c++)
        dbias[c] =
            step_ref_column_sum(p->dy[0], (uint32_t)p->rows * pixels(shape), shape.channels, c);
}

void step_ref_conv_forward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    to_map(&g, (uint32_t)p->rows, p->x[0], p->param[0], p->y[0]);
    add_bias(p);
}

void step_ref_conv_backward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    to_weights(&g, (uint32_t)p->rows, p->x[0], p->dy[0], p->dparam[0]);
    bias_gradient(p);
    if (p->dx[0])
        to_image(&g, (uint32_t)p->rows, p->dy[0], p->param[0], p->dx[0]);
}

void step_ref_deconv_forward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    to_image(&g, (uint32_t)p->rows, p->x[0], p->param[0], p->y[0]);
    add_bias(p);
}

void step_ref_deconv_backward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    to_weights(&g, (uint32_t)p->rows, p->dy[0], p->x[0], p->dparam[0]);
    bias_gradient(p);
    if (p->dx[0])
        to_map(&g, (uint32_t)p->rows, p->dy[0], p->param[0], p->dx[0]);
}
