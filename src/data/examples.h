/* SPDX-License-Identifier: MIT
 *
 * Examples in memory while a data set is being opened: what a reader gives, and what the sources
 * join, cut and check before it becomes a struct vcl_dataset.
 */
#ifndef VCL_DATA_EXAMPLES_H
#define VCL_DATA_EXAMPLES_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "vaecl/data.h"

struct vcl_examples {
    size_t count;
    struct vcl_shape shape;
    enum vcl_dtype dtype;
    void *values;    /* (count, height, width, channels); NULL in a file of labels alone */
    int32_t *labels; /* (count), or NULL */
    size_t room;     /* bytes at `values`: more than are needed while examples are added */
};

/* Zeroed values for `count` examples; a size that does not fit into memory is an error. */
enum vcl_status vcl_examples_init(struct vcl_examples *examples, size_t count,
                                  struct vcl_shape shape, enum vcl_dtype dtype,
                                  struct vcl_error *err) VCL_MUST_CHECK;
void vcl_examples_finish(struct vcl_examples *examples);

/* Bytes of one example. */
size_t vcl_examples_stride(const struct vcl_examples *examples);

/* Room for `more` examples behind those that are there, if any: then shape and type must agree.
 * Their values are the caller's to fill; labels are not looked at. `name` is for messages. */
enum vcl_status vcl_examples_extend(struct vcl_examples *examples, size_t more,
                                    struct vcl_shape shape, enum vcl_dtype dtype, const char *name,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* Back to the first `count` of them; to an empty set with 0. */
void vcl_examples_cut(struct vcl_examples *examples, size_t count);

/* Labels of the examples from number `first` to the last, which are copied. Those before must have
 * theirs; without any in both (NULL) nothing is done. */
enum vcl_status vcl_examples_label(struct vcl_examples *examples, size_t first,
                                   const int32_t *labels, const char *name,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* Keeps example i if (i + 1) % every == 0; with `invert`, if it is not. */
void vcl_examples_keep_every(struct vcl_examples *examples, size_t every, bool invert);

/* A new copy of those that vcl_examples_keep_every would keep. */
enum vcl_status vcl_examples_copy_every(const struct vcl_examples *examples, size_t every,
                                        bool invert, struct vcl_examples *ret_copy,
                                        struct vcl_error *err) VCL_MUST_CHECK;

/* Gives back the memory behind the last one. */
void vcl_examples_trim(struct vcl_examples *examples);

/* Refuses an empty set, NaN and infinity; names the first example and column that is wrong. */
enum vcl_status vcl_examples_check(const char *name, size_t count, size_t columns,
                                   enum vcl_dtype dtype, const void *values,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* One more than the largest label; refuses negative ones. */
enum vcl_status vcl_labels_check(const char *name, const int32_t *labels, size_t count,
                                 int32_t *ret_classes, struct vcl_error *err) VCL_MUST_CHECK;

#endif
