/* SPDX-License-Identifier: MIT
 *
 * File formats that hold examples: one struct each, in a table that meson makes from the list in
 * src/data/meson.build. All read from a struct vcl_input, which may be bytes in memory, so that a
 * fuzzer can drive them, and which sees through gzip.
 */
#ifndef VCL_DATA_FORMAT_H
#define VCL_DATA_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "data/examples.h"
#include "data/input.h"

/* One file's bytes, or its first ones, borrowed. */
struct vcl_blob {
    const char *name; /* the path, for messages */
    const unsigned char *data;
    size_t size;
    bool more; /* the file goes on */
};

struct vcl_array_head;

/* Either parse_head, for an array whose header says all, or read. */
struct vcl_format_def {
    const char *name, *help;
    bool image; /* one picture a file: what a folder of images may hold */
    /* How sure it is that a file beginning like this has the format: 0 (not) to 100 (certain). */
    int (*probe)(const unsigned char *head, size_t n);
    /* From the first 64 KiB of a file. */
    enum vcl_status (*parse_head)(const struct vcl_blob *head, struct vcl_array_head *ret_head,
                                  struct vcl_error *err);
    /* From the whole of it. Checks everything; the caller releases *ret_examples with
     * vcl_examples_finish. */
    enum vcl_status (*read)(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                            struct vcl_error *err);
};

/* Ends with NULL. */
extern const struct vcl_format_def *const vcl_formats[];

/* The format surest of these bytes, or NULL. */
const struct vcl_format_def *vcl_format_probe(const unsigned char *head, size_t n);

/* Reads in this format what `input` holds and adds it to *examples, which may be empty: labels to
 * an empty one only, a picture as one example. On failure *examples is as before. */
enum vcl_status vcl_format_read_as(const struct vcl_format_def *format, struct vcl_input *input,
                                   struct vcl_examples *examples,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* The same in the format that it is of. `name` is for messages. */
enum vcl_status vcl_format_read(const char *name, const unsigned char *data, size_t size,
                                const struct vcl_format_def **ret_format,
                                struct vcl_examples *examples,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* The same for a file. */
enum vcl_status vcl_format_read_file(const char *path, const struct vcl_format_def **ret_format,
                                     struct vcl_examples *examples,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
