/* SPDX-License-Identifier: MIT
 *
 * Buffers and profiles of a context: nothing outside a buffer is reached, and a profile says where
 * the time went.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/internal.h"
#include "common/devices.h"

enum { SIZE = 100 };

/* ---- buffers ---- */

static void test_ranges(void **state)
{
    static const struct {
        size_t offset, size;
    } outside[] = {{0, SIZE + 1}, {1, SIZE}, {SIZE, 1},        {SIZE + 1, 0},
                   {SIZE - 1, 2}, {8, 93},   {SIZE_MAX, SIZE}, {SIZE, SIZE_MAX}};
    unsigned char bytes[2 * SIZE] = {0};
    struct vcl_buf *buf;
    (void)state;
    OK(vcl_buf_create(test_target.ctx, SIZE, &buf, &test_error));
    assert_int_equal(vcl_buf_size(buf), SIZE);
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        size_t offset = outside[i].offset, size = outside[i].size;
        assert_int_equal(vcl_buf_read(buf, offset, size, bytes, &test_error), VCL_E_ARG);
        assert_int_equal(vcl_buf_write(buf, offset, size, bytes, &test_error), VCL_E_ARG);
    }
    OK(vcl_buf_read(buf, 0, SIZE, bytes, &test_error));
    OK(vcl_buf_write(buf, SIZE - 1, 1, bytes, &test_error));
    OK(vcl_buf_read(buf, SIZE, 0, bytes, &test_error));
    vcl_buf_destroy(&buf);
    assert_int_equal(vcl_buf_create(test_target.ctx, 0, &buf, &test_error), VCL_E_ARG);
}

/* Zero at first; written and read at any place, through a view or not. */
static void test_contents(void **state)
{
    size_t unit = vcl_buf_alignment(test_target.ctx), size = 3 * unit;
    unsigned char *bytes = calloc(size, 1), *got = malloc(size);
    struct vcl_buf *buf, *view;
    (void)state;
    assert_true(bytes && got);
    OK(vcl_buf_create(test_target.ctx, size, &buf, &test_error));
    OK(vcl_buf_read(buf, 0, size, got, &test_error));
    assert_memory_equal(got, bytes, size);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
    OK(vcl_buf_write(buf, 5, size - 5, bytes + 5, &test_error));
    bytes[0] = bytes[1] = bytes[2] = bytes[3] = bytes[4] = 0;
    OK(vcl_buf_view(buf, unit, unit + 9, &view, &test_error));
    assert_int_equal(vcl_buf_size(view), unit + 9);
    OK(vcl_buf_read(view, 3, unit, got, &test_error));
    assert_memory_equal(got, bytes + unit + 3, unit);
    OK(vcl_buf_zero(view, &test_error));
    memset(bytes + unit, 0, unit + 9);
    OK(vcl_buf_read(buf, 0, size, got, &test_error));
    assert_memory_equal(got, bytes, size);
    vcl_buf_destroy(&view);
    vcl_buf_destroy(&buf);
    free(bytes);
    free(got);
}

static void test_views(void **state)
{
    size_t unit = vcl_buf_alignment(test_target.ctx);
    struct vcl_buf *buf, *view = NULL;
    (void)state;
    OK(vcl_buf_create(test_target.ctx, 2 * unit, &buf, &test_error));
    assert_int_equal(vcl_buf_view(buf, 0, 0, &view, &test_error), VCL_E_ARG);
    assert_int_equal(vcl_buf_view(buf, 0, 2 * unit + 1, &view, &test_error), VCL_E_ARG);
    assert_int_equal(vcl_buf_view(buf, unit, unit + 1, &view, &test_error), VCL_E_ARG);
    assert_int_equal(vcl_buf_view(buf, 3 * unit, 1, &view, &test_error), VCL_E_ARG);
    assert_int_equal(vcl_buf_view(buf, unit, SIZE_MAX, &view, &test_error), VCL_E_ARG);
    assert_null(view);
    vcl_buf_destroy(&buf);
}

