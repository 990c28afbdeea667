/* SPDX-License-Identifier: MIT
 *
 * Tables of what can be named: layers, likelihoods, formats, commands. A table is an array of
 * pointers to structs that begin with their name, and ends with NULL. Most are made by meson of a
 * list of words, one of which a new row is (src/rows.h.in).
 */
#ifndef VCL_BASE_ROW_H
#define VCL_BASE_ROW_H

#include "base/error.h"
#include "base/str.h"

struct vcl_row {
    const char *name;
};

/* The row of that name, or NULL. `table` is the array. */
const void *vcl_row_named(const void *table, const char *name);

/* The name of a row that is so near to this one that it may be meant, or NULL. */
const char *vcl_row_nearest(const void *table, const char *name);

/* The row of that name, where NULL is VCL_E_ARG, "no layer is called 'dens'", with the nearest name
 * or all of them as its hint. `what` is what rows are: "layer". */
const void *vcl_row_find(const char *what, const void *table, const char *name,
                         struct vcl_error *err) VCL_MUST_CHECK;

/* Row `index`, or NULL at the end. */
const struct vcl_row *vcl_row_at(const void *table, size_t index);

/* Appends "dense, conv, reshape". */
void vcl_row_list(const void *table, struct vcl_str *out);

#endif
