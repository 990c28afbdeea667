/* SPDX-License-Identifier: MIT
 *
 * The cache of compiled programs. A driver is handed a binary only if it is the very one that was
 * kept for this program: drivers trust them, and run what a damaged one says. Runtimes with a cache
 * of their own are left to it, so here every platform has another name than its own.
 */
#define _POSIX_C_SOURCE 200809L
#include <CL/cl.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/writer.h"
#include "cl/emit.h"
#include "common/devices.h"
#include "common/test_folder.h"

enum { N = 32 };

/* The linker puts these in each other's place. */
cl_int __real_clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t size,
                                void *value, size_t *ret_size);
cl_int __wrap_clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t size,
                                void *value, size_t *ret_size);

cl_int __wrap_clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t size,
                                void *value, size_t *ret_size)
{
    static const char name[] = "a platform";
    if (what != CL_PLATFORM_NAME)
        return __real_clGetPlatformInfo(platform, what, size, value, ret_size);
    if (ret_size)
        *ret_size = sizeof name;
    if (value && size >= sizeof name)
        memcpy(value, name, sizeof name);
    return CL_SUCCESS;
}

struct heard {
    unsigned loaded, ignored;
};

static void on_log(void *user, enum vcl_log_level level, const char *message)
{
    struct heard *heard = user;
    (void)level;
    heard->loaded += strncmp(message, "program cache: loaded", 21) == 0;
    heard->ignored += strncmp(message, "program cache: ignored", 22) == 0;
}

/* Compiles and runs a program in a context of its own; what was said of the cache. */
static struct heard run(const char *cache, const char *options, float wanted)
{
    static const char text[] = "kernel void fill(global float *x) { x[get_global_id(0)] = VALUE; }";
    struct heard heard = {0};
    float values[N] = {0};
    struct vcl_ctx *ctx;
    struct vcl_buf *buf;
    OK(vcl_ctx_create(
        &(struct vcl_ctx_params){
            .device = test_target.device.id, .cache_dir = cache, .log = on_log, .log_user = &heard},
        &ctx, &test_error));
    OK(vcl_buf_create(ctx, sizeof values, &buf, &test_error));
    const struct vcl_launch launch = {
        .text = text, .kernel = "fill", .options = options, .global = {N, 1, 1}, VCL_ARGS(buf)};
    OK(vcl_launch_run(ctx, &launch, &test_error));
    OK(vcl_buf_read(buf, 0, sizeof values, values, &test_error));
    for (int i = 0; i < N; i++)
        assert_true(values[i] == wanted);
    vcl_buf_destroy(&buf);
    vcl_ctx_destroy(&ctx);
    return heard;
}

static void expect(struct heard heard, unsigned loaded, unsigned ignored)
{
    assert_int_equal(heard.loaded, loaded);
    assert_int_equal(heard.ignored, ignored);
}

/* How many there are; the name of one, which the caller frees. */
static unsigned count_files(const char *folder, char **ret_name)
{
    unsigned n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        n++;
        free(*ret_name);
        *ret_name = strdup(entry->d_name);
    }
    closedir(dir);
    return n;
}

static void test_kept(void **state)
{
    char *folder = test_folder_create(), *cache = test_path_in(folder, "not/there/yet");
    char *name = NULL;
    (void)state;
    expect(run(cache, "-DVALUE=3", 3), 0, 0);
    assert_int_equal(count_files(cache, &name), 1);
    expect(run(cache, "-DVALUE=3", 3), 1, 0);
    expect(run(cache, "-DVALUE=4", 4), 0, 0); /* another program */
    assert_int_equal(count_files(cache, &name), 2);
    expect(run(cache, "-DVALUE=4", 4), 1, 0);
    expect(run(NULL, "-DVALUE=4", 4), 0, 0);
    free(name);
    free(cache);
    test_folder_destroy(&folder);
}

/* The program runs all the same, and what is kept then is sound. */
static void check_ignored(const char *cache, const char *path, const void *bytes, size_t size)
{
    OK(vcl_file_write(path, bytes, size, true, &test_error));
    expect(run(cache, "-DVALUE=3", 3), 0, 1);
    expect(run(cache, "-DVALUE=3", 3), 1, 0);
}

/* A bit of each part of a file: the magic, both keys, both hashes, the size, the binary. */
static void test_damaged(void **state)
{
    char *cache = test_folder_create(), *name = NULL;
    size_t size;
    (void)state;
    run(cache, "-DVALUE=3", 3);
    assert_int_equal(count_files(cache, &name), 1);
    char *path = test_path_in(cache, name);
    unsigned char *bytes = test_file_read(cache, name, &size);
    const size_t at[] = {0, 8, 16, 24, 32, 40, 48, size / 2, size - 1};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        bytes[at[i]] ^= 1;
        check_ignored(cache, path, bytes, size);
        bytes[at[i]] ^= 1;
    }
    check_ignored(cache, path, bytes, size - 1);
    check_ignored(cache, path, bytes, size + 1); /* a zero byte follows in memory */
    check_ignored(cache, path, bytes, 47);
    check_ignored(cache, path, bytes, 0);
    free(bytes);
    free(path);
    free(name);
    test_folder_destroy(&cache);
}

/* The binary of another program under this one's name. */
static void test_swapped(void **state)
{
    char *one = test_folder_create(), *two = test_folder_create(), *name = NULL, *other = NULL;
    size_t size;
    (void)state;
    run(one, "-DVALUE=3", 3);
    run(two, "-DVALUE=4", 4);
    assert_int_equal(count_files(one, &name) + count_files(two, &other), 2);
    unsigned char *bytes = test_file_read(two, other, &size);
    char *path = test_path_in(one, name);
    check_ignored(one, path, bytes, size);
    free(bytes);
    free(path);
    free(name);
    free(other);
    test_folder_destroy(&one);
    test_folder_destroy(&two);
}

/* Where nothing can be kept the program runs. */
static void test_not_kept(void **state)
{
    char *folder = test_folder_create(), *file = test_path_in(folder, "file");
    char *inside = test_path_in(file, "cache");
    (void)state;
    OK(vcl_file_write(file, "x", 1, false, &test_error));
    expect(run(file, "-DVALUE=3", 3), 0, 0);
    expect(run(inside, "-DVALUE=3", 3), 0, 0);
    free(inside);
    free(file);
    test_folder_destroy(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_damaged),
        cmocka_unit_test(test_swapped),
        cmocka_unit_test(test_not_kept),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