/* ---- profiles ---- */

/* So many launches of a kernel over n items, each of which does `work` rounds. */
static void launch_as(const struct vcl_emit *emit, struct vcl_buf *buf, const char *kernel,
                      int times, int32_t work)
{
    static const char text[] =
        "kernel void brief(global float *x, int n) { x[get_global_id(0)] = n; }\n"
        "kernel void lengthy(global float *x, int n)\n"
        "{ float y = x[get_global_id(0)];\n"
        "  for (int i = 0; i < n; i++) y = y * 0.5f + i;\n"
        "  x[get_global_id(0)] = y; }\n";
    const struct vcl_launch launch = {
        .text = text, .kernel = kernel, .global = {SIZE / 4, 1, 1}, VCL_ARGS(buf, work)};
    for (int i = 0; i < times; i++)
        OK(vcl_emit_launch(emit, &launch, &test_error));
}

static void launch(struct vcl_ctx *ctx, struct vcl_buf *buf, const char *kernel, int times,
                   int32_t work)
{
    launch_as(VCL_AT_ONCE(ctx), buf, kernel, times, work);
}

/* The number of launches of a kernel in a profile, whose rows must be in order of their time. */
static uint64_t launches_of(struct vcl_ctx *ctx, const char *kernel)
{
    struct vcl_profile_row *rows;
    size_t n;
    uint64_t found = 0;
    OK(vcl_profile_read(ctx, &rows, &n, &test_error));
    for (size_t i = 0; i < n; i++) {
        assert_true(i == 0 || rows[i].seconds <= rows[i - 1].seconds);
        found += strcmp(rows[i].kernel, kernel) == 0 ? rows[i].launches : 0;
    }
    free(rows);
    return found;
}

static void test_profile(void **state)
{
    struct vcl_ctx *ctx;
    struct vcl_buf *buf;
    (void)state;
    OK(vcl_ctx_create(&(struct vcl_ctx_params){.device = test_target.device.id, .profile = true},
                      &ctx, &test_error));
    OK(vcl_buf_create(ctx, SIZE, &buf, &test_error));
    launch(ctx, buf, "brief", 2, 1);
    launch(ctx, buf, "lengthy", 3, 100000);
    launch(ctx, buf, "brief", 5, 1);
    assert_int_equal(launches_of(ctx, "brief"), 7);
    assert_int_equal(launches_of(ctx, "lengthy"), 3);
    vcl_profile_reset(ctx);
    assert_int_equal(launches_of(ctx, "brief"), 0);
    launch(ctx, buf, "brief", 1, 1);
    assert_int_equal(launches_of(ctx, "brief"), 1);
    assert_int_equal(launches_of(ctx, "lengthy"), 0);
    vcl_buf_destroy(&buf);
    vcl_ctx_destroy(&ctx);
}

/* What a launch was for is noted when it is made, at once or recorded. */
static void test_labels(void **state)
{
    const struct vcl_label label = {.name = "encoder.0", .pass = "forward", .m = 2, .n = 3, .k = 4};
    struct vcl_profile_row *rows;
    struct vcl_ctx *ctx;
    struct vcl_buf *buf;
    struct vcl_list *list;
    size_t n;
    (void)state;
    OK(vcl_ctx_create(&(struct vcl_ctx_params){.device = test_target.device.id, .profile = true},
                      &ctx, &test_error));
    OK(vcl_buf_create(ctx, SIZE, &buf, &test_error));
    OK(vcl_list_create(ctx, &list, &test_error));
    launch_as(&(struct vcl_emit){.ctx = ctx, .label = label}, buf, "brief", 1, 1);
    launch_as(&(struct vcl_emit){.ctx = ctx, .list = list, .label = label}, buf, "lengthy", 1, 1);
    vcl_list_seal(list);
    OK(vcl_list_run(list, &test_error));
    OK(vcl_profile_read(ctx, &rows, &n, &test_error));
    assert_int_equal(n, 2);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(rows[i].use, "encoder.0 forward, 2 x 3 x 4");
    free(rows);
    vcl_list_destroy(&list);
    vcl_buf_destroy(&buf);
    vcl_ctx_destroy(&ctx);
}

