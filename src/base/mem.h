/* SPDX-License-Identifier: MIT
 *
 * Host memory. An arena holds everything that lives and dies with one object (a model, a data
 * set, a run); what it hands out is zeroed and never freed alone. vcl_alloc is for the rest.
 */
#ifndef VCL_BASE_MEM_H
#define VCL_BASE_MEM_H

#include <stddef.h>

#include "base/error.h"

struct vcl_arena {
    struct vcl_arena_block *blocks;
};

/* Zeroed memory aligned for any type, valid until vcl_arena_finish. */
enum vcl_status vcl_arena_alloc(struct vcl_arena *arena, size_t size, void *ret_ptr,
                                struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_arena_strdup(struct vcl_arena *arena, const char *text, char **ret_copy,
                                 struct vcl_error *err) VCL_MUST_CHECK;
void vcl_arena_finish(struct vcl_arena *arena);

/* Zeroed heap memory for count * size bytes (overflow checked), to be released with free().
 * `ret_ptr` points to the caller's pointer of any object type. */
enum vcl_status vcl_alloc(size_t count, size_t size, void *ret_ptr,
                          struct vcl_error *err) VCL_MUST_CHECK;

/* Grows *ptr from its capacity *cap to at least `need` items of `size` bytes. What is new is
 * zeroed. Growing one by one takes steps of an eighth: fast enough, and never far beyond what is
 * needed. */
enum vcl_status vcl_grow(void *ptr, size_t *cap, size_t need, size_t size,
                         struct vcl_error *err) VCL_MUST_CHECK;

#endif
