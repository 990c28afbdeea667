/* SPDX-License-Identifier: MIT
 *
 * NumPy's .npy files. Unsigned bytes and bool (as 0 and 255, so that a model sees 0 and 1) stay
 * bytes; all other types become float32. Integers that float32 cannot hold are refused, since a
 * table of identifiers rounded to its neighbours is worse than an error.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/npy_header.h"

static int probe(const unsigned char *head, size_t n)
{
    return vcl_npy_is_magic(head, n) ? 100 : 0;
}

static uint64_t promised_size(const unsigned char *head, size_t n)
{
    const struct vcl_blob blob = {.name = "", .data = head, .size = n};
    struct vcl_npy_header header;
    if (vcl_npy_header_parse(&blob, &header, NULL) < 0)
        return 0;
    return vcl_dims_file_size(&header.dims, header.size, header.item_size);
}

static uint64_t load_bits(const struct vcl_npy_header *header, const unsigned char *from)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < header->item_size; i++)
        bits = bits << 8 | from[header->big_endian ? i : header->item_size - 1 - i];
    return bits;
}

/* A float holds 24 bits: what is left of the value without its trailing zeros must fit. */
static bool fits_float(uint64_t magnitude)
{
    while (magnitude && !(magnitude & 1))
        magnitude >>= 1;
    return magnitude < (uint64_t)1 << 24;
}

static bool load_integer(const struct vcl_npy_header *header, const unsigned char *from,
                         float *ret_value)
{
    uint64_t bits = load_bits(header, from);
    size_t n_bits = 8 * header->item_size;
    bool negative = header->kind == 'i' && bits >> (n_bits - 1);
    uint64_t magnitude = negative ? ~bits + 1 : bits;
    if (n_bits < 64)
        magnitude &= ((uint64_t)1 << n_bits) - 1;
    *ret_value = negative ? -(float)magnitude : (float)magnitude;
    return fits_float(magnitude);
}

/* False for a finite double beyond the range of float; what is infinite in the file stays so. */
static bool load_float(const struct vcl_npy_header *header, const unsigned char *from,
                       float *ret_value)
{
    uint64_t bits = load_bits(header, from);
    if (header->item_size == 4) {
        uint32_t half = (uint32_t)bits;
        memcpy(ret_value, &half, sizeof half);
        return true;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    bool fits = !isfinite(value) || fabs(value) <= 0x1.fffffep127;
    *ret_value = fits ? (float)value : 0;
    return fits;
}

static enum vcl_status convert_floats(const struct vcl_npy_header *header,
                                      const struct vcl_blob *blob, float *to, size_t n,
                                      struct vcl_error *err)
{
    const unsigned char *from = blob->data + header->size;
    for (size_t i = 0; i < n; i++, from += header->item_size) {
        bool fits = header->kind == 'f' ? load_float(header, from, to + i)
                                        : load_integer(header, from, to + i);
        if (!fits)
            return ERR(err, VCL_E_RANGE,
                       "'%s': value %zu, in the order of the file, does not fit a float32 exactly",
                       blob->name, i);
    }
    return VCL_OK;
}

static void convert_bytes(const struct vcl_npy_header *header, const struct vcl_blob *blob,
                          unsigned char *to, size_t n)
{
    const unsigned char *from = blob->data + header->size;
    for (size_t i = 0; i < n; i++)
        to[i] = header->kind == 'b' ? (from[i] ? 255 : 0) : from[i];
}

/* The file has the first dimension varying fastest; examples have the last. */
static enum vcl_status transpose(const struct vcl_dims *dims, size_t item, void **values, size_t n,
                                 struct vcl_error *err)
{
    char *to = NULL;
    const char *from = *values;
    enum vcl_status r = vcl_alloc(n, item, &to, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < n; i++) {
        size_t rest = i, at = 0, stride = n;
        for (size_t d = 0; d < dims->n; d++) {
            stride /= (size_t)dims->size[d];
            at += rest % (size_t)dims->size[d] * stride;
            rest /= (size_t)dims->size[d];
        }
        memcpy(to + at * item, from + i * item, item);
    }
    free(*values);
    *values = to;
    return VCL_OK;
}

static enum vcl_status read_npy(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_npy_header header;
    struct vcl_examples examples = {0};
    TRY(vcl_npy_header_parse(blob, &header, err));
    TRY(vcl_dims_check(&header.dims, blob, header.size, header.item_size, err));
    bool bytes = header.kind == 'b' || (header.kind == 'u' && header.item_size == 1);
    TRY(vcl_dims_examples(&header.dims, blob, bytes ? VCL_U8 : VCL_F32, &examples, err));
    size_t n = (blob->size - header.size) / header.item_size;
    if (bytes)
        convert_bytes(&header, blob, examples.values, n);
    else
        TRY(convert_floats(&header, blob, examples.values, n, err));
    if (header.fortran_order && header.dims.n > 1)
        TRY(transpose(&header.dims, bytes ? 1 : sizeof(float), &examples.values, n, err));
    *ret_examples = examples;
    examples = (struct vcl_examples){0};
out:
    vcl_examples_finish(&examples);
    return r;
}

const struct vcl_format_def vcl_format_npy = {
    .name = "npy",
    .help = "NPY",
    .probe = probe,
    .promised_size = promised_size,
    .read = read_npy,
};
