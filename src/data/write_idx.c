/* SPDX-License-Identifier: MIT
 *
 * IDX of bytes, gzipped if the name says so; labels go to a second file beside it (x-labels.idx of
 * x.idx), where opening x.idx finds them.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/writer.h"
#include "data/source.h"
#include "data/writers.h"
#include "writers.rows.h"

/* Pictures may overshoot a little and are clamped; a table with other values is not for bytes. */
static enum vcl_status check_values(const struct vcl_writing *writing, struct vcl_error *err)
{
    const struct vcl_array *array = writing->array;
    size_t width = vcl_shape_size(array->shape);
    enum vcl_status r = vcl_array_check_finite(writing, err);
    if (r < 0 || array->shape.height > 1 || array->shape.channels > 1)
        return r;
    for (size_t i = 0; i < array->count * width; i++) {
        float value = array->values[i];
        if (value >= 0 && value <= 1)
            continue;
        r = ERR(err, VCL_E_RANGE, "'%s': example %zu, column %zu is %g; .idx holds 0 to 1 as bytes",
                writing->path, i / width, i % width, (double)value);
        return vcl_error_hint(err, r, "write .npy or .csv");
    }
    return VCL_OK;
}

static enum vcl_status check_labels(const struct vcl_writing *writing, struct vcl_error *err)
{
    const int32_t *labels = writing->array->labels;
    for (size_t i = 0; labels && i < writing->array->count; i++) {
        if (labels[i] < 0 || labels[i] > 255)
            return ERR(err, VCL_E_RANGE, "'%s': label %d of example %zu does not fit a byte",
                       writing->path, labels[i], i);
    }
    return VCL_OK;
}

static void add_big_endian(struct vcl_str *out, size_t value)
{
    const unsigned char bytes[4] = {(unsigned char)(value >> 24), (unsigned char)(value >> 16),
                                    (unsigned char)(value >> 8), (unsigned char)value};
    vcl_str_add_bytes(out, bytes, sizeof bytes);
}

static void add_examples(const struct vcl_array *array, struct vcl_str *out)
{
    struct vcl_shape s = array->shape;
    bool table = s.height == 1 && s.channels == 1;
    const unsigned char magic[4] = {0, 0, 8, table ? 2 : s.channels == 1 ? 3 : 4};
    vcl_str_add_bytes(out, magic, sizeof magic);
    add_big_endian(out, array->count);
    if (!table)
        add_big_endian(out, s.height);
    add_big_endian(out, s.width);
    if (s.channels > 1)
        add_big_endian(out, s.channels);
    for (size_t i = 0; i < array->count * vcl_shape_size(s); i++) {
        unsigned char byte = vcl_unit_to_byte(array->values[i]);
        vcl_str_add_bytes(out, &byte, 1);
    }
}

static void add_labels(const struct vcl_array *array, struct vcl_str *out)
{
    const unsigned char magic[4] = {0, 0, 8, 1};
    vcl_str_add_bytes(out, magic, sizeof magic);
    add_big_endian(out, array->count);
    for (size_t i = 0; i < array->count; i++) {
        unsigned char byte = (unsigned char)array->labels[i];
        vcl_str_add_bytes(out, &byte, 1);
    }
}

/* Replaces the bytes by their gzip form, without a time, so that equal arrays give equal files. */
static enum vcl_status compress_bytes(struct vcl_str *bytes, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    z_stream z = {0};
    struct vcl_str packed = {0};
    if (bytes->len > UINT32_MAX / 2)
        return ERR(err, VCL_E_RANGE, "%zu bytes are too many for .idx.gz", bytes->len);
    if (deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 9, Z_DEFAULT_STRATEGY) != Z_OK)
        return ERR(err, VCL_E_NOMEM, "no memory to compress");
    uLong bound = deflateBound(&z, (uLong)bytes->len);
    TRY(vcl_grow(&packed.text, &packed.cap, bound + 1, 1, err));
    z.next_in = (unsigned char *)bytes->text;
    z.avail_in = (uInt)bytes->len;
    z.next_out = (unsigned char *)packed.text;
    z.avail_out = (uInt)bound;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END)
        FAIL(err, VCL_E_NOMEM, "cannot compress %zu bytes", bytes->len);
    packed.len = bound - z.avail_out;
    vcl_str_finish(bytes);
    *bytes = packed;
    packed = (struct vcl_str){0};
out:
    vcl_str_finish(&packed);
    deflateEnd(&z);
    return r;
}

/* Labels of an earlier array must not be taken for those of this one. */
static enum vcl_status remove_labels(const char *path, bool replace, struct vcl_error *err)
{
    if (!vcl_file_exists(path))
        return VCL_OK;
    if (!replace) {
        enum vcl_status r = ERR(err, VCL_E_EXISTS, "'%s' exists already", path);
        return vcl_error_hint(err, r,
                              "it would be read as labels: choose another name, or give "
                              "--force to remove it");
    }
    if (remove(path) != 0)
        return ERR(err, VCL_E_IO, "cannot remove '%s': %s", path, strerror(errno));
    return VCL_OK;
}

/* Leaves the file ready to be committed. */
static enum vcl_status prepare(struct vcl_writer *writer, const char *path, bool replace,
                               struct vcl_str *bytes, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    TRY(vcl_str_check(bytes, err));
    if (vcl_ends_with(path, ".gz"))
        TRY(compress_bytes(bytes, err));
    TRY(vcl_writer_init(writer, path, replace, err));
    TRY(vcl_writer_add(writer, bytes->text, bytes->len, err));
out:
    return r;
}

static enum vcl_status write_array(const struct vcl_writing *writing, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_writer examples = {0}, labels = {0};
    struct vcl_str bytes = {0};
    char *labels_path = NULL;
    TRY(check_values(writing, err));
    TRY(check_labels(writing, err));
    add_examples(writing->array, &bytes);
    TRY(prepare(&examples, writing->path, writing->replace, &bytes, err));
    TRY(vcl_idx_labels_path(writing->path, &labels_path, err));
    if (!writing->array->labels) {
        TRY(remove_labels(labels_path, writing->replace, err));
    } else {
        vcl_str_finish(&bytes);
        add_labels(writing->array, &bytes);
        TRY(prepare(&labels, labels_path, writing->replace, &bytes, err));
        TRY(vcl_writer_commit(&labels, err));
    }
    TRY(vcl_writer_commit(&examples, err));
out:
    vcl_writer_finish(&examples);
    vcl_writer_finish(&labels);
    vcl_str_finish(&bytes);
    free(labels_path);
    return r;
}

const struct vcl_writer_def vcl_writer_idx = {
    .name = "idx",
    .help = "MNIST's own",
    .extensions = {".idx", ".idx.gz"},
    .write = write_array,
};
