/* SPDX-License-Identifier: MIT
 *
 * Integers that float32 cannot hold are refused, since a table of identifiers rounded to its
 * neighbours is worse than an error.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/array_head.h"

enum { PIECE = 64 << 10 }; /* bytes read at a time; items of all sizes divide it */

/* Where values go. */
struct filling {
    const struct vcl_array_head *head;
    const char *name;
    size_t n;    /* values in all */
    bool bytes;  /* else floats */
    void *to;    /* of this file's first value; int32_t for labels */
    size_t done; /* values so far, in the order of the file */
};

/* ---- conversion ---- */

static uint64_t load_bits(const struct vcl_array_head *head, const unsigned char *from)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < head->item_size; i++)
        bits = bits << 8 | from[head->big_endian ? i : head->item_size - 1 - i];
    return bits;
}

/* A float holds 24 bits: what is left of the value without its trailing zeros must fit. */
static bool fits_float(uint64_t magnitude)
{
    while (magnitude && !(magnitude & 1))
        magnitude >>= 1;
    return magnitude < (uint64_t)1 << 24;
}

static bool load_integer(const struct vcl_array_head *head, const unsigned char *from,
                         float *ret_value)
{
    uint64_t bits = load_bits(head, from);
    size_t n_bits = 8 * head->item_size;
    bool negative = head->kind == 'i' && bits >> (n_bits - 1);
    uint64_t magnitude = negative ? ~bits + 1 : bits;
    if (n_bits < 64)
        magnitude &= ((uint64_t)1 << n_bits) - 1;
    *ret_value = negative ? -(float)magnitude : (float)magnitude;
    return fits_float(magnitude);
}

/* False for a finite double beyond the range of float; what is infinite in the file stays so. */
static bool load_float(const struct vcl_array_head *head, const unsigned char *from,
                       float *ret_value)
{
    uint64_t bits = load_bits(head, from);
    if (head->item_size == 4) {
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

/* Where value i of the file belongs: examples have the last dimension varying fastest. */
static size_t place(const struct filling *f, size_t i)
{
    const struct vcl_dims *dims = &f->head->dims;
    size_t rest = i, at = 0, stride = f->n;
    if (!f->head->fortran_order)
        return i;
    for (size_t d = 0; d < dims->n; d++) {
        stride /= (size_t)dims->size[d];
        at += rest % (size_t)dims->size[d] * stride;
        rest /= (size_t)dims->size[d];
    }
    return at;
}

static enum vcl_status convert_floats(const struct filling *f, const unsigned char *from, size_t n,
                                      struct vcl_error *err)
{
    float *to = f->to;
    for (size_t i = 0; i < n; i++, from += f->head->item_size) {
        float *value = &to[place(f, f->done + i)];
        if (!(f->head->kind == 'f' ? load_float : load_integer)(f->head, from, value))
            return ERR(err, VCL_E_RANGE,
                       "'%s': value %zu, in the order of the file, does not fit a float32 exactly",
                       f->name, f->done + i);
    }
    return VCL_OK;
}

static void convert_bytes(const struct filling *f, const unsigned char *from, size_t n)
{
    unsigned char *to = f->to;
    for (size_t i = 0; i < n; i++)
        to[place(f, f->done + i)] = f->head->kind == 'b' ? (from[i] ? 255 : 0) : from[i];
}

static void convert_labels(const struct filling *f, const unsigned char *from, size_t n)
{
    int32_t *to = f->to;
    for (size_t i = 0; i < n; i++)
        to[f->done + i] = from[i];
}

static enum vcl_status convert(const struct filling *f, const unsigned char *from, size_t n,
                               struct vcl_error *err)
{
    if (f->head->labels)
        convert_labels(f, from, n);
    else if (f->bytes)
        convert_bytes(f, from, n);
    else
        return convert_floats(f, from, n, err);
    return VCL_OK;
}

/* ---- reading ---- */

/* Before anything is allocated. */
static enum vcl_status check_promise(const struct vcl_input *input,
                                     const struct vcl_array_head *head, struct vcl_error *err)
{
    uint64_t promised = vcl_dims_file_size(&head->dims, head->size, head->item_size);
    uint64_t total = vcl_input_total(input);
    enum vcl_status r = vcl_dims_check(&head->dims, input->name, err);
    if (r < 0)
        return r;
    if (total != UINT64_MAX && total != promised)
        return vcl_dims_broken(&head->dims, input->name, head->item_size, total - head->size, false,
                               err);
    return vcl_input_can_hold(input, promised, err);
}

/* The next `n` bytes, of which `held` came before; `input` ends before that: a broken promise. */
static enum vcl_status read_piece(const struct filling *f, struct vcl_input *input,
                                  unsigned char *piece, size_t n, struct vcl_error *err)
{
    size_t got = 0;
    enum vcl_status r = vcl_input_read(input, piece, n, &got, err);
    if (r == VCL_OK && got < n)
        r = vcl_dims_broken(&f->head->dims, f->name, f->head->item_size,
                            (uint64_t)f->done * f->head->item_size + got, false, err);
    return r;
}

static enum vcl_status fill(struct filling *f, struct vcl_input *input, struct vcl_error *err)
{
    size_t item = f->head->item_size, extra = 0;
    unsigned char *piece = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(PIECE, 1, &piece, err));
    for (size_t skipped = 0, n; skipped < f->head->size; skipped += n) {
        n = f->head->size - skipped < PIECE ? f->head->size - skipped : PIECE;
        TRY(read_piece(f, input, piece, n, err));
    }
    for (size_t n; f->done < f->n; f->done += n) {
        n = f->n - f->done < PIECE / item ? f->n - f->done : PIECE / item;
        TRY(read_piece(f, input, piece, n * item, err));
        TRY(convert(f, piece, n, err));
    }
    TRY(vcl_input_read(input, piece, 1, &extra, err));
    if (extra)
        r = vcl_dims_broken(&f->head->dims, f->name, item, (uint64_t)f->n * item + 1, true, err);
out:
    free(piece);
    return r;
}

static enum vcl_status read_labels(struct vcl_input *input, const struct vcl_array_head *head,
                                   struct vcl_examples *examples, struct vcl_error *err)
{
    struct vcl_examples labels = {.count = (size_t)head->dims.size[0]};
    enum vcl_status r;
    if (examples->count)
        FAIL(err, VCL_E_FORMAT, "'%s': holds labels where examples are expected", input->name);
    TRY(vcl_alloc(labels.count, sizeof *labels.labels, &labels.labels, err));
    struct filling f = {head, input->name, .n = labels.count, .to = labels.labels};
    TRY(fill(&f, input, err));
    *examples = labels;
    labels.labels = NULL;
out:
    free(labels.labels);
    return r;
}

enum vcl_status vcl_array_read(struct vcl_input *input, const struct vcl_array_head *head,
                               struct vcl_examples *examples, struct vcl_error *err)
{
    bool bytes = head->kind == 'b' || (head->kind == 'u' && head->item_size == 1);
    size_t before = examples->count;
    enum vcl_status r;
    TRY(check_promise(input, head, err));
    if (head->labels)
        return read_labels(input, head, examples, err);
    TRY(vcl_dims_extend(&head->dims, input->name, bytes ? VCL_U8 : VCL_F32, examples, err));
    size_t stride = vcl_examples_stride(examples);
    struct filling f = {head, input->name, .bytes = bytes};
    f.n = (examples->count - before) * vcl_shape_size(examples->shape);
    f.to = (char *)examples->values + before * stride;
    r = fill(&f, input, err);
    if (r < 0) /* what was there before stays */
        vcl_examples_cut(examples, before);
out:
    return r;
}
