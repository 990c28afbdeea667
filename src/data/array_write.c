/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "data/writers.h"
#include "writers.rows.h"

static const struct vcl_writer_def *const writers[] = {
#define X(name) &vcl_writer_##name,
    WRITERS(X)
#undef X
        NULL,
};

const char *const *vcl_array_extensions(void)
{
    static const char *all[VCL_WRITER_EXTENSIONS * sizeof writers / sizeof *writers];
    size_t n = 0; /* the same values at each call */
    for (const struct vcl_writer_def *const *writer = writers; *writer; writer++) {
        for (const char *const *extension = (*writer)->extensions; *extension; extension++)
            all[n++] = *extension;
    }
    return all;
}

unsigned char vcl_unit_to_byte(float value)
{
    float clamped = value < 0 ? 0 : value > 1 ? 1 : value;
    return (unsigned char)(clamped * 255 + 0.5f);
}

enum vcl_status vcl_array_check_finite(const struct vcl_writing *writing, struct vcl_error *err)
{
    size_t width = vcl_shape_size(writing->array->shape);
    for (size_t i = 0; i < writing->array->count * width; i++) {
        if (!isfinite(writing->array->values[i]))
            return ERR(err, VCL_E_NUMERIC, "'%s': example %zu, column %zu is %s", writing->path,
                       i / width, i % width, isnan(writing->array->values[i]) ? "NaN" : "infinite");
    }
    return VCL_OK;
}

static enum vcl_status unknown_extension(const char *path, struct vcl_error *err)
{
    struct vcl_str known = {0};
    for (const char *const *extension = vcl_array_extensions(); *extension; extension++)
        vcl_str_add(&known, "%s%s", known.len ? ", " : "", *extension);
    enum vcl_status r =
        ERR(err, VCL_E_ARG, "'%s': the extension does not tell how to write it", path);
    r = vcl_error_hint(err, r, "choose from %s", known.text ? known.text : "");
    vcl_str_finish(&known);
    return r;
}

enum vcl_status vcl_array_write(const char *path, const struct vcl_array *array, uint32_t columns,
                                bool replace, struct vcl_error *err)
{
    const struct vcl_writing writing = {path, array, columns, replace};
    if (array->count == 0 || vcl_shape_size(array->shape) == 0)
        return ERR(err, VCL_E_ARG, "'%s': there is nothing to write", path);
    for (const struct vcl_writer_def *const *writer = writers; *writer; writer++) {
        for (const char *const *extension = (*writer)->extensions; *extension; extension++) {
            if (vcl_ends_with(path, *extension))
                return (*writer)->write(&writing, err);
        }
    }
    return unknown_extension(path, err);
}
