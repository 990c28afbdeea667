/* SPDX-License-Identifier: MIT
 *
 * A checksum within a safetensors file: the metadata's "crc32" is the CRC-32, in 8 hexadecimal
 * digits, of the whole file with zeros in their place. Files without it are not checked.
 */
#ifndef VCL_VAE_SAFETENSORS_CRC_H
#define VCL_VAE_SAFETENSORS_CRC_H

#include "base/str.h"
#include "vae/safetensors.h"

#define VCL_ST_CRC      "crc32"
#define VCL_ST_CRC_ZERO "00000000" /* what the writer of the metadata gives */

/* Puts the checksum into a header that has a place for it. `length`: the 8 bytes before it. */
void vcl_st_crc_fill(const unsigned char *length, struct vcl_str *header,
                     const struct vcl_st_tensor *tensors, size_t count);
/* For a file that has a checksum: VCL_E_FORMAT if it is another. `data`, all of the file, is as
 * before. */
enum vcl_status vcl_st_crc_check(unsigned char *data, size_t size, size_t header_size,
                                 struct vcl_error *err) VCL_MUST_CHECK;

#endif
