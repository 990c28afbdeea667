/* SPDX-License-Identifier: MIT
 *
 * Tests that need a device: a table of cmocka tests is run on every usable OpenCL device, and it is
 * a failure if there is none. Includes what cmocka.h needs before it.
 *
 * In the environment:
 *   VAE_CL_TEST_SMALL=1      devices are slow (simulators), or slow to compile
 *   VAE_CL_TEST_DEVICE=P:D   no other device is to be tested
 *   VAE_CL_TEST_CACHE=DIR    where compiled programs are kept for tests to come; nowhere without it
 */
#ifndef TEST_DEVICES_H
#define TEST_DEVICES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vaecl/vaecl.h"

/* What the running test works on. */
struct test_target {
    struct vcl_device_info device;
    const char *gemm; /* NULL: the device's default */
    bool same_bits;
    uint32_t lanes; /* as in vcl_ctx_params */
    struct vcl_ctx *ctx;
};
extern struct test_target test_target;

/* First in main: reads the environment and makes compiled kernels go to a folder of this process's
 * own, unless the environment already says where to. */
void test_begin(void);
bool test_small(void);

/* Usable, and not left out by the environment. */
bool test_wanted(const struct vcl_device_info *device);

/* For the contexts that a test makes itself: vcl_ctx_params.cache_dir. */
const char *test_cache(void);

/* Runs the tests on each usable device, with test_target set; a result for main. With `same_bits`,
 * contexts are asked for the same bits on every device. */
int test_on_devices(const struct CMUnitTest *tests, size_t count, bool same_bits);
/* Likewise, on each device with each GEMM implementation that runs there and, with `same_bits`,
 * gives them. Small runs leave out CLBlast: under a simulator it compiles for minutes. */
int test_on_gemms(const struct CMUnitTest *tests, size_t count, bool same_bits);

/* One more context like test_target.ctx. */
struct vcl_ctx *test_ctx_create(void);

/* Fails the test with the library's message unless `expr`, which fills test_error, succeeds. */
extern struct vcl_error test_error;
#define OK(expr) test_ok((expr), #expr, __FILE__, __LINE__)
void test_ok(enum vcl_status status, const char *expr, const char *file, int line);

#endif
