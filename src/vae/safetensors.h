/* SPDX-License-Identifier: MIT
 *
 * The safetensors format (github.com/huggingface/safetensors): 8 bytes of header length, a JSON
 * header naming each tensor's type, shape and place, then the data. Only F32 here, and U8 for text.
 * A file that is anything but well-formed is refused.
 */
#ifndef VCL_VAE_SAFETENSORS_H
#define VCL_VAE_SAFETENSORS_H

#include <jansson.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/writer.h"

enum { VCL_ST_DIMS = 8 };

struct vcl_st_tensor {
    const char *name;
    uint32_t dims, shape[VCL_ST_DIMS];
    size_t count; /* of values */
    bool is_text; /* U8 instead of F32 */
    union {
        const float *values; /* aligned to 4 bytes */
        const char *text;    /* `count` bytes, without a terminator */
    };
};

struct vcl_st_file {
    unsigned char *data;
    json_t *header;
    const json_t *metadata; /* object of strings, or NULL */
    struct vcl_st_tensor *tensors;
    size_t count;
};

enum vcl_status vcl_st_read(const char *path, struct vcl_st_file *ret_file,
                            struct vcl_error *err) VCL_MUST_CHECK;
/* Takes over `data`, which was allocated and is freed with the file. */
enum vcl_status vcl_st_parse(unsigned char *data, size_t size, struct vcl_st_file *ret_file,
                             struct vcl_error *err) VCL_MUST_CHECK;
void vcl_st_finish(struct vcl_st_file *file);

/* NULL if there is none. */
const struct vcl_st_tensor *vcl_st_find(const struct vcl_st_file *file, const char *name);
const char *vcl_st_metadata(const struct vcl_st_file *file, const char *key);

/* Bytes of its values in the file. */
size_t vcl_st_bytes(const struct vcl_st_tensor *tensor);

/* `metadata`: an object of strings, in the order it is to be written. The caller commits. */
enum vcl_status vcl_st_write(struct vcl_writer *writer, const struct vcl_st_tensor *tensors,
                             size_t count, const json_t *metadata,
                             struct vcl_error *err) VCL_MUST_CHECK;

#endif
