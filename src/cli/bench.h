/* SPDX-License-Identifier: MIT
 *
 * The parts of `vae-cl bench`. Each prints its table as it goes, or with --json adds to an array.
 */
#ifndef VCL_CLI_BENCH_H
#define VCL_CLI_BENCH_H

#include "cli/cli.h"

struct bench {
    struct cli *cli;
    const char *product, *model; /* the only ones, or NULL for all */
    double seconds;              /* a measurement */
    double peak;                 /* GFLOP/s */
    json_t *gemm, *training;     /* arrays of rows */
};

/* ---- bench_gemm.c ---- */
/* Fails if `product` is no name of one. */
enum vcl_status bench_check_product(const char *product, struct vcl_error *err);
enum vcl_status bench_products(struct bench *bench, struct vcl_error *err);

/* ---- bench_training.c ---- */
/* Fails if `model` or one of the configuration's options cannot be. */
enum vcl_status bench_check_models(struct bench *bench, struct vcl_error *err);
enum vcl_status bench_models(struct bench *bench, struct vcl_error *err);

#endif
