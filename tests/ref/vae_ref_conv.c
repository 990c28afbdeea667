/* SPDX-License-Identifier: MIT
 *
 * Convolutional layers of the reference: one sum over all that meets, read three ways.
 */
#include "ref/vae_ref_conv.h"

#include <stdio.h>
#include <string.h>

bool vae_ref_conv_read(struct vae_ref_node *node, const char *words)
{
    if (!ref_conv_read(node->layer->name, words, node->in_shape, &node->conv, &node->shape))
        return false;
    node->n_params = ref_conv_weights(&node->conv) + node->shape.channels;
    return true;
}

/* One of the three is added to: the product of the others for each pair of a map's value and a
 * value under its kernel. */
enum target { IMAGE, MAP, WEIGHT };
struct meeting {
    enum target target;
    const double *image, *map, *weight;
    double *to;
};

/* All features at one place of the map, all channels of the pixel under one tap. */
static void meet(const struct meeting *m, size_t channels, size_t features, size_t image,
                 size_t map, size_t weight)
{
    for (size_t c = 0; c < channels; c++) {
        for (size_t f = 0; f < features; f++) {
            size_t w = weight + c * features + f;
            if (m->target == MAP)
                m->to[map + f] += m->image[image + c] * m->weight[w];
            else if (m->target == IMAGE)
                m->to[image + c] += m->map[map + f] * m->weight[w];
            else
                m->to[w] += m->image[image + c] * m->map[map + f];
        }
    }
}

static void meet_all(const struct ref_conv *g, size_t rows, const struct meeting *m)
{
    size_t channels = g->image.channels, features = g->map.channels;
    size_t image_size = (size_t)g->image.height * g->image.width;
    size_t map_size = (size_t)g->map.height * g->map.width;
    for (size_t at = 0; at < rows * map_size; at++) {
        uint32_t i = (uint32_t)(at % map_size) / g->map.width, j = (uint32_t)at % g->map.width;
        for (uint32_t tap = 0; tap < g->kernel[0] * g->kernel[1]; tap++) {
            uint32_t pixel;
            if (ref_conv_sees(g, i, j, tap / g->kernel[1], tap % g->kernel[1], &pixel))
                meet(m, channels, features, (at / map_size * image_size + pixel) * channels,
                     at * features, tap * channels * features);
        }
    }
}

static void add_bias(const struct vae_ref *ref, struct vae_ref_node *node)
{
    const double *bias = ref->params + node->at + ref_conv_weights(&node->conv);
    for (size_t i = 0; i < ref->rows * node->units; i++)
        node->pre[i] = bias[i % node->shape.channels];
}

static void bias_gradient(struct vae_ref *ref, const struct vae_ref_node *node)
{
    double *bias = ref->gradient + node->at + ref_conv_weights(&node->conv);
    for (size_t i = 0; i < ref->rows * node->units; i++)
        bias[i % node->shape.channels] += node->dy[i];
}

void vae_ref_conv_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    add_bias(ref, node);
    meet_all(&node->conv, ref->rows,
             &(struct meeting){MAP, .image = node->x, .weight = ref->params + node->at,
                               .to = node->pre});
}

void vae_ref_conv_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    bias_gradient(ref, node);
    meet_all(&node->conv, ref->rows,
             &(struct meeting){WEIGHT, .image = node->x, .map = node->dy,
                               .to = ref->gradient + node->at});
    if (node->dx)
        meet_all(&node->conv, ref->rows,
                 &(struct meeting){IMAGE, .map = node->dy, .weight = ref->params + node->at,
                                   .to = node->dx});
}

void vae_ref_deconv_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    add_bias(ref, node);
    meet_all(&node->conv, ref->rows,
             &(struct meeting){IMAGE, .map = node->x, .weight = ref->params + node->at,
                               .to = node->pre});
}

void vae_ref_deconv_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    bias_gradient(ref, node);
    meet_all(&node->conv, ref->rows,
             &(struct meeting){WEIGHT, .image = node->dy, .map = node->x,
                               .to = ref->gradient + node->at});
    if (node->dx)
        meet_all(&node->conv, ref->rows,
                 &(struct meeting){MAP, .image = node->dy, .weight = ref->params + node->at,
                                   .to = node->dx});
}

bool vae_ref_reshape_read(struct vae_ref_node *node, const char *words)
{
    struct vcl_shape *to = &node->shape;
    return sscanf(words, "%u %u %u", &to->height, &to->width, &to->channels) == 3;
}

void vae_ref_reshape_forward(const struct vae_ref *ref, struct vae_ref_node *node)
{
    memcpy(node->pre, node->x, ref->rows * node->units * sizeof *node->pre);
}

void vae_ref_reshape_backward(struct vae_ref *ref, const struct vae_ref_node *node)
{
    if (node->dx)
        memcpy(node->dx, node->dy, ref->rows * node->units * sizeof *node->dx);
}
