/* SPDX-License-Identifier: MIT
 *
 * What convolutional layers share: their words, shapes, parameters and passes. The geometry is that
 * of struct vcl_conv: a convolution goes from its image to its map, a transposed one from its map
 * to its image; weights are (kernel height, kernel width, image channels, map features) in both.
 */
#ifndef VCL_NN_CONVOLUTION_H
#define VCL_NN_CONVOLUTION_H

#include "nn/layer.h"

/* "32 k4 s2 p1 relu"; numbers are -1 until a word gives them. */
struct vcl_conv_config {
    int64_t channels;
    const char *activation;
    struct vcl_opt_pair kernel, stride, pad, extra;
    struct vcl_conv geometry; /* what `shape` makes of the words */
};

extern const struct vcl_opt vcl_conv_options[], vcl_deconv_options[];
extern const struct vcl_conv_config vcl_conv_defaults;

/* For `shape`: from the image in to the map out, or the other way. */
enum vcl_status vcl_conv_shape(struct vcl_node *node, struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_deconv_shape(struct vcl_node *node, struct vcl_error *err) VCL_MUST_CHECK;

/* out = act(in through the weights + bias). */
enum vcl_status vcl_conv_forward(const struct vcl_node *node, const struct vcl_run *run,
                                 struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_deconv_forward(const struct vcl_node *node, const struct vcl_run *run,
                                   struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_conv_backward(const struct vcl_node *node, const struct vcl_run *run,
                                  struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_deconv_backward(const struct vcl_node *node, const struct vcl_run *run,
                                    struct vcl_error *err) VCL_MUST_CHECK;

#endif
