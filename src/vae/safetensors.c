/* SPDX-License-Identifier: MIT */
#include "vae/safetensors.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "vae/safetensors_crc.h"

#define MAX_HEADER ((uint64_t)100 << 20) /* the format's own limit */

static uint64_t read_u64(const unsigned char *bytes)
{
    uint64_t value = 0;
    for (int i = 7; i >= 0; i--)
        value = value << 8 | bytes[i];
    return value;
}

static bool read_size(const json_t *value, size_t *ret_size)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return false;
    *ret_size = (size_t)json_integer_value(value);
    return true;
}

static enum vcl_status read_shape(const json_t *shape, struct vcl_st_tensor *tensor,
                                  struct vcl_error *err)
{
    if (!json_is_array(shape) || json_array_size(shape) > VCL_ST_DIMS)
        return ERR(err, VCL_E_FORMAT, "tensor '%s' has no shape of up to %d dimensions",
                   tensor->name, VCL_ST_DIMS);
    tensor->dims = (uint32_t)json_array_size(shape);
    tensor->count = 1;
    for (uint32_t i = 0; i < tensor->dims; i++) {
        size_t extent;
        if (!read_size(json_array_get(shape, i), &extent) || extent > UINT32_MAX ||
            (extent && tensor->count > (SIZE_MAX / 4) / extent))
            return ERR(err, VCL_E_FORMAT, "tensor '%s' has a dimension out of range", tensor->name);
        tensor->shape[i] = (uint32_t)extent;
        tensor->count *= extent;
    }
    return VCL_OK;
}

/* `body` is what follows the header. Tensors must lie in order without gaps: *cursor is the end of
 * the one before. */
static enum vcl_status read_tensor(const char *name, const json_t *entry, const unsigned char *body,
                                   size_t body_size, size_t *cursor, struct vcl_st_tensor *tensor,
                                   struct vcl_error *err)
{
    size_t begin, end;
    const json_t *offsets = json_object_get(entry, "data_offsets");
    const char *dtype = json_string_value(json_object_get(entry, "dtype"));
    *tensor = (struct vcl_st_tensor){.name = name};
    if (!dtype || (strcmp(dtype, "F32") != 0 && strcmp(dtype, "U8") != 0))
        return ERR(err, VCL_E_FORMAT, "tensor '%s' is %s, only F32 and U8 are read", name,
                   dtype ? dtype : "of no type");
    tensor->is_text = strcmp(dtype, "U8") == 0;
    enum vcl_status r = read_shape(json_object_get(entry, "shape"), tensor, err);
    if (r < 0)
        return r;
    if (json_array_size(offsets) != 2 || !read_size(json_array_get(offsets, 0), &begin) ||
        !read_size(json_array_get(offsets, 1), &end))
        return ERR(err, VCL_E_FORMAT, "tensor '%s' has no data_offsets", name);
    if (begin != *cursor || end < begin || end > body_size)
        return ERR(err, VCL_E_FORMAT,
                   "tensor '%s' is said to lie at bytes %zu to %zu of %zu, expected from %zu", name,
                   begin, end, body_size, *cursor);
    if (end - begin != vcl_st_bytes(tensor))
        return ERR(err, VCL_E_FORMAT, "tensor '%s' has %zu bytes for %zu values", name, end - begin,
                   tensor->count);
    if (!tensor->is_text && begin % sizeof(float))
        return ERR(err, VCL_E_FORMAT, "tensor '%s' is not aligned", name);
    *cursor = end;
    tensor->text = (const char *)body + begin;
    return VCL_OK;
}

static enum vcl_status check_metadata(const json_t *metadata, struct vcl_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(metadata))
        return ERR(err, VCL_E_FORMAT, "__metadata__ is not an object");
    json_object_foreach((json_t *)metadata, key, value)
    {
        if (!json_is_string(value))
            return ERR(err, VCL_E_FORMAT, "__metadata__ '%s' is not text", key);
    }
    return VCL_OK;
}

/* Entries by where their data begin: JSON objects have no order that must be kept. */
struct entry {
    const char *name;
    const json_t *value;
    json_int_t begin;
};

static int by_begin(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return x->begin != y->begin ? (x->begin > y->begin) - (x->begin < y->begin)
                                : strcmp(x->name, y->name);
}

static enum vcl_status read_tensors(struct vcl_st_file *file, const unsigned char *body,
                                    size_t body_size, struct vcl_error *err)
{
    struct entry *entries = NULL;
    size_t n = json_object_size(file->header), cursor = 0;
    const char *key;
    json_t *value;
    enum vcl_status r;
    TRY(vcl_alloc(n, sizeof *entries, &entries, err));
    TRY(vcl_alloc(n, sizeof *file->tensors, &file->tensors, err));
    n = 0;
    json_object_foreach(file->header, key, value)
    {
        if (strcmp(key, "__metadata__") == 0) {
            TRY(check_metadata(value, err));
            file->metadata = value;
            continue;
        }
        const json_t *begin = json_array_get(json_object_get(value, "data_offsets"), 0);
        entries[n++] = (struct entry){key, value, json_integer_value(begin)};
    }
    qsort(entries, n, sizeof *entries, by_begin);
    for (; file->count < n; file->count++)
        TRY(read_tensor(entries[file->count].name, entries[file->count].value, body, body_size,
                        &cursor, &file->tensors[file->count], err));
    if (cursor != body_size)
        FAIL(err, VCL_E_FORMAT, "%zu bytes follow the last tensor", body_size - cursor);
out:
    free(entries);
    return r;
}

