/* SPDX-License-Identifier: MIT
 *
 * PGM and PPM, binary (P5, P6) and plain (P2, P3): a header of numbers with comments between, then
 * samples from 0 to the maximum that the header names, here scaled to 0 .. 255.
 */
#include "base/c_locale.h"
#include "data/picture.h"

struct parsing {
    const struct vcl_blob *blob;
    size_t at;
    unsigned digit; /* of the magic: 2, 3, 5 or 6 */
    uint32_t width, height, maximum;
};

static int probe(const unsigned char *head, size_t n)
{
    return n >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '6' &&
                   (vcl_is_space(head[2]) || head[2] == '#')
               ? 70
               : 0;
}

static void skip_blanks(struct parsing *p)
{
    const struct vcl_blob *blob = p->blob;
    bool comment = false;
    for (; p->at < blob->size; p->at++) {
        unsigned char c = blob->data[p->at];
        if (c == '#')
            comment = true;
        else if (c == '\n' || c == '\r')
            comment = false;
        else if (!comment && !vcl_is_space(c))
            break;
    }
}

/* The next decimal number, at most 2^24. */
static bool take_number(struct parsing *p, uint32_t *ret_number)
{
    uint32_t number = 0;
    skip_blanks(p);
    size_t start = p->at;
    for (; p->at < p->blob->size && vcl_is_digit(p->blob->data[p->at]); p->at++) {
        number = number * 10 + (uint32_t)(p->blob->data[p->at] - '0');
        if (number > 1u << 24)
            return false;
    }
    *ret_number = number;
    return p->at > start;
}

static enum vcl_status parse_header(struct parsing *p, struct vcl_error *err)
{
    const struct vcl_blob *blob = p->blob;
    if (!probe(blob->data, blob->size))
        return ERR(err, VCL_E_FORMAT, "'%s': not a PGM or PPM file", blob->name);
    p->digit = (unsigned)(blob->data[1] - '0');
    p->at = 2;
    if (p->digit == 1 || p->digit == 4)
        return ERR(err, VCL_E_UNSUPPORTED,
                   "'%s': bitmaps (P%u) are not supported, only PGM and PPM", blob->name, p->digit);
    if (!take_number(p, &p->width) || !take_number(p, &p->height) || !take_number(p, &p->maximum) ||
        p->at == blob->size || !vcl_is_space(blob->data[p->at]))
        return ERR(err, VCL_E_FORMAT, "'%s': malformed PGM header (width, height, maximum)",
                   blob->name);
    p->at++; /* exactly one blank goes before binary samples */
    if (p->maximum < 1 || p->maximum > 65535)
        return ERR(err, VCL_E_FORMAT, "'%s': maximum value %u is outside 1 to 65535", blob->name,
                   p->maximum);
    return VCL_OK;
}

static bool is_plain(const struct parsing *p)
{
    return p->digit < 4;
}

static uint32_t channels(const struct parsing *p)
{
    return p->digit == 3 || p->digit == 6 ? 3 : 1;
}

static size_t sample_size(const struct parsing *p)
{
    return p->maximum > 255 ? 2 : 1;
}

/* Weighs the header against the bytes that are left. A plain sample takes a digit and a blank. */
static enum vcl_status check_size(const struct parsing *p, struct vcl_error *err)
{
    uint64_t left = p->blob->size - p->at;
    uint64_t samples = (uint64_t)p->width * p->height * channels(p);
    uint64_t needed = is_plain(p) ? (samples ? 2 * samples - 1 : 0) : samples * sample_size(p);
    if (left >= needed && (is_plain(p) || left == needed))
        return VCL_OK;
    return ERR(err, VCL_E_FORMAT, "'%s': header promises %u x %u x %u %s, file holds %zu bytes",
               p->blob->name, p->width, p->height, channels(p),
               is_plain(p)        ? "numbers"
               : p->maximum > 255 ? "values of 2 bytes"
                                  : "bytes",
               (size_t)left);
}

static bool take_sample(struct parsing *p, uint32_t *ret_sample)
{
    if (is_plain(p))
        return take_number(p, ret_sample);
    const unsigned char *from = p->blob->data + p->at;
    p->at += sample_size(p);
    *ret_sample = p->maximum > 255 ? (uint32_t)from[0] << 8 | from[1] : from[0];
    return true;
}

static enum vcl_status read_samples(struct parsing *p, unsigned char *to, size_t n,
                                    struct vcl_error *err)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t sample;
        if (!take_sample(p, &sample))
            return ERR(err, VCL_E_FORMAT, "'%s': %zu of %zu samples are numbers", p->blob->name, i,
                       n);
        if (sample > p->maximum)
            return ERR(err, VCL_E_FORMAT, "'%s': sample %zu is %u, above the maximum %u",
                       p->blob->name, i, sample, p->maximum);
        to[i] = (unsigned char)((sample * 255 + p->maximum / 2) / p->maximum);
    }
    if (is_plain(p))
        skip_blanks(p);
    if (p->at != p->blob->size)
        return ERR(err, VCL_E_FORMAT, "'%s': %zu bytes follow the picture", p->blob->name,
                   p->blob->size - p->at);
    return VCL_OK;
}

static enum vcl_status read_pgm(const struct vcl_blob *blob, struct vcl_examples *ret_examples,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct parsing p = {.blob = blob};
    struct vcl_examples picture = {0};
    TRY(parse_header(&p, err));
    TRY(check_size(&p, err));
    TRY(vcl_picture_init(&picture, blob, p.width, p.height, channels(&p), err));
    TRY(read_samples(&p, picture.values, vcl_shape_size(picture.shape), err));
    *ret_examples = picture;
    picture = (struct vcl_examples){0};
out:
    vcl_examples_finish(&picture);
    return r;
}

const struct vcl_format_def vcl_format_pgm = {
    .name = "pgm",
    .help = "PGM and PPM",
    .image = true,
    .probe = probe,
    .read = read_pgm,
};
