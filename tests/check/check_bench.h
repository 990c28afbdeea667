/* SPDX-License-Identifier: MIT */
#ifndef TEST_CHECK_BENCH_H
#define TEST_CHECK_BENCH_H

#include "vaecl/vaecl.h"

/* Times every matrix product that runs on the device, on shapes of training; prints GFLOP/s. */
enum vcl_status check_bench(struct vcl_ctx *ctx, struct vcl_error *err);

#endif
