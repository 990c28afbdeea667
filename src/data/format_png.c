/* SPDX-License-Identifier: MIT
 *
 * PNG by libpng: grey or RGB of 8 bits. Palettes and fewer bits are expanded, 16 bits scaled to 8.
 * An alpha channel that is opaque everywhere is dropped; real transparency is refused, because what
 * lies under it is not what a person saw.
 */
#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "data/picture.h"

/* Everything that must survive a longjmp out of libpng lives here. */
struct decoding {
    const struct vcl_blob *blob;
    size_t at;
    png_structp png;
    png_infop info;
    unsigned char *pixels; /* (height, width, channels) as libpng gives them, with alpha */
    png_bytep *rows;
    char reason[128];
};

static void on_error(png_structp png, png_const_charp reason)
{
    struct decoding *d = png_get_error_ptr(png);
    size_t len = strlen(reason);
    len = len < sizeof d->reason ? len : sizeof d->reason - 1;
    memcpy(d->reason, reason, len);
    d->reason[len] = '\0';
    png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp reason)
{
    (void)png;
    (void)reason;
}

static void on_read(png_structp png, png_bytep to, size_t n)
{
    struct decoding *d = png_get_io_ptr(png);
    if (n > d->blob->size - d->at)
        png_error(png, "the file is cut short");
    memcpy(to, d->blob->data + d->at, n);
    d->at += n;
}

static int probe(const unsigned char *head, size_t n)
{
    return n >= 8 && png_sig_cmp(head, 0, 8) == 0 ? 100 : 0;
}

static enum vcl_status init(struct decoding *d, struct vcl_error *err)
{
    d->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, d, on_error, on_warning);
    d->info = d->png ? png_create_info_struct(d->png) : NULL;
    if (!d->info)
        return ERR(err, VCL_E_NOMEM, "'%s': no memory for libpng", d->blob->name);
    return VCL_OK;
}

static void finish(struct decoding *d)
{
    png_destroy_read_struct(&d->png, &d->info, NULL);
    free(d->pixels);
    free(d->rows);
}

static enum vcl_status failure(const struct decoding *d, struct vcl_error *err)
{
    return ERR(err, VCL_E_FORMAT, "'%s': damaged PNG (%s)", d->blob->name, d->reason);
}

static enum vcl_status read_header(struct decoding *d, struct vcl_error *err)
{
    if (setjmp(png_jmpbuf(d->png)))
        return failure(d, err);
    png_set_read_fn(d->png, d, on_read);
    png_read_info(d->png, d->info);
    return VCL_OK;
}

/* Deflate makes at most 1032 bytes of one, so the header can be weighed against the file. */
static enum vcl_status check_size(const struct decoding *d, struct vcl_error *err)
{
    uint32_t width = png_get_image_width(d->png, d->info);
    uint32_t height = png_get_image_height(d->png, d->info);
    uint64_t promised = (uint64_t)png_get_rowbytes(d->png, d->info) * height;
    if (promised / 1032 > d->blob->size)
        return ERR(err, VCL_E_FORMAT,
                   "'%s': header promises %u x %u pixels, more than its %zu bytes can hold",
                   d->blob->name, width, height, d->blob->size);
    return VCL_OK;
}

static enum vcl_status ask_for_bytes(struct decoding *d, struct vcl_error *err)
{
    if (setjmp(png_jmpbuf(d->png)))
        return failure(d, err);
    png_set_expand(d->png);
    png_set_scale_16(d->png);
    png_set_interlace_handling(d->png);
    png_read_update_info(d->png, d->info);
    return VCL_OK;
}

static enum vcl_status alloc_rows(struct decoding *d, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    size_t height = png_get_image_height(d->png, d->info);
    size_t stride = png_get_rowbytes(d->png, d->info);
    TRY(vcl_alloc(height, stride, &d->pixels, err));
    TRY(vcl_alloc(height, sizeof *d->rows, &d->rows, err));
    for (size_t y = 0; y < height; y++)
        d->rows[y] = d->pixels + y * stride;
out:
    return r;
}

static enum vcl_status read_pixels(struct decoding *d, struct vcl_error *err)
{
    if (setjmp(png_jmpbuf(d->png)))
        return failure(d, err);
    png_read_image(d->png, d->rows);
    png_read_end(d->png, NULL);
    return VCL_OK;
}

/* Copies grey or colour and refuses pixels that are not opaque. */
static enum vcl_status drop_alpha(const struct decoding *d, unsigned from_channels,
                                  struct vcl_examples *picture, struct vcl_error *err)
{
    size_t n = (size_t)picture->shape.height * picture->shape.width;
    unsigned to_channels = picture->shape.channels;
    const unsigned char *from = d->pixels;
    unsigned char *to = picture->values;
    for (size_t i = 0; i < n; i++, from += from_channels, to += to_channels) {
        memcpy(to, from, to_channels);
        if (from_channels > to_channels && from[to_channels] != 255) {
            enum vcl_status r =
                ERR(err, VCL_E_UNSUPPORTED, "'%s': has transparent pixels", d->blob->name);
            return vcl_error_hint(err, r, "flatten the picture onto a background first");
        }
    }
    return VCL_OK;
}

static enum vcl_status read_png(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct decoding d = {.blob = blob};
    struct vcl_examples picture = {0};
    TRY(init(&d, err));
    TRY(read_header(&d, err));
    TRY(check_size(&d, err));
    TRY(ask_for_bytes(&d, err));
    unsigned channels = png_get_channels(d.png, d.info);
    TRY(vcl_picture_init(&picture, blob, png_get_image_width(d.png, d.info),
                         png_get_image_height(d.png, d.info), channels < 3 ? 1 : 3, err));
    TRY(alloc_rows(&d, err));
    TRY(read_pixels(&d, err));
    TRY(drop_alpha(&d, channels, &picture, err));
    *ret_examples = picture;
    picture = (struct vcl_examples){0};
out:
    vcl_examples_finish(&picture);
    finish(&d);
    return r;
}

const struct vcl_format_def vcl_format_png = {
    .name = "png",
    .help = "PNG",
    .image = true,
    .probe = probe,
    .read = read_png,
};
