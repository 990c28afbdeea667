/* SPDX-License-Identifier: MIT
 *
 * src/base: a lock that one process has at a time.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32.h"
#include "base/file.h"
#include "base/lock.h"

static char path[512];

/* A process that takes the lock, says so, and waits to be killed. */
static pid_t holder(void)
{
    int ready[2];
    char byte = 0;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct vcl_lock lock;
        byte = vcl_lock_take(&lock, path, "it", NULL) == VCL_OK && lock.works;
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void assert_names(const struct vcl_error *err, pid_t pid)
{
    char text[64];
    snprintf(text, sizeof text, "'it' is in use by process %ld", (long)pid);
    assert_string_equal(err->msg, text);
}

/* Another process is refused, and told by whom; one that was killed keeps nobody out. */
static void test_processes(void **state)
{
    struct vcl_lock lock;
    struct vcl_error err;
    (void)state;
    pid_t pid = holder();
    assert_int_equal(vcl_lock_look(path, "it", &err), VCL_E_BUSY);
    assert_names(&err, pid);
    assert_int_equal(vcl_lock_take(&lock, path, "it", &err), VCL_E_BUSY);
    assert_names(&err, pid);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_true(vcl_file_exists(path)); /* and says nothing */
    assert_int_equal(vcl_lock_look(path, "it", &err), VCL_OK);
    assert_int_equal(vcl_lock_take(&lock, path, "it", &err), VCL_OK);
    vcl_lock_release(&lock);
    assert_false(vcl_file_exists(path));
}

/* Two users within one process keep each other out, too. */
static void test_within(void **state)
{
    struct vcl_lock one, other;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_lock_look(path, "it", &err), VCL_OK);
    assert_false(vcl_file_exists(path));
    assert_int_equal(vcl_lock_take(&one, path, "it", &err), VCL_OK);
    assert_int_equal(vcl_lock_take(&other, path, "it", &err), VCL_E_BUSY);
    assert_names(&err, getpid());
    vcl_lock_release(&other);
    assert_true(vcl_file_exists(path));
    vcl_lock_release(&one);
    assert_int_equal(vcl_lock_take(&other, path, "it", &err), VCL_OK);
    vcl_lock_release(&other);
    vcl_lock_release(&other);
    vcl_lock_release(NULL);
}

static void test_refused(void **state)
{
    struct vcl_lock lock;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_lock_take(&lock, "/no/such/folder/lock", "it", &err), VCL_E_IO);
    assert_int_equal(symlink("victim", path), 0);
    assert_int_equal(vcl_lock_take(&lock, path, "it", &err), VCL_E_IO);
    remove(path);
}

/* The check value of the CRC's definition, in one piece and in two. */
static void test_crc32(void **state)
{
    (void)state;
    assert_int_equal(vcl_crc32(0, "123456789", 9), 0xCBF43926);
    assert_int_equal(vcl_crc32(vcl_crc32(0, "1234", 4), "56789", 5), 0xCBF43926);
    assert_int_equal(vcl_crc32(0, NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_processes),
        cmocka_unit_test(test_within),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_crc32),
    };
    char folder[480];
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/vae-cl-test-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    snprintf(path, sizeof path, "%s/lock", folder);
    int failed = cmocka_run_group_tests_name("base: lock, crc32", tests, NULL, NULL);
    rmdir(folder);
    return failed != 0;
}
