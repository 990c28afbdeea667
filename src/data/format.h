/* SPDX-License-Identifier: MIT
 *
 * File formats that hold examples: one struct each, in a table that meson makes from the list in
 * src/data/meson.build. A reader sees one file's bytes in memory, so that a fuzzer can drive it,
 * and gzip has been seen through before it is called.
 */
#ifndef VCL_DATA_FORMAT_H
#define VCL_DATA_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "data/examples.h"

/* One file's bytes, borrowed. */
struct vcl_blob {
    const char *name; /* the path, for messages */
    const unsigned char *data;
    size_t size;
    bool more; /* decompression stopped here, beyond the size that the header promises */
};

struct vcl_format_def {
    const char *name, *help;
    bool image; /* one picture a file: what a folder of images may hold */
    /* How sure it is that a file beginning like this has the format: 0 (not) to 100 (certain). */
    int (*probe)(const unsigned char *head, size_t n);
    /* The size that the whole file must have by its header; 0 if the head does not tell, UINT64_MAX
     * if it is beyond counting. NULL for formats whose header says nothing of the kind. */
    uint64_t (*promised_size)(const unsigned char *head, size_t n);
    /* Checks everything; the caller releases *ret_examples with vcl_examples_finish. */
    enum vcl_status (*read)(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                            struct vcl_error *err);
};

/* Ends with NULL. */
extern const struct vcl_format_def *const vcl_formats[];

/* The format surest of these bytes, or NULL. */
const struct vcl_format_def *vcl_format_probe(const unsigned char *head, size_t n);

/* Decompresses if need be, probes and reads. `name` is for messages. */
enum vcl_status vcl_format_read(const char *name, const unsigned char *data, size_t size,
                                const struct vcl_format_def **ret_format,
                                struct vcl_examples *ret_examples,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* The same for a file. */
enum vcl_status vcl_format_read_file(const char *path, const struct vcl_format_def **ret_format,
                                     struct vcl_examples *ret_examples,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
