/* SPDX-License-Identifier: MIT */
#include "data/picture.h"

#include <inttypes.h>
#include <stdlib.h>

/* 8192 x 8192: more than anybody trains on, less than a lying header needs to do harm. */
#define MAX_PIXELS ((uint64_t)1 << 26)

enum vcl_status vcl_picture_init(struct vcl_examples *examples, const struct vcl_blob *blob,
                                 uint64_t width, uint64_t height, uint32_t channels,
                                 struct vcl_error *err)
{
    if (width == 0 || height == 0)
        return ERR(err, VCL_E_FORMAT, "'%s': picture of %" PRIu64 " x %" PRIu64 " pixels",
                   blob->name, width, height);
    if (width > MAX_PIXELS / height)
        return ERR(err, VCL_E_FORMAT,
                   "'%s': header promises %" PRIu64 " x %" PRIu64 " pixels, the limit is %" PRIu64,
                   blob->name, width, height, MAX_PIXELS);
    struct vcl_shape shape = {(uint32_t)height, (uint32_t)width, channels};
    return vcl_examples_init(examples, 1, shape, VCL_U8, err);
}

enum vcl_status vcl_picture_colour(struct vcl_examples *pictures, struct vcl_error *err)
{
    size_t n = 3 * pictures->count * vcl_shape_size(pictures->shape);
    unsigned char *values = realloc(pictures->values, n);
    if (!values)
        return ERR(err, VCL_E_NOMEM, "cannot allocate %zu bytes of host memory", n);
    for (size_t i = n; i-- > 0;) /* from the end, so that nothing is lost */
        values[i] = values[i / 3];
    pictures->values = values;
    pictures->room = n;
    pictures->shape.channels = 3;
    return VCL_OK;
}
