/* SPDX-License-Identifier: MIT */
#include "tune/tune_product.h"

struct vcl_gemm typical(void)
{
    return (struct vcl_gemm){.m = M, .n = N, .k = K, .trans_a = true, .activation = "tanh"};
}

struct vcl_buf *random_buf(struct vcl_ctx *ctx, size_t n)
{
    struct vcl_buf *buf;
    float *values = test_calloc(n, sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(int)(i * 2654435761u % 2001) / 1000 - 1;
    OK(vcl_buf_create(ctx, n * sizeof *values, &buf, &test_error));
    OK(vcl_buf_write(buf, 0, n * sizeof *values, values, &test_error));
    test_free(values);
    return buf;
}

struct vcl_ctx *context_with(const char *folder)
{
    struct vcl_ctx *ctx;
    OK(vcl_ctx_create(&(struct vcl_ctx_params){.device = test_target.device.id,
                                               .same_bits = true,
                                               .tuning_dir = folder},
                      &ctx, &test_error));
    return ctx;
}
