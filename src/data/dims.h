/* SPDX-License-Identifier: MIT
 *
 * Dimensions as headers of array files promise them, and the check of the promise against the
 * bytes that are there. Nothing is allocated before it.
 */
#ifndef VCL_DATA_DIMS_H
#define VCL_DATA_DIMS_H

#include "data/examples.h"

enum { VCL_MAX_DIMS = 4 };

struct vcl_dims {
    size_t n;
    uint64_t size[VCL_MAX_DIMS];
};

/* Bytes of the whole file: `header` + product * item_size, or UINT64_MAX if that is too large. */
uint64_t vcl_dims_file_size(const struct vcl_dims *dims, size_t header, size_t item_size);

/* Is there at least one value, and no dimension that no memory holds? `name` is for messages. */
enum vcl_status vcl_dims_check(const struct vcl_dims *dims, const char *name,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* The error for a file that holds `held` bytes after its header, or with `more` even more of them,
 * which is not what it promises. */
enum vcl_status vcl_dims_broken(const struct vcl_dims *dims, const char *name, size_t item_size,
                                uint64_t held, bool more, struct vcl_error *err) VCL_MUST_CHECK;

/* Makes room for the examples that the dimensions mean, behind those that are there: (N) and (N, D)
 * are tables, (N, H, W) and (N, H, W, C) are images. */
enum vcl_status vcl_dims_extend(const struct vcl_dims *dims, const char *name, enum vcl_dtype dtype,
                                struct vcl_examples *examples,
                                struct vcl_error *err) VCL_MUST_CHECK;

#endif
