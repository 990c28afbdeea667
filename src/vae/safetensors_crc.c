/* SPDX-License-Identifier: MIT */
#include "vae/safetensors_crc.h"

#include <stdio.h>
#include <string.h>

#include "base/crc32.h"

enum { DIGITS = 8 };
static const char before[] = "\"" VCL_ST_CRC "\":\"";

/* The digits within a header, or NULL. Quotes within a JSON text are escaped: no value looks so. */
static char *find_digits(char *header, size_t size)
{
    const size_t len = sizeof before - 1;
    for (size_t i = 0; i + len + DIGITS <= size; i++) {
        if (memcmp(header + i, before, len) == 0)
            return header + i + len;
    }
    return NULL;
}

static void print_digits(uint32_t crc, char text[DIGITS + 1])
{
    snprintf(text, DIGITS + 1, "%08lx", (unsigned long)crc);
}

void vcl_st_crc_fill(const unsigned char *length, struct vcl_str *header,
                     const struct vcl_st_tensor *tensors, size_t count)
{
    char text[DIGITS + 1], *digits = find_digits(header->text, header->len);
    if (!digits)
        return;
    uint32_t crc = vcl_crc32(0, length, 8);
    crc = vcl_crc32(crc, header->text, header->len);
    for (size_t i = 0; i < count; i++)
        crc = vcl_crc32(crc, tensors[i].values, vcl_st_bytes(&tensors[i]));
    print_digits(crc, text);
    memcpy(digits, text, DIGITS);
}

enum vcl_status vcl_st_crc_check(unsigned char *data, size_t size, size_t header_size,
                                 struct vcl_error *err)
{
    char found[DIGITS], text[DIGITS + 1];
    char *digits = find_digits((char *)data + 8, header_size);
    if (!digits)
        return ERR(err, VCL_E_FORMAT, "its checksum is not where it was written: it is damaged");
    memcpy(found, digits, DIGITS);
    memcpy(digits, VCL_ST_CRC_ZERO, DIGITS);
    print_digits(vcl_crc32(0, data, size), text);
    memcpy(digits, found, DIGITS);
    if (memcmp(found, text, DIGITS) != 0)
        return ERR(err, VCL_E_FORMAT, "its checksum is %s, and %.8s was written: it is damaged",
                   text, found);
    return VCL_OK;
}
