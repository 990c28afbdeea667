/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "common/devices.h"

#include <stdlib.h>
#include <string.h>

#include "common/test_folder.h"

struct test_target test_target;
struct vcl_error test_error;

static bool small;
static char *cache;

static void remove_cache(void)
{
    test_folder_destroy(&cache);
}

void test_begin(void)
{
    const char *asked = getenv("VAE_CL_TEST_SMALL");
    small = asked && *asked && strcmp(asked, "0") != 0;
    if (getenv("POCL_CACHE_DIR"))
        return;
    cache = test_folder_create();
    setenv("POCL_CACHE_DIR", cache, 1);
    atexit(remove_cache);
}

bool test_small(void)
{
    return small;
}

const char *test_cache(void)
{
    return getenv("VAE_CL_TEST_CACHE");
}

bool test_wanted(const struct vcl_device_info *device)
{
    const char *only = getenv("VAE_CL_TEST_DEVICE");
    return device->usable && (!only || !*only || strcmp(only, device->id) == 0);
}

void test_ok(enum vcl_status status, const char *expr, const char *file, int line)
{
    if (status >= 0)
        return;
    print_error("%s\n%s: %s\n", expr, vcl_status_text(status), test_error.msg);
    _fail(file, line);
}

static enum vcl_status make_context(struct vcl_ctx **ret_ctx)
{
    const struct vcl_ctx_params params = {.device = test_target.device.id,
                                          .gemm = test_target.gemm,
                                          .same_bits = test_target.same_bits,
                                          .lanes = test_target.lanes,
                                          .cache_dir = test_cache()};
    return vcl_ctx_create(&params, ret_ctx, &test_error);
}

struct vcl_ctx *test_ctx_create(void)
{
    struct vcl_ctx *ctx;
    OK(make_context(&ctx));
    return ctx;
}

static int run_target(const struct CMUnitTest *tests, size_t count)
{
    print_message("# %s, %s%s%s%s\n", test_target.device.name, test_target.device.platform,
                  test_target.gemm ? ", GEMM " : "", test_target.gemm ? test_target.gemm : "",
                  test_target.device.subnormals ? "" : "; flushes subnormal numbers");
    if (make_context(&test_target.ctx) < 0) {
        print_error("%s\n", test_error.msg);
        return 1;
    }
    int failed = _cmocka_run_group_tests("device", tests, count, NULL, NULL);
    vcl_ctx_destroy(&test_target.ctx);
    return failed;
}

/* By trying the smallest product: one that cannot run here, or may not, is refused before anything
 * is compiled. */
static bool runs_here(void)
{
    struct vcl_ctx *ctx = NULL;
    struct vcl_buf *buf = NULL;
    enum vcl_status r = make_context(&ctx);
    if (r == VCL_OK)
        r = vcl_buf_create(ctx, sizeof(float), &buf, &test_error);
    const struct vcl_gemm product = {.m = 1, .n = 1, .k = 1, .a = buf, .b = buf, .c = buf};
    if (r == VCL_OK)
        r = vcl_gemm_run(ctx, &product, &test_error);
    vcl_buf_destroy(&buf);
    vcl_ctx_destroy(&ctx);
    return r != VCL_E_UNSUPPORTED && !(test_target.same_bits && r == VCL_E_ARG);
}

static int run_gemms(const struct CMUnitTest *tests, size_t count)
{
    int failed = 0;
    for (const char *const *name = vcl_gemm_names(); *name; name++) {
        if (small && strcmp(*name, "clblast") == 0)
            continue;
        test_target.gemm = *name;
        if (runs_here())
            failed += run_target(tests, count);
    }
    return failed;
}

static int on_each(const struct CMUnitTest *tests, size_t count, bool same_bits,
                   int (*run)(const struct CMUnitTest *tests, size_t count))
{
    struct vcl_device_info *list;
    size_t devices, wanted = 0;
    int by_default, failed = 0;
    if (vcl_device_list(&list, &devices, &by_default, &test_error) < 0) {
        print_error("%s\n", test_error.msg);
        return 1;
    }
    for (size_t i = 0; i < devices; i++) {
        if (!test_wanted(&list[i]))
            continue;
        wanted++;
        test_target = (struct test_target){.device = list[i], .same_bits = same_bits};
        failed += run(tests, count);
    }
    free(list);
    if (wanted == 0)
        print_error("there is no usable OpenCL device that is wanted: nothing was tested\n");
    return failed || wanted == 0;
}

int test_on_devices(const struct CMUnitTest *tests, size_t count, bool same_bits)
{
    return on_each(tests, count, same_bits, run_target);
}

int test_on_gemms(const struct CMUnitTest *tests, size_t count, bool same_bits)
{
    return on_each(tests, count, same_bits, run_gemms);
}
