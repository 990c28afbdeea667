/* SPDX-License-Identifier: MIT
 *
 * The header of NumPy's .npy files: magic, version, length, and a Python dictionary literal with
 * the three keys descr, fortran_order and shape, in any order.
 */
#ifndef VCL_DATA_NPY_HEADER_H
#define VCL_DATA_NPY_HEADER_H

#include "data/array_head.h"
#include "data/format.h"

bool vcl_npy_is_magic(const unsigned char *head, size_t n);

enum vcl_status vcl_npy_header_parse(const struct vcl_blob *blob, struct vcl_array_head *ret_header,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
