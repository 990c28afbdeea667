/* SPDX-License-Identifier: MIT
 *
 * The CRC-32 of zlib and PNG, of any number of bytes: tells whether data are those of another time.
 */
#ifndef VCL_BASE_CRC32_H
#define VCL_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from the checksum of what came before, 0 at the beginning. */
uint32_t vcl_crc32(uint32_t crc, const void *data, size_t size);

#endif
