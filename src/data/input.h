/* SPDX-License-Identifier: MIT
 *
 * A file's contents, one byte after the other, from the disk or from memory. Gzip is seen through.
 * Whatever the file's size, no more than two buffers of it are in memory.
 */
#ifndef VCL_DATA_INPUT_H
#define VCL_DATA_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#include "base/error.h"

struct vcl_input {
    const char *name;          /* the path, for messages */
    const unsigned char *head; /* the first contents, 64 KiB unless the file ends before */
    size_t n_head;
    uint64_t size; /* of the file as it is, zipped or not; UINT64_MAX if unknown (a pipe) */
    bool zipped;

    unsigned char *head_buffer, *buffer;
    size_t head_at;            /* given out of the head */
    FILE *file;                /* or NULL for memory */
    const unsigned char *next; /* bytes of the file that were read and not yet looked at */
    size_t left;
    uint64_t fetched; /* read from the file so far */
    z_stream z;
    uint64_t unzipped; /* contents so far */
    bool unzip_ready, ended;
};

enum vcl_status vcl_input_open(struct vcl_input *input, const char *path,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* Bytes in memory, which outlive it, as if they were a file's. */
enum vcl_status vcl_input_wrap(struct vcl_input *input, const char *name, const void *data,
                               size_t size, struct vcl_error *err) VCL_MUST_CHECK;
void vcl_input_finish(struct vcl_input *input);

/* The next `n` bytes of the contents, head included; fewer only at their end. Damaged gzip data are
 * an error. */
enum vcl_status vcl_input_read(struct vcl_input *input, void *to, size_t n, size_t *ret_got,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* All that is left, which the caller frees. */
enum vcl_status vcl_input_read_all(struct vcl_input *input, unsigned char **ret_data,
                                   size_t *ret_size, struct vcl_error *err) VCL_MUST_CHECK;

/* Bytes of the contents; UINT64_MAX if only reading them will tell. */
uint64_t vcl_input_total(const struct vcl_input *input);

/* VCL_E_FORMAT if a file of this size cannot have so many bytes of contents. Asked before anything
 * is allocated for what a header promises. */
enum vcl_status vcl_input_can_hold(const struct vcl_input *input, uint64_t promised,
                                   struct vcl_error *err) VCL_MUST_CHECK;

#endif