/* ---- errors ---- */

/* Where a program of one's own does not compile: its line, counted from 1. */
static void test_build_error(void **state)
{
    static const char text[] = "kernel void f(global float *x)\n"
                               "{\n"
                               "    x[0] = 1;\n"
                               "    x[1] = wrong;\n"
                               "}\n";
    struct vcl_buf *buf;
    (void)state;
    OK(vcl_buf_create(test_target.ctx, SIZE, &buf, &test_error));
    const struct vcl_launch launch = {
        .text = text, .kernel = "f", .global = {1, 1, 1}, VCL_ARGS(buf)};
    assert_int_equal(vcl_launch_run(test_target.ctx, &launch, &test_error), VCL_E_BUILD);
    print_message("%s\n", test_error.msg);
    assert_non_null(strstr(test_error.msg, "text:4:"));
    vcl_buf_destroy(&buf);
}

/* The same from a log of a compiler that does not look at #line: lines are those of the whole text,
 * which begins with one of ours, and is longer by what it includes. */
static void test_error_lines(void **state)
{
    static const char text[] = "int one;\n#include \"step.cl\"\nint three;\nint four;\n";
    static const struct {
        const char *line, *want;
    } cases[] = {{"int one;", "kernels/text:1:9: error: why"},
                 {"struct step {", "kernels/step.cl:4:9: error: why"},
                 {"int three;", "kernels/text:3:9: error: why"},
                 {"int four;", "kernels/text:4:9: error: why"}};
    struct vcl_source source = {0};
    (void)state;
    OK(vcl_source_load(test_target.ctx, NULL, text, &source, &test_error));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *at = strstr(source.text.text, cases[i].line);
        char log[64];
        struct vcl_str got = {0};
        int number = 1;
        assert_non_null(at);
        for (const char *c = source.text.text; c < at; c++)
            number += *c == '\n';
        snprintf(log, sizeof log, "warning: x\n<program>:%d:9: error: why\n", number);
        vcl_source_first_error(&source, log, &got);
        assert_string_equal(got.text, cases[i].want);
        vcl_str_finish(&got);
    }
    vcl_source_finish(&source);
}

/* What contradicts itself, or is none of the choices. */
static void test_refused_contexts(void **state)
{
    static const struct vcl_ctx_params cases[] = {
        {.precision = "bf16", .same_bits = true},
        {.precision = "tf32", .same_bits = true},
        {.precision = "fp8"},
        {.lanes = 3},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_ctx_params params = cases[i];
        struct vcl_ctx *ctx = NULL;
        params.device = test_target.device.id;
        assert_int_equal(vcl_ctx_create(&params, &ctx, &test_error), VCL_E_ARG);
        assert_null(ctx);
    }
}

/* What is short of memory says so, with what helps. */
static void test_out_of_memory(void **state)
{
    static const int memory[] = {CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_RESOURCES,
                                 CL_OUT_OF_HOST_MEMORY};
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(CLERR(&test_error, memory[i], "clSomething"), VCL_E_DEVMEM);
        assert_int_equal(test_error.cl, memory[i]);
        assert_non_null(strstr(test_error.hint, "--batch"));
    }
    assert_int_equal(CLERR(&test_error, CL_INVALID_VALUE, "clSomething"), VCL_E_CL);
    assert_non_null(strstr(test_error.msg, "clSomething failed: CL_INVALID_VALUE (-30)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_contents),
        cmocka_unit_test(test_views),
        cmocka_unit_test(test_profile),
        cmocka_unit_test(test_build_error),
        cmocka_unit_test(test_labels),
        cmocka_unit_test(test_error_lines),
        cmocka_unit_test(test_out_of_memory),
        cmocka_unit_test(test_refused_contexts),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
