/* SPDX-License-Identifier: MIT
 *
 * Products by matrix units where there are none: kernels/gemm_emulate.cl plays each unit that we
 * know, with its operands where its manual puts them. All but the instruction itself is run.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/devices.h"
#include "gemm/tiled.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

struct operand {
    float *host;
    size_t count;
    struct vcl_buf *buf;
};

static struct operand operand(struct vcl_ctx *ctx, size_t count, uint32_t seed)
{
    struct operand o = {malloc(count * sizeof(float)), count, NULL};
    assert_non_null(o.host);
    for (size_t i = 0; i < count; i++) {
        seed = seed * 1664525u + 1013904223u;
        o.host[i] = (float)(seed >> 8) * 0x1p-23f - 1;
    }
    OK(vcl_buf_create(ctx, count * sizeof(float), &o.buf, &test_error));
    OK(vcl_buf_write(o.buf, 0, count * sizeof(float), o.host, &test_error));
    return o;
}

static void finish(struct operand *o)
{
    free(o->host);
    vcl_buf_destroy(&o->buf);
}

/* The largest error of c, relative to the terms and to what the unit's rounding allows. */
static double worst_error(const struct vcl_gemm *g, const float *a, const float *b, const float *c,
                          double rounding)
{
    double worst = 0;
    for (size_t i = 0; i < g->m; i++) {
        for (size_t j = 0; j < g->n; j++) {
            double sum = 0, terms = 0;
            for (size_t p = 0; p < g->k; p++) {
                double x = (double)(g->trans_a ? a[p * g->m + i] : a[i * g->k + p]);
                double y = (double)(g->trans_b ? b[j * g->k + p] : b[p * g->n + j]);
                sum += x * y;
                terms += fabs(x * y);
            }
            double allowed = terms * (2.02 * rounding + 0x1p-16);
            double error = fabs((double)c[i * g->n + j] - sum) / allowed;
            if (!(error <= worst))
                worst = error;
        }
    }
    return worst;
}

static double product(const struct vcl_matrix_unit *unit, struct vcl_ctx *ctx, struct vcl_gemm g,
                      int side, int split)
{
    struct operand a = operand(ctx, (size_t)g.m * g.k, 1), b = operand(ctx, (size_t)g.k * g.n, 2);
    struct operand c = operand(ctx, (size_t)g.m * g.n, 3);
    const struct vcl_gemm_setting setting = vcl_matrix_setting(unit, side, split);
    g.a = a.buf;
    g.b = b.buf;
    g.c = c.buf;
    OK(vcl_matrix_run(VCL_AT_ONCE(ctx), unit, true, &g, &setting, &test_error));
    OK(vcl_buf_read(c.buf, 0, c.count * sizeof(float), c.host, &test_error));
    double worst = worst_error(&g, a.host, b.host, c.host, unit->rounding);
    finish(&a);
    finish(&b);
    finish(&c);
    return worst;
}

static void test_units(void **state)
{
    (void)state;
    const struct vcl_gemm plain = {.m = 70, .n = 45, .k = 300};
    const struct vcl_gemm turned = {.m = 37, .n = 68, .k = 52, .trans_a = true, .trans_b = true};
    test_target.lanes = 1;
    struct vcl_ctx *ctx = test_ctx_create();
    test_target.lanes = 0;
    for (const struct vcl_matrix_unit *unit = vcl_matrix_units; unit->id; unit++) {
        double errors[] = {
            product(unit, ctx, plain, 32, 1),
            product(unit, ctx, turned, 64, 1024),
        };
        for (size_t i = 0; i < COUNT(errors); i++) {
            print_message("%s: %.3f of what is allowed\n", unit->name, errors[i]);
            assert_true(errors[i] <= 1);
            /* Rounded, and not exact by mistake. */
            assert_true(unit->rounding == 0 || errors[i] > 0.05);
        }
    }
    vcl_ctx_destroy(&ctx);
}

/* A device without units says so, with its name. */
static void test_refused(void **state)
{
    (void)state;
    struct vcl_ctx_params params = {.device = test_target.device.id, .precision = "bf16"};
    const struct vcl_gemm g = {.m = 1, .n = 1, .k = 1};
    const struct vcl_gemm_def *def;
    struct vcl_ctx *ctx;
    OK(vcl_ctx_create(&params, &ctx, &test_error));
    if (test_target.device.type == VCL_CPU) {
        assert_int_equal(vcl_gemm_choose(ctx, &g, &def, NULL, &test_error), VCL_E_UNSUPPORTED);
        assert_non_null(strstr(test_error.msg, "matrix units"));
    }
    vcl_ctx_destroy(&ctx);
    params.same_bits = true;
    assert_int_equal(vcl_ctx_create(&params, &ctx, &test_error), VCL_E_ARG);
    params.same_bits = false;
    params.precision = "half";
    assert_int_equal(vcl_ctx_create(&params, &ctx, &test_error), VCL_E_ARG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_refused),
    };
    test_begin();
    return test_on_devices(tests, COUNT(tests), false);
}
