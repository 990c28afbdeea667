/* SPDX-License-Identifier: MIT
 *
 * src/base: files being written.
 */
#define _DEFAULT_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static size_t count_files(void)
{
    size_t n = 0;
    DIR *all = opendir(folder);
    assert_non_null(all);
    for (const struct dirent *entry; (entry = readdir(all));)
        n += entry->d_name[0] != '.';
    closedir(all);
    return n;
}

static void assert_holds(const char *path, const char *text)
{
    unsigned char *data;
    size_t size;
    assert_int_equal(vcl_file_read(path, &data, &size, NULL), VCL_OK);
    assert_string_equal((const char *)data, text);
    free(data);
}

/* What is not committed leaves nothing, neither under the final name nor beside it. */
static void test_given_up(void **state)
{
    struct vcl_writer writer;
    (void)state;
    for (int synced = 0; synced < 2; synced++) {
        assert_int_equal(vcl_writer_init(&writer, path_of("w"), false, NULL), VCL_OK);
        assert_int_equal(vcl_writer_add(&writer, "abc", 3, NULL), VCL_OK);
        if (synced)
            assert_int_equal(vcl_writer_sync(&writer, NULL), VCL_OK);
        assert_false(vcl_file_exists(path_of("w")));
        assert_int_equal(count_files(), 1);
        vcl_writer_finish(&writer);
        assert_int_equal(count_files(), 0);
    }
    vcl_writer_finish(&writer);
    vcl_writer_finish(&(struct vcl_writer){0});
    vcl_writer_finish(NULL);
}

/* A file that comes to be while ours is written is not replaced. */
static void test_overtaken(void **state)
{
    struct vcl_writer writer;
    struct vcl_error err;
    (void)state;
    assert_int_equal(vcl_writer_init(&writer, path_of("w"), false, NULL), VCL_OK);
    assert_int_equal(vcl_writer_add(&writer, "ours", 4, NULL), VCL_OK);
    assert_int_equal(vcl_file_write(path_of("w"), "theirs", 6, false, NULL), VCL_OK);
    assert_int_equal(vcl_writer_commit(&writer, &err), VCL_E_EXISTS);
    assert_holds(path_of("w"), "theirs");
    assert_int_equal(count_files(), 1);
    remove(path_of("w"));
}

static mode_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

static void test_permissions(void **state)
{
    mode_t mask = umask(027);
    (void)state;
    assert_int_equal(vcl_file_write(path_of("w"), "1", 1, false, NULL), VCL_OK);
    assert_int_equal(mode_of(path_of("w")), 0640);
    assert_int_equal(chmod(path_of("w"), 0600), 0);
    assert_int_equal(vcl_file_write(path_of("w"), "2", 1, true, NULL), VCL_OK);
    assert_int_equal(mode_of(path_of("w")), 0600);
    assert_int_equal(chmod(path_of("w"), 0666), 0);
    assert_int_equal(vcl_file_write(path_of("w"), "3", 1, true, NULL), VCL_OK);
    assert_int_equal(mode_of(path_of("w")), 0666);
    umask(mask);
    remove(path_of("w"));
}

/* A link is replaced, and what it leads to stays; one that leads nowhere counts as being there. */
static void test_links(void **state)
{
    (void)state;
    assert_int_equal(vcl_file_write(path_of("victim"), "precious", 8, false, NULL), VCL_OK);
    assert_int_equal(symlink("victim", path_of("w")), 0);
    assert_int_equal(vcl_file_write(path_of("w"), "x", 1, false, NULL), VCL_E_EXISTS);
    assert_int_equal(vcl_file_write(path_of("w"), "x", 1, true, NULL), VCL_OK);
    assert_holds(path_of("victim"), "precious");
    assert_holds(path_of("w"), "x");
    assert_int_equal(symlink("nowhere", path_of("v")), 0);
    assert_int_equal(vcl_file_write(path_of("v"), "x", 1, false, NULL), VCL_E_EXISTS);
    assert_false(vcl_file_exists(path_of("nowhere")));
    remove(path_of("v"));
    remove(path_of("w"));
    remove(path_of("victim"));
}

/* Devices, pipes and folders are not replaced by a file, whatever was asked for. */
static void test_not_a_file(void **state)
{
    struct vcl_error err;
    (void)state;
    assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
    assert_int_equal(vcl_file_write(path_of("pipe"), "x", 1, true, &err), VCL_E_IO);
    assert_non_null(strstr(err.msg, "is not a file"));
    assert_int_equal(vcl_file_write(folder, "x", 1, true, &err), VCL_E_IO);
    assert_int_equal(count_files(), 1);
    remove(path_of("pipe"));
}

/* What a killed program left is removed when the file is next written, and nothing else: not what
 * is being written, not another file's, not what only looks alike. */
static void test_stale(void **state)
{
    static const char *const kept[] = {"w.0123456789abcdeg.tmp", "w.0123456789abcdef0.tmp", "w.tmp",
                                       "other.0123456789abcdef.tmp", NULL};
    struct vcl_writer writer;
    (void)state;
    for (int i = 0; kept[i]; i++)
        fclose(fopen(path_of(kept[i]), "wb"));
    pid_t pid = fork();
    if (pid == 0) {
        _exit(vcl_writer_init(&writer, path_of("w"), false, NULL) == VCL_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(count_files(), 5);
    assert_int_equal(vcl_writer_init(&writer, path_of("w"), false, NULL), VCL_OK);
    assert_int_equal(count_files(), 5); /* one went, one came */
    assert_int_equal(vcl_file_write(path_of("w"), "x", 1, false, NULL), VCL_OK);
    assert_true(vcl_file_exists(writer.temporary));
    vcl_writer_finish(&writer);
    for (int i = 0; kept[i]; i++)
        assert_int_equal(remove(path_of(kept[i])), 0);
    remove(path_of("w"));
    assert_int_equal(count_files(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_given_up),    cmocka_unit_test(test_overtaken),
        cmocka_unit_test(test_permissions), cmocka_unit_test(test_links),
        cmocka_unit_test(test_not_a_file),  cmocka_unit_test(test_stale),
    };
    const char *tmp = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/vae-cl-test-XXXXXX", tmp ? tmp : "/tmp");
    if (!mkdtemp(folder)) {
        perror(folder);
        return 1;
    }
    int failed = cmocka_run_group_tests_name("base: writer", tests, NULL, NULL);
    rmdir(folder);
    return failed != 0;
}
