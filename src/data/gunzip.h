/* SPDX-License-Identifier: MIT
 *
 * Seeing through gzip, with a bound on what comes out: a few bytes can promise gigabytes.
 */
#ifndef VCL_DATA_GUNZIP_H
#define VCL_DATA_GUNZIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

bool vcl_is_gzip(const unsigned char *data, size_t size);

/* Decompresses all members. `promised_size` is asked with the first decompressed bytes how many
 * there will be (0: unknown); a promise that the compressed bytes cannot keep is an error before
 * anything is allocated for it. If more comes than was promised, *ret_more is set and the rest is
 * left aside. The caller frees *ret_data. `name` is for messages. */
enum vcl_status vcl_gunzip(const char *name, const unsigned char *data, size_t size,
                           uint64_t (*promised_size)(const unsigned char *head, size_t n),
                           unsigned char **ret_data, size_t *ret_size, bool *ret_more,
                           struct vcl_error *err) VCL_MUST_CHECK;

#endif
