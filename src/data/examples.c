/* SPDX-License-Identifier: MIT */
#include "data/examples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

size_t vcl_shape_size(struct vcl_shape shape)
{
    return (size_t)shape.height * shape.width * shape.channels;
}

static size_t item_size(enum vcl_dtype dtype)
{
    return dtype == VCL_U8 ? 1 : sizeof(float);
}

size_t vcl_examples_stride(const struct vcl_examples *examples)
{
    return vcl_shape_size(examples->shape) * item_size(examples->dtype);
}

enum vcl_status vcl_examples_init(struct vcl_examples *examples, size_t count,
                                  struct vcl_shape shape, enum vcl_dtype dtype,
                                  struct vcl_error *err)
{
    /* Two factors of 32 bits always fit; the third may not. */
    uint64_t plane = (uint64_t)shape.height * shape.width;
    uint64_t pixel = (uint64_t)shape.channels * item_size(dtype);
    if (pixel && plane > SIZE_MAX / pixel)
        return ERR(err, VCL_E_RANGE, "examples of %u x %u x %u values do not fit into memory",
                   shape.height, shape.width, shape.channels);
    *examples = (struct vcl_examples){.count = count, .shape = shape, .dtype = dtype};
    enum vcl_status r = vcl_alloc(count, (size_t)(plane * pixel), &examples->values, err);
    examples->room = r == VCL_OK ? count * (size_t)(plane * pixel) : 0;
    return r;
}

void vcl_examples_finish(struct vcl_examples *examples)
{
    if (!examples)
        return;
    free(examples->values);
    free(examples->labels);
    *examples = (struct vcl_examples){0};
}

static enum vcl_status check_alike(const struct vcl_examples *a, struct vcl_shape b,
                                   enum vcl_dtype dtype, const char *name, struct vcl_error *err)
{
    if (memcmp(&a->shape, &b, sizeof b) != 0)
        return ERR(err, VCL_E_SHAPE,
                   "'%s': examples are %u x %u x %u in one part and %u x %u x %u in the other",
                   name, a->shape.height, a->shape.width, a->shape.channels, b.height, b.width,
                   b.channels);
    if (a->dtype != dtype)
        return ERR(err, VCL_E_SHAPE, "'%s': bytes in one part, float32 in the other", name);
    return VCL_OK;
}

/* In steps of an eighth, so that adding one by one is fast. */
static enum vcl_status make_room(struct vcl_examples *examples, size_t more, const char *name,
                                 struct vcl_error *err)
{
    size_t stride = vcl_examples_stride(examples), most = SIZE_MAX / stride;
    if (more > most || examples->count > most - more)
        return ERR(err, VCL_E_RANGE, "'%s': the examples do not fit into memory", name);
    size_t need = (examples->count + more) * stride, room = examples->room + examples->room / 8;
    if (need <= examples->room)
        return VCL_OK;
    room = room < need ? need : room;
    void *values = realloc(examples->values, room);
    if (!values)
        return ERR(err, VCL_E_NOMEM, "'%s': cannot allocate %zu bytes of host memory", name, room);
    examples->values = values;
    examples->room = room;
    return VCL_OK;
}

enum vcl_status vcl_examples_extend(struct vcl_examples *examples, size_t more,
                                    struct vcl_shape shape, enum vcl_dtype dtype, const char *name,
                                    struct vcl_error *err)
{
    enum vcl_status r;
    if (examples->count == 0) {
        vcl_examples_finish(examples);
        r = vcl_examples_init(examples, more, shape, dtype, err);
        if (r < 0)
            *examples = (struct vcl_examples){0};
        return r < 0 ? vcl_error_wrap(err, r, "'%s'", name) : r;
    }
    TRY(check_alike(examples, shape, dtype, name, err));
    TRY(make_room(examples, more, name, err));
    examples->count += more;
out:
    return r;
}

void vcl_examples_cut(struct vcl_examples *examples, size_t count)
{
    if (count == 0)
        vcl_examples_finish(examples);
    else
        examples->count = count;
}

