/* SPDX-License-Identifier: MIT
 *
 * What the readers of single pictures share.
 */
#ifndef VCL_DATA_PICTURE_H
#define VCL_DATA_PICTURE_H

#include "data/format.h"

/* Room for one picture as an example of bytes; refuses sizes of zero and beyond all reason. */
enum vcl_status vcl_picture_init(struct vcl_examples *examples, const struct vcl_blob *blob,
                                 uint64_t width, uint64_t height, uint32_t channels,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* Repeats the value of each grey pixel, so that the pictures can stand beside colour ones. */
enum vcl_status vcl_picture_colour(struct vcl_examples *pictures,
                                   struct vcl_error *err) VCL_MUST_CHECK;

#endif
