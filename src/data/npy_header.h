/* SPDX-License-Identifier: MIT
 *
 * The header of NumPy's .npy files: magic, version, length, and a Python dictionary literal with
 * the three keys descr, fortran_order and shape, in any order.
 */
#ifndef VCL_DATA_NPY_HEADER_H
#define VCL_DATA_NPY_HEADER_H

#include "data/dims.h"

struct vcl_npy_header {
    size_t size;          /* of the header: where the values begin */
    bool big_endian;      /* order of bytes in a value */
    char kind;            /* 'b'ool, 'i'nt, 'u'nsigned, 'f'loat */
    size_t item_size;     /* bytes of a value */
    bool fortran_order;   /* first dimension varies fastest */
    struct vcl_dims dims; /* 1 to 4 of them */
};

bool vcl_npy_is_magic(const unsigned char *head, size_t n);

/* `err` may be NULL, as when a format is probed. */
enum vcl_status vcl_npy_header_parse(const struct vcl_blob *blob, struct vcl_npy_header *ret_header,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
