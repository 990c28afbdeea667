/* SPDX-License-Identifier: MIT
 *
 * Temporary folders of tests. A failure here ends the program.
 */
#ifndef TEST_TEST_FOLDER_H
#define TEST_TEST_FOLDER_H

#include <stddef.h>

/* A new, empty folder; removed with all in it, and its name freed, by test_folder_destroy. */
char *test_folder_create(void);
void test_folder_destroy(char **folder);

/* "folder/name"; the caller frees it. */
char *test_path_in(const char *folder, const char *name);

/* A whole file, with a zero byte behind it; the caller frees it. */
unsigned char *test_file_read(const char *folder, const char *name, size_t *ret_size);

#endif
