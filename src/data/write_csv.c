/* SPDX-License-Identifier: MIT
 *
 * Comma-separated text: a line of names (x0, x1 ... and label), then a line an example. Nine
 * digits bring every float back exactly.
 */
#include "base/str.h"
#include "base/writer.h"
#include "data/writers.h"
#include "writers.rows.h"

static void add_names(const struct vcl_array *array, struct vcl_str *out)
{
    size_t width = vcl_shape_size(array->shape);
    for (size_t j = 0; j < width; j++)
        vcl_str_add(out, "%sx%zu", j ? "," : "", j);
    vcl_str_add(out, "%s\n", array->labels ? ",label" : "");
}

static void add_example(const struct vcl_array *array, size_t i, struct vcl_str *out)
{
    size_t width = vcl_shape_size(array->shape);
    for (size_t j = 0; j < width; j++)
        vcl_str_add(out, "%s%.9g", j ? "," : "", (double)array->values[i * width + j]);
    if (array->labels)
        vcl_str_add(out, ",%d", array->labels[i]);
    vcl_str_add(out, "\n");
}

static enum vcl_status write_lines(const struct vcl_array *array, struct vcl_writer *writer,
                                   struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_str line = {0};
    add_names(array, &line);
    for (size_t i = 0; i <= array->count; i++) {
        TRY(vcl_str_check(&line, err));
        TRY(vcl_writer_add(writer, line.text, line.len, err));
        line.len = 0;
        if (i < array->count)
            add_example(array, i, &line);
    }
out:
    vcl_str_finish(&line);
    return r;
}

static enum vcl_status write_array(const struct vcl_writing *writing, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_writer writer = {0};
    TRY(vcl_writer_init(&writer, writing->path, writing->replace, err));
    TRY(write_lines(writing->array, &writer, err));
    TRY(vcl_writer_commit(&writer, err));
out:
    vcl_writer_finish(&writer);
    return r;
}

const struct vcl_writer_def vcl_writer_csv = {
    .name = "csv",
    .help = "a line of numbers each",
    .extensions = {".csv"},
    .write = write_array,
};
