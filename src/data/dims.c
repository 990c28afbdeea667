/* SPDX-License-Identifier: MIT */
#include "data/dims.h"

#include <inttypes.h>
#include <stdio.h>

enum { DIMS_TEXT = VCL_MAX_DIMS * 24 };

/* "60000 x 28 x 28" */
static void dims_text(const struct vcl_dims *dims, char text[DIMS_TEXT])
{
    int at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < dims->n; i++)
        at += snprintf(text + at, (size_t)(DIMS_TEXT - at), "%s%" PRIu64, i ? " x " : "",
                       dims->size[i]);
}

uint64_t vcl_dims_file_size(const struct vcl_dims *dims, size_t header, size_t item_size)
{
    uint64_t product = item_size;
    for (size_t i = 0; i < dims->n; i++) {
        if (dims->size[i] == 0)
            return header;
    }
    for (size_t i = 0; i < dims->n; i++) {
        if (product > UINT64_MAX / dims->size[i])
            return UINT64_MAX;
        product *= dims->size[i];
    }
    return product > UINT64_MAX - header ? UINT64_MAX : product + header;
}

enum vcl_status vcl_dims_broken(const struct vcl_dims *dims, const char *name, size_t item_size,
                                uint64_t held, bool more, struct vcl_error *err)
{
    char text[DIMS_TEXT], unit[40] = "bytes";
    bool too_short = held < vcl_dims_file_size(dims, 0, item_size);
    dims_text(dims, text);
    if (item_size > 1)
        snprintf(unit, sizeof unit, "values of %zu bytes", item_size);
    enum vcl_status r =
        ERR(err, VCL_E_FORMAT, "'%s': header promises %s %s, file holds %s%" PRIu64 "%s", name,
            text, unit, more ? "at least " : "", held, item_size > 1 ? " bytes" : "");
    return vcl_error_hint(err, r, "%s",
                          too_short ? "the file is cut short or its header is wrong: fetch it again"
                                    : "bytes follow the data, or the header is wrong");
}

enum vcl_status vcl_dims_check(const struct vcl_dims *dims, const char *name, struct vcl_error *err)
{
    char text[DIMS_TEXT];
    dims_text(dims, text);
    for (size_t i = 0; i < dims->n; i++) {
        if (dims->size[i] == 0)
            return ERR(err, VCL_E_FORMAT, "'%s': holds no examples (%s)", name, text);
        if (i > 0 && dims->size[i] > UINT32_MAX)
            return ERR(err, VCL_E_FORMAT, "'%s': dimension %zu of %s is too large", name, i, text);
    }
    return VCL_OK;
}

enum vcl_status vcl_dims_extend(const struct vcl_dims *dims, const char *name, enum vcl_dtype dtype,
                                struct vcl_examples *examples, struct vcl_error *err)
{
    uint32_t size[VCL_MAX_DIMS] = {0, 1, 1, 1};
    for (size_t i = 1; i < dims->n; i++)
        size[i] = (uint32_t)dims->size[i];
    struct vcl_shape shape = {size[1], size[2], size[3]};
    if (dims->n == 2)
        shape = (struct vcl_shape){1, size[1], 1};
    return vcl_examples_extend(examples, (size_t)dims->size[0], shape, dtype, name, err);
}
