/* SPDX-License-Identifier: MIT
 *
 * JPEG by libjpeg: grey or RGB. libjpeg only warns when a file is damaged or cut short and makes up
 * the missing pixels; here that is an error.
 */
#include <stdio.h>

#include <jpeglib.h>

#include <jerror.h>
#include <setjmp.h>

#include "data/picture.h"

/* A progressive file may repeat the whole picture thousands of times to waste our time. */
enum { MAX_SCANS = 100 };

struct decoding {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    char reason[JMSG_LENGTH_MAX];
};

static void on_error(j_common_ptr jpeg)
{
    struct decoding *d = jpeg->client_data;
    d->errors.format_message(jpeg, d->reason);
    longjmp(d->escape, 1);
}

/* Level -1 is a warning, 0 and above are traces. */
static void on_message(j_common_ptr jpeg, int level)
{
    int code = jpeg->err->msg_code;
    bool harmless = code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR;
    if (level < 0 && !harmless)
        on_error(jpeg);
}

static void on_progress(j_common_ptr jpeg)
{
    struct decoding *d = jpeg->client_data;
    if (d->jpeg.input_scan_number > MAX_SCANS) {
        snprintf(d->reason, sizeof d->reason, "more than %d scans", MAX_SCANS);
        longjmp(d->escape, 1);
    }
}

static int probe(const unsigned char *head, size_t n)
{
    return n >= 3 && head[0] == 0xff && head[1] == 0xd8 && head[2] == 0xff ? 90 : 0;
}

static void init(struct decoding *d)
{
    d->jpeg.err = jpeg_std_error(&d->errors);
    d->errors.error_exit = on_error;
    d->errors.emit_message = on_message;
    d->progress.progress_monitor = on_progress;
    d->jpeg.client_data = d;
}

static enum vcl_status failure(const struct decoding *d, const struct vcl_blob *blob,
                               struct vcl_error *err)
{
    return ERR(err, VCL_E_FORMAT, "'%s': damaged JPEG (%s)", blob->name, d->reason);
}

static enum vcl_status read_header(struct decoding *d, const struct vcl_blob *blob,
                                   struct vcl_error *err)
{
    if (setjmp(d->escape))
        return failure(d, blob, err);
    jpeg_create_decompress(&d->jpeg);
    d->jpeg.progress = &d->progress;
    jpeg_mem_src(&d->jpeg, blob->data, blob->size);
    jpeg_read_header(&d->jpeg, TRUE);
    if (d->jpeg.num_components != 1 && d->jpeg.num_components != 3)
        return ERR(err, VCL_E_UNSUPPORTED,
                   "'%s': JPEG with %d components (CMYK?), only grey and colour are supported",
                   blob->name, d->jpeg.num_components);
    d->jpeg.out_color_space = d->jpeg.num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return VCL_OK;
}

/* A Huffman code has a bit at least, and each block of 8 x 8 pixels has a code. */
static enum vcl_status check_size(const struct decoding *d, const struct vcl_blob *blob,
                                  struct vcl_error *err)
{
    uint64_t blocks = (uint64_t)d->jpeg.image_width / 8 * (d->jpeg.image_height / 8);
    if (!d->jpeg.arith_code && blocks / 8 > blob->size)
        return ERR(err, VCL_E_FORMAT,
                   "'%s': header promises %u x %u pixels, more than its %zu bytes can hold",
                   blob->name, d->jpeg.image_width, d->jpeg.image_height, blob->size);
    return VCL_OK;
}

static enum vcl_status read_pixels(struct decoding *d, const struct vcl_blob *blob,
                                   struct vcl_examples *picture, struct vcl_error *err)
{
    if (setjmp(d->escape))
        return failure(d, blob, err);
    size_t stride = (size_t)picture->shape.width * picture->shape.channels;
    jpeg_start_decompress(&d->jpeg);
    while (d->jpeg.output_scanline < d->jpeg.output_height) {
        JSAMPROW row = (unsigned char *)picture->values + d->jpeg.output_scanline * stride;
        jpeg_read_scanlines(&d->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&d->jpeg);
    return VCL_OK;
}

static enum vcl_status read_jpeg(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                                 struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct decoding d = {0};
    struct vcl_examples picture = {0};
    init(&d);
    TRY(read_header(&d, blob, err));
    TRY(check_size(&d, blob, err));
    TRY(vcl_picture_init(&picture, blob, d.jpeg.image_width, d.jpeg.image_height,
                         (uint32_t)d.jpeg.num_components, err));
    TRY(read_pixels(&d, blob, &picture, err));
    *ret_examples = picture;
    picture = (struct vcl_examples){0};
out:
    vcl_examples_finish(&picture);
    jpeg_destroy_decompress(&d.jpeg);
    return r;
}

const struct vcl_format_def vcl_format_jpeg = {
    .name = "jpeg",
    .help = "JPEG",
    .image = true,
    .probe = probe,
    .read = read_jpeg,
};
