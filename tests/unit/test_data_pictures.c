/* SPDX-License-Identifier: MIT
 *
 * Single pictures: PNG, JPEG, PGM and PPM.
 */
#include <stdio.h>

#include <jpeglib.h>

#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "test_data.h"

/* Writes rows exactly as they are, for kinds of PNG that libpng's simple interface does not make.
 */
static void put_raw_png(const char *name, unsigned width, unsigned height, int depth, int colour,
                        const unsigned char *rows, size_t stride)
{
    FILE *file = fopen(test_path(name), "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, width, height, depth, colour, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    const png_color palette[] = {{255, 0, 0}, {0, 255, 0}, {1, 2, 3}};
    if (colour == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 3);
    png_write_info(png, info);
    for (unsigned y = 0; y < height; y++)
        png_write_row(png, rows + y * stride);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

static void check_pixels(const char *name, const char *format, struct vcl_shape shape,
                         const void *pixels)
{
    struct vcl_dataset *set = test_open(name, "all");
    assert_string_equal(set->format, format);
    assert_int_equal(set->count, 1);
    assert_int_equal(set->dtype, VCL_U8);
    assert_memory_equal(&set->shape, &shape, sizeof shape);
    assert_memory_equal(set->values, pixels, vcl_shape_size(shape));
    vcl_dataset_destroy(&set);
}

static void test_png_kinds(void **state)
{
    (void)state;
    put_raw_png("grey.png", 3, 2, 8, PNG_COLOR_TYPE_GRAY, (const unsigned char *)"abcdef", 3);
    check_pixels("grey.png", "png", (struct vcl_shape){2, 3, 1}, "abcdef");
    put_raw_png("rgb.png", 1, 2, 8, PNG_COLOR_TYPE_RGB, (const unsigned char *)"abcdef", 3);
    check_pixels("rgb.png", "png", (struct vcl_shape){2, 1, 3}, "abcdef");
    put_raw_png("deep.png", 2, 1, 16, PNG_COLOR_TYPE_GRAY,
                (const unsigned char *)"\xff\xff\x80\x80", 4);
    check_pixels("deep.png", "png", (struct vcl_shape){1, 2, 1}, "\xff\x80");
    put_raw_png("bits.png", 4, 1, 1, PNG_COLOR_TYPE_GRAY, (const unsigned char *)"\x50", 1);
    check_pixels("bits.png", "png", (struct vcl_shape){1, 4, 1}, "\0\xff\0\xff");
    put_raw_png("palette.png", 2, 1, 8, PNG_COLOR_TYPE_PALETTE, (const unsigned char *)"\2\1", 2);
    check_pixels("palette.png", "png", (struct vcl_shape){1, 2, 3}, "\1\2\3\0\xff\0");
}

static void test_png_alpha(void **state)
{
    (void)state;
    put_raw_png("opaque.png", 2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA,
                (const unsigned char *)"abc\xff"
                                       "def\xff",
                8);
    check_pixels("opaque.png", "png", (struct vcl_shape){1, 2, 3}, "abcdef");
    put_raw_png("opaque2.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA,
                (const unsigned char *)"a\xff"
                                       "b\xff",
                4);
    check_pixels("opaque2.png", "png", (struct vcl_shape){1, 2, 1}, "ab");
    put_raw_png("glass.png", 2, 1, 8, PNG_COLOR_TYPE_RGB_ALPHA,
                (const unsigned char *)"abc\xff"
                                       "def\x7f",
                8);
    test_refused("glass.png", VCL_E_UNSUPPORTED, "has transparent pixels");
    put_raw_png("mist.png", 2, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA,
                (const unsigned char *)"a\xff"
                                       "b\xfe",
                4);
    test_refused("mist.png", VCL_E_UNSUPPORTED, "has transparent pixels");
}

static void test_png_damaged(void **state)
{
    const unsigned char pixels[400] = {1, 2, 3};
    size_t size;
    (void)state;
    put_raw_png("ok.png", 20, 20, 8, PNG_COLOR_TYPE_GRAY, pixels, 20);
    unsigned char *data = test_get("ok.png", &size);
    test_put("cut.png", data, size - 20);
    test_refused("cut.png", VCL_E_FORMAT, "damaged PNG (the file is cut short)");
    test_put("cut.png", data, size - 12);
    test_refused("cut.png", VCL_E_FORMAT, "damaged PNG (the file is cut short)");
    test_put("cut.png", data, 20);
    test_refused("cut.png", VCL_E_FORMAT, "damaged PNG");
    data[45] ^= 1; /* within the compressed pixels */
    test_put("flip.png", data, size);
    test_refused("flip.png", VCL_E_FORMAT, "damaged PNG");
    free(data);
}

/* A PNG whose header is rewritten to promise a picture of 60,000 x 60,000. */
static void test_png_lying(void **state)
{
    size_t size;
    (void)state;
    test_put_png("lie.png", 20, 20, 7);
    unsigned char *data = test_get("lie.png", &size);
    for (int i = 16; i < 24; i += 4)
        memcpy(data + i, "\0\0\xea\x60", 4);
    uint32_t crc = 0xffffffff;
    for (int i = 12; i < 29; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    for (int i = 0; i < 4; i++)
        data[29 + i] = (unsigned char)(~crc >> (24 - 8 * i));
    test_put("lie.png", data, size);
    test_refused("lie.png", VCL_E_FORMAT, "header promises 60000 x 60000 pixels, more than");
    free(data);
}

static void put_jpeg(const char *name, int components, J_COLOR_SPACE space, unsigned char value)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char row[16 * 4];
    JSAMPROW rows[1] = {row};
    memset(row, value, sizeof row);
    FILE *file = fopen(test_path(name), "wb");
    assert_non_null(file);
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = 16;
    jpeg.image_height = 8;
    jpeg.input_components = components;
    jpeg.in_color_space = space;
    jpeg_set_defaults(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    while (jpeg.next_scanline < 8)
        jpeg_write_scanlines(&jpeg, rows, 1);
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

static void test_jpeg(void **state)
{
    unsigned char pixels[16 * 8 * 3];
    size_t size;
    (void)state;
    memset(pixels, 130, sizeof pixels);
    put_jpeg("grey.jpg", 1, JCS_GRAYSCALE, 130);
    check_pixels("grey.jpg", "jpeg", (struct vcl_shape){8, 16, 1}, pixels);
    put_jpeg("rgb.jpg", 3, JCS_RGB, 130);
    check_pixels("rgb.jpg", "jpeg", (struct vcl_shape){8, 16, 3}, pixels);
    put_jpeg("cmyk.jpg", 4, JCS_CMYK, 130);
    test_refused("cmyk.jpg", VCL_E_UNSUPPORTED, "JPEG with 4 components");

    unsigned char *data = test_get("rgb.jpg", &size);
    test_put("cut.jpg", data, size - 10);
    test_refused("cut.jpg", VCL_E_FORMAT, "damaged JPEG");
    test_put("cut.jpg", data, 30);
    test_refused("cut.jpg", VCL_E_FORMAT, "damaged JPEG");
    for (size_t i = 0; i + 9 < size; i++) {
        if (data[i] == 0xff && data[i + 1] == 0xc0)
            memcpy(data + i + 5, "\xf0\x00\xf0\x00", 4);
    }
    test_put("lie.jpg", data, size);
    test_refused("lie.jpg", VCL_E_FORMAT, "header promises 61440 x 61440 pixels, more than");
    free(data);
}

static void test_pgm(void **state)
{
    static const struct {
        const char *file, *pixels;
        size_t size;
        struct vcl_shape shape;
    } cases[] = {
        {"P5 3 1 255\nabc", "abc", 14, {1, 3, 1}},
        {"P5\n# a comment\n1 # another\n3\n255\nabc", "abc", 36, {3, 1, 1}},
        {"P6 1 2 255 abcdef", "abcdef", 17, {2, 1, 3}},
        {"P2 2 2 15 0 15\n# between\n 5 10\n\n", "\0\xff\x55\xaa", 32, {2, 2, 1}},
        {"P3 1 1 255 1 2 3", "\1\2\3", 16, {1, 1, 3}},
        {"P5 2 1 65535 \xff\xff\x80\x80", "\xff\x80", 17, {1, 2, 1}},
        {"P5 2 1 1 \1\0", "\xff\0", 11, {1, 2, 1}},
        /* To the nearest: 127.5 up, 145.71 up, 109.29 down, 36.43 down. */
        {"P2 1 1 2 1", "\x80", 10, {1, 1, 1}},
        {"P2 3 1 7 4 3 1", "\x92\x6d\x24", 14, {1, 3, 1}},
        {"P5 2 1 1000 \x01\xf2\x01\xf6", "\x7f\x80", 16, {1, 2, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_put("x.pgm", cases[i].file, cases[i].size);
        check_pixels("x.pgm", "pgm", cases[i].shape, cases[i].pixels);
    }
    test_put_gz("x.pgm.gz", "P5 3 1 255\nabc", 14);
    check_pixels("x.pgm.gz", "pgm", (struct vcl_shape){1, 3, 1}, "abc");
}

static void test_pgm_malformed(void **state)
{
    static const struct {
        const char *file, *part;
        enum vcl_status status;
    } cases[] = {
        {"P5 3 2 255 abc", "header promises 3 x 2 x 1 bytes, file holds 3", VCL_E_FORMAT},
        {"P5 1 1 255 abc", "header promises 1 x 1 x 1 bytes, file holds 3", VCL_E_FORMAT},
        {"P5 1 1 256 a", "header promises 1 x 1 x 1 values of 2 bytes", VCL_E_FORMAT},
        {"P6 1000000 1000000 255 abc", "header promises 1000000 x 1000000 x 3", VCL_E_FORMAT},
        {"P2 1000 1000 255 1 2 3", "header promises 1000 x 1000 x 1 numbers", VCL_E_FORMAT},
        {"P5 0 2 255 ", "picture of 0 x 2 pixels", VCL_E_FORMAT},
        {"P5 2 2", "malformed PGM header", VCL_E_FORMAT},
        {"P5 2 2 255", "malformed PGM header", VCL_E_FORMAT},
        {"P5 -2 2 255 abcd", "malformed PGM header", VCL_E_FORMAT},
        {"P5 99999999999 2 255 abcd", "malformed PGM header", VCL_E_FORMAT},
        {"P5 1 1 0 a", "maximum value 0 is outside", VCL_E_FORMAT},
        {"P5 1 1 70000 ab", "maximum value 70000 is outside", VCL_E_FORMAT},
        {"P5 2 1 97 ab", "sample 1 is 98, above the maximum 97", VCL_E_FORMAT},
        {"P2 2 1 9 1 10", "sample 1 is 10, above the maximum 9", VCL_E_FORMAT},
        {"P2 2 1 9 1 x", "1 of 2 samples are numbers", VCL_E_FORMAT},
        {"P2 2 1 9 1 2 3", "1 bytes follow the picture", VCL_E_FORMAT},
        {"P4 8 1 a", "bitmaps (P4) are not supported", VCL_E_UNSUPPORTED},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        test_put("bad.pgm", cases[i].file, strlen(cases[i].file));
        test_refused("bad.pgm", cases[i].status, cases[i].part);
    }
}

int test_data_pictures(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_png_kinds),     cmocka_unit_test(test_png_alpha),
        cmocka_unit_test(test_png_damaged),   cmocka_unit_test(test_png_lying),
        cmocka_unit_test(test_jpeg),          cmocka_unit_test(test_pgm),
        cmocka_unit_test(test_pgm_malformed),
    };
    return cmocka_run_group_tests_name("data: pictures", tests, NULL, NULL);
}
