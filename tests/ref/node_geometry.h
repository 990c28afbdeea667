/* SPDX-License-Identifier: MIT
 *
 * Which pixels meet in layers of pictures, for both references: from the words of a node and its
 * shapes.
 */
#ifndef REF_NODE_GEOMETRY_H
#define REF_NODE_GEOMETRY_H

#include "nn/graph.h"

/* Sides are height, width. A convolution's image is its input, a transposed one's its output. */
struct ref_conv {
    struct vcl_shape image, map;
    uint32_t kernel[2], stride[2], pad[2];
};

struct ref_conv ref_conv_of(const struct vcl_node *node);
/* Values of the weights. */
uint32_t ref_conv_weights(const struct ref_conv *conv);
/* Where the tap (kh, kw) at the map's (i, j) looks: false if outside; else *ret_pixel, the image's
 * pixel, counted from its start. */
bool ref_conv_sees(const struct ref_conv *conv, uint32_t i, uint32_t j, uint32_t kh, uint32_t kw,
                   uint32_t *ret_pixel);

/* Windows: what an output's pixel sees of the input's, of pools and upsampling. */
struct ref_windows {
    struct vcl_shape in, out;
    uint32_t size[2], stride[2];
    uint32_t count;  /* of pixels in one */
    uint32_t factor; /* upsample: it sees one, which so many others see along each side */
};

struct ref_windows ref_windows_of(const struct vcl_node *node);
/* Where the k-th of the window of output `o` lies in the input, for any number of rows. */
size_t ref_seen(const struct ref_windows *windows, size_t o, size_t k);

/* Where a decoder's output y has means and log sigma^2 of x: a layer that works on pixels makes
 * both of each, one after the other; another all means first. Returns the place of value j's mean
 * in a row of y. */
size_t ref_mean_at(const struct vcl_value *x, const struct vcl_value *y, size_t j,
                   size_t *ret_logvar);

/* Batchnorm's features: channels, or values where there is one row of one channel. */
uint32_t ref_features_of(const struct vcl_node *node);

#endif