enum vcl_status vcl_examples_label(struct vcl_examples *examples, size_t first,
                                   const int32_t *labels, const char *name, struct vcl_error *err)
{
    if (first && !examples->labels != !labels)
        return ERR(err, VCL_E_SHAPE, "'%s': labels in one part only", name);
    if (!labels)
        return VCL_OK;
    int32_t *all = realloc(examples->labels, examples->count * sizeof *all);
    if (!all)
        return ERR(err, VCL_E_NOMEM, "'%s': no memory for labels", name);
    memcpy(all + first, labels, (examples->count - first) * sizeof *all);
    examples->labels = all;
    return VCL_OK;
}

static bool is_kept(size_t i, size_t every, bool invert)
{
    return ((i + 1) % every == 0) != invert;
}

void vcl_examples_keep_every(struct vcl_examples *examples, size_t every, bool invert)
{
    size_t kept = 0, stride = vcl_examples_stride(examples);
    char *values = examples->values;
    for (size_t i = 0; i < examples->count; i++) {
        if (!is_kept(i, every, invert))
            continue;
        memmove(values + kept * stride, values + i * stride, stride);
        if (examples->labels)
            examples->labels[kept] = examples->labels[i];
        kept++;
    }
    examples->count = kept;
}

enum vcl_status vcl_examples_copy_every(const struct vcl_examples *examples, size_t every,
                                        bool invert, struct vcl_examples *ret_copy,
                                        struct vcl_error *err)
{
    size_t stride = vcl_examples_stride(examples), kept = 0;
    size_t of_every = examples->count / every;
    struct vcl_examples copy = {0};
    enum vcl_status r;
    TRY(vcl_examples_init(&copy, invert ? examples->count - of_every : of_every, examples->shape,
                          examples->dtype, err));
    if (examples->labels)
        TRY(vcl_alloc(copy.count, sizeof *copy.labels, &copy.labels, err));
    for (size_t i = 0; i < examples->count; i++) {
        if (!is_kept(i, every, invert))
            continue;
        memcpy((char *)copy.values + kept * stride, (const char *)examples->values + i * stride,
               stride);
        if (copy.labels)
            copy.labels[kept] = examples->labels[i];
        kept++;
    }
    *ret_copy = copy;
    copy = (struct vcl_examples){0};
out:
    vcl_examples_finish(&copy);
    return r;
}

void vcl_examples_trim(struct vcl_examples *examples)
{
    size_t size = examples->count * vcl_examples_stride(examples);
    void *values = size ? realloc(examples->values, size) : NULL;
    if (values) {
        examples->values = values;
        examples->room = size;
    }
}

enum vcl_status vcl_examples_check(const char *name, size_t count, size_t columns,
                                   enum vcl_dtype dtype, const void *values, struct vcl_error *err)
{
    if (count == 0 || columns == 0)
        return ERR(err, VCL_E_FORMAT, "'%s': holds no examples (%zu of %zu values)", name, count,
                   columns);
    if (dtype == VCL_U8)
        return VCL_OK;
    const float *floats = values;
    for (size_t i = 0; i < count * columns; i++) {
        if (!isfinite(floats[i]))
            return ERR(err, VCL_E_NUMERIC, "'%s': example %zu, column %zu is %s", name, i / columns,
                       i % columns, isnan(floats[i]) ? "NaN" : "infinite");
    }
    return VCL_OK;
}

enum vcl_status vcl_labels_check(const char *name, const int32_t *labels, size_t count,
                                 int32_t *ret_classes, struct vcl_error *err)
{
    int32_t largest = 0;
    for (size_t i = 0; i < count; i++) {
        if (labels[i] < 0 || labels[i] == INT32_MAX)
            return ERR(err, VCL_E_RANGE, "'%s': label of example %zu is %d, outside 0 to %d", name,
                       i, labels[i], INT32_MAX - 1);
        if (labels[i] > largest)
            largest = labels[i];
    }
    *ret_classes = largest + 1;
    return VCL_OK;
}
