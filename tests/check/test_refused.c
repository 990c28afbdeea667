/* SPDX-License-Identifier: MIT
 *
 * Matrix products that cannot be: whoever asks for one is told, before anything is compiled, and no
 * memory beyond a buffer's end is touched.
 */
#include <string.h>

#include "common/devices.h"

enum { M = 6, N = 5, K = 7 };

static struct vcl_buf *buffer(size_t floats)
{
    struct vcl_buf *buf;
    OK(vcl_buf_create(test_target.ctx, floats * sizeof(float), &buf, &test_error));
    return buf;
}

static void refuse(const struct vcl_gemm *gemm, enum vcl_status status, const char *part)
{
    uint64_t before = vcl_ctx_launches(test_target.ctx);
    assert_int_equal(vcl_gemm_run(test_target.ctx, gemm, &test_error), status);
    if (!strstr(test_error.msg, part))
        fail_msg("'%s' is not in '%s'", part, test_error.msg);
    assert_int_equal(vcl_ctx_launches(test_target.ctx), before);
}

/* Each operand in turn is one float short; with none short, the product is made. */
static void test_too_small(void **state)
{
    struct vcl_buf *bufs[] = {buffer(M * K), buffer(K * N), buffer(M * N),
                              buffer(M * N), buffer(N),     buffer(N)};
    struct vcl_buf *small[] = {buffer(M * K - 1), buffer(K * N - 1), buffer(M * N - 1),
                               buffer(M * N - 1), buffer(N - 1),     buffer(N - 1)};
    (void)state;
    for (int wrong = 0; wrong < 6; wrong++) {
        struct vcl_buf **b[6];
        for (int i = 0; i < 6; i++)
            b[i] = i == wrong ? &small[i] : &bufs[i];
        const struct vcl_gemm gemm = {.m = M,
                                      .n = N,
                                      .k = K,
                                      .a = *b[0],
                                      .b = *b[1],
                                      .c = *b[2],
                                      .activation = "tanh",
                                      .derivative_at = wrong == 3 ? *b[3] : NULL,
                                      .bias = *b[4],
                                      .b_sums = *b[5]};
        refuse(&gemm, VCL_E_SHAPE, "a buffer is too small for a matrix product of 6 x 5 x 7");
    }
    const struct vcl_gemm whole = {.m = M,
                                   .n = N,
                                   .k = K,
                                   .a = bufs[0],
                                   .b = bufs[1],
                                   .c = bufs[2],
                                   .activation = "tanh",
                                   .derivative_at = bufs[3],
                                   .bias = bufs[4],
                                   .b_sums = bufs[5]};
    OK(vcl_gemm_run(test_target.ctx, &whole, &test_error));
    for (int i = 0; i < 6; i++) {
        vcl_buf_destroy(&bufs[i]);
        vcl_buf_destroy(&small[i]);
    }
}

/* A convolution's operands, which are not those of the product of its patches. */
static void test_conv_too_small(void **state)
{
    const struct vcl_conv conv = {.pass = VCL_CONV_TO_MAP,
                                  .batch = 2,
                                  .height = 5,
                                  .width = 4,
                                  .channels = 3,
                                  .map_height = 5,
                                  .map_width = 4,
                                  .features = 2,
                                  .kernel_height = 3,
                                  .kernel_width = 3,
                                  .stride_height = 1,
                                  .stride_width = 1,
                                  .pad_height = 1,
                                  .pad_width = 1};
    const size_t floats[] = {2 * 5 * 4 * 3, 3 * 3 * 3 * 2, 2 * 5 * 4 * 2};
    (void)state;
    for (int wrong = 0; wrong < 3; wrong++) {
        struct vcl_buf *b[3];
        for (int i = 0; i < 3; i++)
            b[i] = buffer(floats[i] - (i == wrong));
        const struct vcl_gemm gemm = vcl_conv_gemm(&conv, b[0], b[1], b[2]);
        refuse(&gemm, VCL_E_SHAPE, "a buffer is too small");
        for (int i = 0; i < 3; i++)
            vcl_buf_destroy(&b[i]);
    }
}

static void test_no_size(void **state)
{
    struct vcl_buf *buf = buffer(1);
    (void)state;
    for (int wrong = 0; wrong < 6; wrong++) {
        const uint32_t size = wrong < 3 ? 0 : (uint32_t)INT32_MAX + 1;
        const struct vcl_gemm gemm = {.m = wrong % 3 == 0 ? size : 1,
                                      .n = wrong % 3 == 1 ? size : 1,
                                      .k = wrong % 3 == 2 ? size : 1,
                                      .a = buf,
                                      .b = buf,
                                      .c = buf};
        refuse(&gemm, VCL_E_SHAPE, "a matrix product of ");
    }
    vcl_buf_destroy(&buf);
}

/* What a product cannot give beside itself. */
static void test_no_such_end(void **state)
{
    struct vcl_buf *buf = buffer(1);
    struct vcl_gemm gemm = {.m = 1, .n = 1, .k = 1, .a = buf, .b = buf, .c = buf};
    (void)state;
    gemm.activation = "gelu";
    gemm.derivative_at = buf;
    refuse(&gemm, VCL_E_ARG, "the derivative of 'gelu' needs more than its value");
    gemm.activation = "gellu";
    refuse(&gemm, VCL_E_ARG, "gellu");
    gemm = (struct vcl_gemm){
        .m = 1, .n = 1, .k = 1, .trans_b = true, .a = buf, .b = buf, .c = buf, .b_sums = buf};
    refuse(&gemm, VCL_E_ARG, "column sums of B are there for plain B");
    vcl_buf_destroy(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_too_small),
        cmocka_unit_test(test_conv_too_small),
        cmocka_unit_test(test_no_size),
        cmocka_unit_test(test_no_such_end),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
