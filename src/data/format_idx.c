/* SPDX-License-Identifier: MIT
 *
 * IDX, the format of MNIST: two zero bytes, the element type, the number of dimensions, each
 * dimension as a 32-bit big-endian number, then the values. One dimension is a file of labels, two
 * are a table, three are grey images, four are images with channels last.
 */
#include "data/array_head.h"
#include "data/format.h"

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

static enum vcl_status parse_head(const struct vcl_blob *blob, struct vcl_array_head *ret_head,
                                  struct vcl_error *err)
{
    enum vcl_status r = check_header(blob, err);
    if (r < 0)
        return r;
    const struct idx_type *type = find_type(blob->data[2]);
    struct vcl_dims dims = get_dims(blob->data);
    bool bytes = type->code == TYPE_U8, labels = dims.n == 1;
    if (labels && !bytes)
        return ERR(err, VCL_E_UNSUPPORTED, "'%s': labels must be bytes, not %s", blob->name,
                   type->name);
    *ret_head = (struct vcl_array_head){.size = header_size(&dims),
                                        .labels = labels,
                                        .big_endian = true,
                                        .kind = bytes ? 'u' : 'f',
                                        .item_size = type->size,
                                        .dims = dims};
    return VCL_OK;
}

const struct vcl_format_def vcl_format_idx = {
    .name = "idx",
    .help = "IDX",
    .probe = probe,
    .parse_head = parse_head,
};
