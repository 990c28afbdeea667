/* SPDX-License-Identifier: MIT
 *
 * IDX, the format of MNIST: two zero bytes, the element type, the number of dimensions, each
 * dimension as a 32-bit big-endian number, then the values. One dimension is a file of labels, two
 * are a table, three are grey images, four are images with channels last.
 */
#include <string.h>

#include "base/mem.h"
#include "data/dims.h"

enum { TYPE_U8 = 0x08, TYPE_F32 = 0x0d };

static const struct idx_type {
    unsigned char code;
    const char *name;
    size_t size;
} types[] = {
    {TYPE_U8, "bytes", 1}, {0x09, "int8", 1},        {0x0b, "int16", 2},
    {0x0c, "int32", 4},    {TYPE_F32, "float32", 4}, {0x0e, "float64", 8},
};

static const struct idx_type *find_type(unsigned char code)
{
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (types[i].code == code)
            return &types[i];
    }
    return NULL;
}

static uint32_t big_endian(const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static size_t header_size(const struct vcl_dims *dims)
{
    return 4 + 4 * dims->n;
}

/* The caller has checked that the header is whole. */
static struct vcl_dims get_dims(const unsigned char *data)
{
    struct vcl_dims dims = {.n = data[3]};
    for (size_t i = 0; i < dims.n; i++)
        dims.size[i] = big_endian(data + 4 + 4 * i);
    return dims;
}

static bool whole_header(const unsigned char *head, size_t n)
{
    return n >= 4 && head[3] >= 1 && head[3] <= VCL_MAX_DIMS && n >= 4 + 4 * (size_t)head[3];
}

static int probe(const unsigned char *head, size_t n)
{
    if (n < 4 || head[0] != 0 || head[1] != 0 || !find_type(head[2]))
        return 0;
    return head[3] <= VCL_MAX_DIMS ? 60 : 20;
}

static uint64_t promised_size(const unsigned char *head, size_t n)
{
    if (!probe(head, n) || !whole_header(head, n))
        return 0;
    struct vcl_dims dims = get_dims(head);
    return vcl_dims_file_size(&dims, header_size(&dims), find_type(head[2])->size);
}

static enum vcl_status check_header(const struct vcl_blob *blob, struct vcl_error *err)
{
    const unsigned char *data = blob->data;
    if (blob->size < 4)
        return ERR(err, VCL_E_FORMAT, "'%s': %zu bytes are too few for an IDX header", blob->name,
                   blob->size);
    if (!probe(data, blob->size))
        return ERR(err, VCL_E_FORMAT,
                   "'%s': IDX files begin with 00 00, this one with %02x %02x %02x", blob->name,
                   data[0], data[1], data[2]);
    if (data[2] != TYPE_U8 && data[2] != TYPE_F32)
        return ERR(err, VCL_E_UNSUPPORTED,
                   "'%s': IDX files of %s (type %02x) are not supported, only bytes and float32",
                   blob->name, find_type(data[2])->name, data[2]);
    if (data[3] < 1 || data[3] > VCL_MAX_DIMS)
        return ERR(err, VCL_E_FORMAT, "'%s': IDX header says %u dimensions, known are 1 to %d",
                   blob->name, data[3], VCL_MAX_DIMS);
    if (!whole_header(data, blob->size))
        return ERR(err, VCL_E_FORMAT, "'%s': the file ends within its header, after %zu bytes",
                   blob->name, blob->size);
    return VCL_OK;
}

static enum vcl_status read_labels(const struct vcl_blob *blob, const struct vcl_dims *dims,
                                   struct vcl_examples *ret_examples, struct vcl_error *err)
{
    struct vcl_examples labels = {.count = (size_t)dims->size[0]};
    if (blob->data[2] != TYPE_U8)
        return ERR(err, VCL_E_UNSUPPORTED, "'%s': labels must be bytes, not %s", blob->name,
                   find_type(blob->data[2])->name);
    enum vcl_status r = vcl_alloc(labels.count, sizeof *labels.labels, &labels.labels, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < labels.count; i++)
        labels.labels[i] = blob->data[header_size(dims) + i];
    *ret_examples = labels;
    return VCL_OK;
}

static void copy_floats(float *to, const unsigned char *from, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits = big_endian(from + 4 * i);
        memcpy(to + i, &bits, sizeof bits);
    }
}

static enum vcl_status read_idx(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    TRY(check_header(blob, err));
    struct vcl_dims dims = get_dims(blob->data);
    size_t at = header_size(&dims);
    TRY(vcl_dims_check(&dims, blob, at, find_type(blob->data[2])->size, err));
    if (dims.n == 1)
        return read_labels(blob, &dims, ret_examples, err);
    bool bytes = blob->data[2] == TYPE_U8;
    TRY(vcl_dims_examples(&dims, blob, bytes ? VCL_U8 : VCL_F32, ret_examples, err));
    if (bytes)
        memcpy(ret_examples->values, blob->data + at, blob->size - at);
    else
        copy_floats(ret_examples->values, blob->data + at, (blob->size - at) / 4);
out:
    return r;
}

const struct vcl_format_def vcl_format_idx = {
    .name = "idx",
    .help = "IDX",
    .probe = probe,
    .promised_size = promised_size,
    .read = read_idx,
};
