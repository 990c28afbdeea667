/* SPDX-License-Identifier: MIT
 *
 * src/base: files.
 */
#define _XOPEN_SOURCE 700
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/writer.h"

static char folder[512];

static const char *path_of(const char *name)
{
    static char paths[4][1024];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static void test_write_and_read(void **state)
{
    unsigned char *data = NULL;
    size_t size = 0;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_file_write(path_of("f"), "one\0two", 7, false, &err), VCL_OK);
    assert_int_equal(vcl_file_read(path_of("f"), &data, &size, &err), VCL_OK);
    assert_int_equal(size, 7);
    assert_memory_equal(data, "one\0two", 8);
    free(data);
    assert_int_equal(vcl_file_write(path_of("f"), "x", 1, false, &err), VCL_E_EXISTS);
    assert_non_null(strstr(err.msg, "exists already"));
    assert_int_equal(vcl_file_write(path_of("f"), "", 0, true, &err), VCL_OK);
    assert_int_equal(vcl_file_read(path_of("f"), &data, &size, &err), VCL_OK);
    assert_int_equal(size, 0);
    free(data);
    remove(path_of("f"));
}

static void test_read_refused(void **state)
{
    unsigned char *data = NULL;
    size_t size;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_file_read(path_of("none"), &data, &size, &err), VCL_E_IO);
    assert_non_null(strstr(err.msg, "cannot open"));
    assert_int_equal(vcl_file_read(folder, &data, &size, &err), VCL_E_IO);
    assert_non_null(strstr(err.msg, "cannot read"));
    assert_int_equal(vcl_file_write(path_of("no/such/folder"), "x", 1, true, &err), VCL_E_IO);
    assert_null(data);
}

static void test_folders(void **state)
{
    char *path = NULL;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_make_folders(path_of("a/b/c"), &err), VCL_OK);
    assert_int_equal(vcl_make_folders(path_of("a/b/c"), &err), VCL_OK);
    assert_true(vcl_is_folder(path_of("a/b/c")));
    assert_int_equal(vcl_file_write(path_of("a/file"), "x", 1, false, &err), VCL_OK);
    assert_false(vcl_is_folder(path_of("a/file")));
    assert_int_equal(vcl_make_folders(path_of("a/file/c"), &err), VCL_E_IO);
    assert_int_equal(vcl_path_join("x//", "y", &path, &err), VCL_OK);
    assert_string_equal(path, "x/y");
    free(path);
    remove(path_of("a/file"));
    rmdir(path_of("a/b/c"));
    rmdir(path_of("a/b"));
    rmdir(path_of("a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_write_and_read),
        cmocka_unit_test(test_read_refused),
        cmocka_unit_test(test_folders),
    };
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/vae-cl-test-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    int failed = cmocka_run_group_tests_name("base: file", tests, NULL, NULL);
    rmdir(folder);
    return failed != 0;
}
