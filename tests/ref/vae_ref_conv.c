/* SPDX-License-Identifier: MIT
 *
 * Convolutional layers of the reference: one sum over all that meets, read three ways.
 */
#include "ref/node_geometry.h"
#include "ref/vae_ref_rows.h"

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

static void add_bias(const struct ref_pass *p)
{
    const double *bias = p->param[1];
    double *y = p->y[0];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        y[i] = bias[i % p->node->out[0]->shape.channels];
}

static void bias_gradient(const struct ref_pass *p)
{
    const double *dy = p->dy[0];
    double *bias = p->dparam[1];
    for (size_t i = 0; i < p->rows * p->node->out[0]->size; i++)
        bias[i % p->node->out[0]->shape.channels] += dy[i];
}

void vae_ref_conv_forward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    add_bias(p);
    meet_all(&g, p->rows,
             &(struct meeting){MAP, .image = p->x[0], .weight = p->param[0], .to = p->y[0]});
}

void vae_ref_conv_backward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    bias_gradient(p);
    meet_all(&g, p->rows,
             &(struct meeting){WEIGHT, .image = p->x[0], .map = p->dy[0], .to = p->dparam[0]});
    if (p->dx[0])
        meet_all(&g, p->rows,
                 &(struct meeting){IMAGE, .map = p->dy[0], .weight = p->param[0], .to = p->dx[0]});
}

void vae_ref_deconv_forward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    add_bias(p);
    meet_all(&g, p->rows,
             &(struct meeting){IMAGE, .map = p->x[0], .weight = p->param[0], .to = p->y[0]});
}

void vae_ref_deconv_backward(const struct ref_pass *p)
{
    const struct ref_conv g = ref_conv_of(p->node);
    bias_gradient(p);
    meet_all(&g, p->rows,
             &(struct meeting){WEIGHT, .image = p->dy[0], .map = p->x[0], .to = p->dparam[0]});
    if (p->dx[0])
        meet_all(&g, p->rows,
                 &(struct meeting){MAP, .image = p->dy[0], .weight = p->param[0], .to = p->dx[0]});
}
