/* SPDX-License-Identifier: MIT
 *
 * Matrix products as they occur in training on 28 x 28 pictures with 400 hidden units.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/philox.h"
#include "base/str.h"
#include "cli/bench.h"
#include "tune/measure.h"

struct product {
    const char *name;
    uint32_t m, n, k;
    bool trans_a, trans_b, b_sums, bias, derivative;
    const char *activation;
};

/* Each with what it does besides in training: bias and activation; the bias' gradient; the
 * derivative of the activation before. */
#define PRODUCT &(const struct product)
static const struct product *const products[] = {
    PRODUCT{"encoder", 128, 400, 784, .bias = true, .activation = "relu"},
    PRODUCT{"decoder", 128, 784, 400, .bias = true},
    PRODUCT{"weight-gradient", 784, 400, 128, .trans_a = true, .b_sums = true},
    PRODUCT{"data-gradient", 128, 400, 784, .trans_b = true, .derivative = true,
            .activation = "relu"},
    PRODUCT{"heads", 128, 40, 400, .bias = true},
    PRODUCT{"from-latent", 128, 400, 20, .bias = true, .activation = "relu"},
    PRODUCT{"encoder-20", 20, 400, 784, .bias = true, .activation = "relu"},
    PRODUCT{"decoder-20", 20, 784, 400, .bias = true},
    PRODUCT{"weight-gradient-20", 784, 400, 20, .trans_a = true, .b_sums = true},
    PRODUCT{"data-gradient-20", 20, 400, 784, .trans_b = true, .derivative = true,
            .activation = "relu"},
    PRODUCT{"encoder-1024", 1024, 400, 784, .bias = true, .activation = "relu"},
    PRODUCT{"square-1024", 1024, 1024, 1024},
    NULL,
};

enum vcl_status bench_check_product(const char *product, struct vcl_error *err)
{
    return vcl_row_find("product", products, product, err) ? VCL_OK : VCL_E_ARG;
}

/* A new buffer of values in [-1, 1); `stream` tells buffers apart. */
static enum vcl_status random_buffer(struct vcl_ctx *ctx, size_t rows, size_t cols, uint32_t stream,
                                     struct vcl_buf **ret_buf, struct vcl_error *err)
{
    const struct vcl_philox rng = {.seed = 1, .stream = stream};
    float *values = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(rows * cols, sizeof *values, &values, err));
    for (size_t i = 0; i < rows * cols; i++)
        values[i] = 2 * vcl_philox_uniform(&rng, (uint32_t)(i / cols), (uint32_t)(i % cols)) - 1;
    TRY(vcl_buf_create(ctx, rows * cols * sizeof *values, ret_buf, err));
    TRY(vcl_buf_write(*ret_buf, 0, rows * cols * sizeof *values, values, err));
out:
    free(values);
    return r;
}

static enum vcl_status time_product(struct vcl_ctx *ctx, const struct product *p, double seconds,
                                    struct vcl_timing *ret_timing, struct vcl_error *err)
{
    struct vcl_gemm gemm = {
        .m = p->m,
        .n = p->n,
        .k = p->k,
        .trans_a = p->trans_a,
        .trans_b = p->trans_b,
        .activation = p->activation,
    };
    enum vcl_status r;
    TRY(random_buffer(ctx, p->m, p->k, 1, &gemm.a, err));
    TRY(random_buffer(ctx, p->k, p->n, 2, &gemm.b, err));
    TRY(vcl_buf_create(ctx, sizeof(float) * p->m * p->n, &gemm.c, err));
    if (p->bias)
        TRY(random_buffer(ctx, 1, p->n, 3, &gemm.bias, err));
    if (p->b_sums)
        TRY(vcl_buf_create(ctx, sizeof(float) * p->n, &gemm.b_sums, err));
    if (p->derivative)
        TRY(random_buffer(ctx, p->m, p->n, 4, &gemm.derivative_at, err));
    TRY(vcl_measure_gemm(ctx, &gemm, seconds, ret_timing, err));
out:
    vcl_buf_destroy(&gemm.a);
    vcl_buf_destroy(&gemm.b);
    vcl_buf_destroy(&gemm.c);
    vcl_buf_destroy(&gemm.bias);
    vcl_buf_destroy(&gemm.b_sums);
    vcl_buf_destroy(&gemm.derivative_at);
    return r;
}

static void report(struct bench *bench, const struct product *p, double seconds)
{
    double gflops = 2e-9 * p->m * p->n * p->k / seconds, share = gflops / bench->peak;
    if (bench->cli->common.json)
        json_array_append_new(bench->gemm,
                              json_pack("{s:s, s:I, s:I, s:I, s:f, s:f}", "name", p->name, "m",
                                        (json_int_t)p->m, "n", (json_int_t)p->n, "k",
                                        (json_int_t)p->k, "gflops", gflops, "peak_share", share));
    else
        printf("%-20s %6u %6u %6u %12.1f %8.1f %%\n", p->name, p->m, p->n, p->k, gflops,
               100 * share);
    fflush(stdout);
}

enum vcl_status bench_products(struct bench *bench, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (!bench->cli->common.json)
        printf("\n%-20s %6s %6s %6s %12s %10s\n", "matrix product", "m", "n", "k", "GFLOP/s",
               "of peak");
    for (const struct product *const *p = products; *p; p++) {
        struct vcl_timing timing;
        if (bench->product && strcmp(bench->product, (*p)->name) != 0)
            continue;
        if (interrupted())
            FAIL(err, VCL_E_INTERRUPTED, "stopped before the product '%s'", (*p)->name);
        TRY(time_product(bench->cli->ctx, *p, bench->seconds, &timing, err));
        report(bench, *p, timing.median);
    }
out:
    return r;
}
