/* SPDX-License-Identifier: MIT
 *
 * What both references need to know of convolutional layers: the words, and the output layer.
 */
#ifndef REF_CONV_WORDS_H
#define REF_CONV_WORDS_H

#include "vaecl/data.h"
#include "vaecl/model.h"

/* Sides are height, width. A convolution's image is its input, a transposed one's its output. */
struct ref_conv {
    struct vcl_shape image, map;
    uint32_t kernel[2], stride[2], pad[2];
};

/* "32 k4 s2 p1 o0" of the layer `name` on `in`; false if it is no such layer's. */
bool ref_conv_read(const char *name, const char *words, struct vcl_shape in,
                   struct ref_conv *ret_conv, struct vcl_shape *ret_out);
/* Values of the weights. */
uint32_t ref_conv_weights(const struct ref_conv *conv);
/* Where the tap (kh, kw) at the map's (i, j) looks: false if outside; else *ret_pixel, the image's
 * pixel, counted from its start. */
bool ref_conv_sees(const struct ref_conv *conv, uint32_t i, uint32_t j, uint32_t kh, uint32_t kw,
                   uint32_t *ret_pixel);

/* config->output with its number of outputs, in `text`. */
void ref_output_text(const struct vcl_config *config, struct vcl_shape data, char text[256]);

#endif
