/* SPDX-License-Identifier: MIT
 *
 * Dimensions as headers of array files promise them, and the check of the promise against the
 * bytes that are there. Nothing is allocated before it.
 */
#ifndef VCL_DATA_DIMS_H
#define VCL_DATA_DIMS_H

#include "data/format.h"

enum { VCL_MAX_DIMS = 4 };

struct vcl_dims {
    size_t n;
    uint64_t size[VCL_MAX_DIMS];
};

/* Bytes of the whole file: `header` + product * item_size, or UINT64_MAX if that is too large. */
uint64_t vcl_dims_file_size(const struct vcl_dims *dims, size_t header, size_t item_size);

/* Do the bytes after the header hold exactly what it promises, and at least one value? */
enum vcl_status vcl_dims_check(const struct vcl_dims *dims, const struct vcl_blob *blob,
                               size_t header, size_t item_size,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* (N) and (N, D) are tables, (N, H, W) and (N, H, W, C) are images. */
enum vcl_status vcl_dims_examples(const struct vcl_dims *dims, const struct vcl_blob *blob,
                                  enum vcl_dtype dtype, struct vcl_examples *ret_examples,
                                  struct vcl_error *err) VCL_MUST_CHECK;

#endif
