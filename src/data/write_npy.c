/* SPDX-License-Identifier: MIT
 *
 * NumPy's .npy, version 1, float32 in this machine's order of bytes. The header is padded so that
 * the values begin at a multiple of 64 bytes, for readers that map the file.
 */
#include <string.h>

#include "base/str.h"
#include "base/writer.h"
#include "data/writers.h"
#include "writers.rows.h"

static bool is_big_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

static void add_header(const struct vcl_array *array, struct vcl_str *out)
{
    struct vcl_shape s = array->shape;
    struct vcl_str text = {0};
    vcl_str_add(&text,
                "{'descr': '%cf4', 'fortran_order': False, 'shape': ", is_big_endian() ? '>' : '<');
    if (s.height == 1 && s.channels == 1)
        vcl_str_add(&text, "(%zu, %u), }", array->count, s.width);
    else
        vcl_str_add(&text, "(%zu, %u, %u, %u), }", array->count, s.height, s.width, s.channels);
    while ((10 + text.len + 1) % 64 != 0 && !text.failed)
        vcl_str_add_bytes(&text, " ", 1);
    vcl_str_add_bytes(&text, "\n", 1);
    const unsigned char length[2] = {text.len & 255, (unsigned char)(text.len >> 8)};
    vcl_str_add_bytes(out, "\x93NUMPY\x01\x00", 8);
    vcl_str_add_bytes(out, length, 2);
    vcl_str_add_bytes(out, text.text, text.len);
    out->failed |= text.failed;
    vcl_str_finish(&text);
}

static enum vcl_status write_array(const struct vcl_writing *writing, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    const struct vcl_array *array = writing->array;
    struct vcl_str header = {0};
    struct vcl_writer writer = {0};
    add_header(array, &header);
    TRY(vcl_str_check(&header, err));
    TRY(vcl_writer_init(&writer, writing->path, writing->replace, err));
    TRY(vcl_writer_add(&writer, header.text, header.len, err));
    TRY(vcl_writer_add(&writer, array->values,
                       array->count * vcl_shape_size(array->shape) * sizeof(float), err));
    TRY(vcl_writer_commit(&writer, err));
out:
    vcl_writer_finish(&writer);
    vcl_str_finish(&header);
    return r;
}

const struct vcl_writer_def vcl_writer_npy = {
    .name = "npy",
    .help = "NumPy array",
    .extensions = {".npy"},
    .write = write_array,
};
