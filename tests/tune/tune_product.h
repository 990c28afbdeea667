/* SPDX-License-Identifier: MIT
 *
 * The product that the tests of tuning are about.
 */
#ifndef TEST_TUNE_TUNE_PRODUCT_H
#define TEST_TUNE_TUNE_PRODUCT_H

#include "common/devices.h"

enum { M = 33, N = 47, K = 300 };

/* Without buffers. */
struct vcl_gemm typical(void);

/* `n` floats between -1 and 1. */
struct vcl_buf *random_buf(struct vcl_ctx *ctx, size_t n);

/* A context for the same bits that keeps its tuned rows in the folder; NULL: nowhere. */
struct vcl_ctx *context_with(const char *folder);

#endif
