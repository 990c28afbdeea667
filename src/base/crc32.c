/* SPDX-License-Identifier: MIT */
#include "base/crc32.h"

#include <zlib.h>

uint32_t vcl_crc32(uint32_t crc, const void *data, size_t size)
{
    const unsigned char *bytes = data;
    uLong sum = crc;
    while (size) { /* zlib counts in an unsigned int */
        uInt part = size > 1u << 30 ? 1u << 30 : (uInt)size;
        sum = crc32(sum, bytes, part);
        bytes += part;
        size -= part;
    }
    return (uint32_t)sum;
}