enum vcl_status vcl_st_parse(unsigned char *data, size_t size, struct vcl_st_file *ret_file,
                             struct vcl_error *err)
{
    struct vcl_st_file file = {.data = data};
    json_error_t problem;
    enum vcl_status r = VCL_OK;
    if (size < 8)
        FAIL(err, VCL_E_FORMAT, "%zu bytes are too few for a safetensors file", size);
    uint64_t header_size = read_u64(data);
    if (header_size > MAX_HEADER || header_size > size - 8)
        FAIL(err, VCL_E_FORMAT, "a header of %llu bytes is promised, the file holds %zu",
             (unsigned long long)header_size, size - 8);
    file.header = vcl_json_load(data + 8, header_size, &problem);
    if (!json_is_object(file.header))
        FAIL(err, VCL_E_FORMAT, "the header is not a JSON object: %s",
             file.header ? "another type" : problem.text);
    if (header_size % 4)
        FAIL(err, VCL_E_FORMAT, "the header's length %llu leaves tensors unaligned",
             (unsigned long long)header_size);
    if (json_object_get(json_object_get(file.header, "__metadata__"), VCL_ST_CRC))
        TRY(vcl_st_crc_check(data, size, header_size, err));
    TRY(read_tensors(&file, data + 8 + header_size, size - 8 - header_size, err));
    *ret_file = file;
    return VCL_OK;
out:
    vcl_st_finish(&file);
    return r;
}

enum vcl_status vcl_st_read(const char *path, struct vcl_st_file *ret_file, struct vcl_error *err)
{
    unsigned char *data;
    size_t size;
    enum vcl_status r = vcl_file_read(path, &data, &size, err);
    if (r < 0)
        return r;
    r = vcl_st_parse(data, size, ret_file, err);
    return r < 0 ? vcl_error_wrap(err, r, "'%s'", path) : r;
}

void vcl_st_finish(struct vcl_st_file *file)
{
    if (!file)
        return;
    json_decref(file->header);
    free(file->tensors);
    free(file->data);
    *file = (struct vcl_st_file){0};
}

const struct vcl_st_tensor *vcl_st_find(const struct vcl_st_file *file, const char *name)
{
    for (size_t i = 0; i < file->count; i++) {
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    }
    return NULL;
}

const char *vcl_st_metadata(const struct vcl_st_file *file, const char *key)
{
    return json_string_value(json_object_get(file->metadata, key));
}

size_t vcl_st_bytes(const struct vcl_st_tensor *tensor)
{
    return tensor->count * (tensor->is_text ? 1 : sizeof(float));
}

static json_t *tensor_json(const struct vcl_st_tensor *tensor, size_t *offset)
{
    json_t *shape = json_array();
    for (uint32_t i = 0; i < tensor->dims; i++) {
        if (json_array_append_new(shape, json_integer(tensor->shape[i])) != 0) {
            json_decref(shape);
            return NULL;
        }
    }
    size_t begin = *offset;
    *offset += vcl_st_bytes(tensor);
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", tensor->is_text ? "U8" : "F32", "shape",
                     shape, "data_offsets", (json_int_t)begin, (json_int_t)*offset);
}

/* The header padded with blanks so that tensors are aligned to 8 bytes. */
static enum vcl_status make_header(const struct vcl_st_tensor *tensors, size_t count,
                                   const json_t *metadata, struct vcl_str *out,
                                   struct vcl_error *err)
{
    size_t offset = 0;
    json_t *header = json_object();
    int bad = metadata ? json_object_set(header, "__metadata__", (json_t *)metadata) : 0;
    for (size_t i = 0; i < count; i++)
        bad |= json_object_set_new(header, tensors[i].name, tensor_json(&tensors[i], &offset));
    char *text = bad ? NULL : vcl_json_dump(header, JSON_COMPACT);
    json_decref(header);
    if (!text)
        return ERR(err, VCL_E_NOMEM, "cannot write the header of a safetensors file");
    vcl_str_add(out, "%s%*s", text, (int)(7 - (strlen(text) + 7) % 8), "");
    free(text);
    return vcl_str_check(out, err);
}

enum vcl_status vcl_st_write(struct vcl_writer *writer, const struct vcl_st_tensor *tensors,
                             size_t count, const json_t *metadata, struct vcl_error *err)
{
    struct vcl_str header = {0};
    unsigned char length[8];
    enum vcl_status r;
    TRY(make_header(tensors, count, metadata, &header, err));
    for (int i = 0; i < 8; i++)
        length[i] = (unsigned char)((uint64_t)header.len >> 8 * i);
    vcl_st_crc_fill(length, &header, tensors, count);
    TRY(vcl_writer_add(writer, length, sizeof length, err));
    TRY(vcl_writer_add(writer, header.text, header.len, err));
    for (size_t i = 0; i < count; i++)
        TRY(vcl_writer_add(writer, tensors[i].values, vcl_st_bytes(&tensors[i]), err));
out:
    vcl_str_finish(&header);
    return r;
}
