/* SPDX-License-Identifier: MIT
 *
 * A PNG of all pictures in a grid. No time stamp, and fixed filters and compression, so that equal
 * arrays give equal files.
 */
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/writer.h"
#include "data/grid.h"
#include "data/writers.h"
#include "writers.rows.h"

/* libpng's own limit for both sides. */
enum { MAX_SIDE = 1000000 };

/* Everything that must survive a longjmp out of libpng lives here. */
struct encoding {
    const char *path;
    struct vcl_grid grid;
    struct vcl_writer writer;
    png_structp png;
    png_infop info;
    unsigned char *row;
    enum vcl_status status; /* why writing stopped, told in `err` already */
    struct vcl_error *err;
};

static void on_error(png_structp png, png_const_charp reason)
{
    struct encoding *e = png_get_error_ptr(png);
    if (e->status == VCL_OK)
        e->status = ERR(e->err, VCL_E_IO, "'%s': libpng cannot write it (%s)", e->path, reason);
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp reason)
{
    (void)png;
    (void)reason;
}

static void on_write(png_structp png, png_bytep data, size_t n)
{
    struct encoding *e = png_get_io_ptr(png);
    e->status = vcl_writer_add(&e->writer, data, n, e->err);
    if (e->status < 0)
        png_error(png, "cannot write");
}

static void on_flush(png_structp png)
{
    (void)png;
}

static enum vcl_status check_shape(const struct vcl_writing *writing, struct vcl_error *err)
{
    struct vcl_shape s = writing->array->shape;
    if (s.height > 1 && (s.channels == 1 || s.channels == 3))
        return VCL_OK;
    enum vcl_status r =
        s.height == 1
            ? ERR(err, VCL_E_SHAPE, "'%s': rows of a table are no pictures", writing->path)
            : ERR(err, VCL_E_SHAPE, "'%s': pictures have 1 or 3 channels, these have %u",
                  writing->path, s.channels);
    return vcl_error_hint(err, r, "write .npy or .csv");
}

static enum vcl_status init(struct encoding *e, const struct vcl_writing *writing)
{
    enum vcl_status r = VCL_OK;
    e->grid = vcl_grid_of(writing->array, writing->columns);
    if (e->grid.width > MAX_SIDE || e->grid.height > MAX_SIDE) {
        r = ERR(e->err, VCL_E_RANGE, "'%s': a grid of %zu x %zu pictures is too large for a PNG",
                writing->path, e->grid.columns, e->grid.rows);
        return vcl_error_hint(e->err, r, "write fewer pictures, or .npy");
    }
    TRY(vcl_alloc((size_t)e->grid.width, writing->array->shape.channels, &e->row, e->err));
    TRY(vcl_writer_init(&e->writer, writing->path, writing->replace, e->err));
    e->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, e, on_error, on_warning);
    e->info = e->png ? png_create_info_struct(e->png) : NULL;
    if (!e->info)
        FAIL(e->err, VCL_E_NOMEM, "'%s': no memory for libpng", writing->path);
out:
    return r;
}

static void finish(struct encoding *e)
{
    png_destroy_write_struct(&e->png, &e->info);
    vcl_writer_finish(&e->writer);
    free(e->row);
}

static enum vcl_status encode(struct encoding *e)
{
    if (setjmp(png_jmpbuf(e->png)))
        return e->status;
    png_set_write_fn(e->png, e, on_write, on_flush);
    png_set_compression_level(e->png, 6);
    png_set_filter(e->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
    png_set_IHDR(e->png, e->info, (png_uint_32)e->grid.width, (png_uint_32)e->grid.height, 8,
                 e->grid.array->shape.channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(e->png, e->info);
    for (uint64_t y = 0; y < e->grid.height; y++) {
        vcl_grid_row(&e->grid, y, e->row);
        png_write_row(e->png, e->row);
    }
    png_write_end(e->png, NULL);
    return VCL_OK;
}

static enum vcl_status write_array(const struct vcl_writing *writing, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct encoding e = {.path = writing->path, .err = err};
    TRY(check_shape(writing, err));
    TRY(vcl_array_check_finite(writing, err));
    TRY(init(&e, writing));
    TRY(encode(&e));
    TRY(vcl_writer_commit(&e.writer, err));
out:
    finish(&e);
    return r;
}

const struct vcl_writer_def vcl_writer_png = {
    .name = "png",
    .help = "pictures, as a grid",
    .extensions = {".png"},
    .write = write_array,
};
