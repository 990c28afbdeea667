/* SPDX-License-Identifier: MIT
 *
 * What the header of an array file says, IDX or NPY, and the reading of its values: a piece at a
 * time, each converted where it belongs, so that no more than the result is in memory.
 */
#ifndef VCL_DATA_ARRAY_HEAD_H
#define VCL_DATA_ARRAY_HEAD_H

#include "data/dims.h"
#include "data/input.h"

struct vcl_array_head {
    size_t size;          /* of the header: where the values begin */
    bool labels;          /* the values are labels, one byte each */
    bool big_endian;      /* order of bytes in a value */
    char kind;            /* 'b'ool, 'i'nt, 'u'nsigned, 'f'loat */
    size_t item_size;     /* bytes of a value */
    bool fortran_order;   /* first dimension varies fastest */
    struct vcl_dims dims; /* 1 to 4 of them */
};

/* The file must hold what its header promises, neither less nor more. Unsigned bytes and bool (as 0
 * and 255, so that a model sees 0 and 1) stay bytes; all other types become float32. Adds to
 * *examples as vcl_format_read does. */
enum vcl_status vcl_array_read(struct vcl_input *input, const struct vcl_array_head *head,
                               struct vcl_examples *examples, struct vcl_error *err) VCL_MUST_CHECK;

#endif
