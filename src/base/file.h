/* SPDX-License-Identifier: MIT
 *
 * Files: read one whole, and write one so that its final name never shows a partial file.
 */
#ifndef VCL_BASE_FILE_H
#define VCL_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* Opens it for reading, unless it is a device. *ret_size is UINT64_MAX if only reading will tell.
 * The caller closes *ret_file. */
enum vcl_status vcl_file_open(const char *path, FILE **ret_file, uint64_t *ret_size,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* Reads the whole file into *ret_data, which the caller frees; a zero byte follows the contents,
 * so that text can be used as a string. */
enum vcl_status vcl_file_read(const char *path, unsigned char **ret_data, size_t *ret_size,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* A file being written under a temporary name beside its final one. */
struct vcl_writer {
    FILE *file;
    char *path, *temporary;
};

/* With `replace` false, fails with VCL_E_EXISTS if `path` is there. */
enum vcl_status vcl_writer_init(struct vcl_writer *writer, const char *path, bool replace,
                                struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_writer_add(struct vcl_writer *writer, const void *data, size_t size,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* Flushes to the disk and renames; on failure the temporary file is removed. */
enum vcl_status vcl_writer_commit(struct vcl_writer *writer, struct vcl_error *err) VCL_MUST_CHECK;
/* Removes the temporary file unless committed. Safe after commit and on a zeroed writer. */
void vcl_writer_finish(struct vcl_writer *writer);

/* The three calls above in one. */
enum vcl_status vcl_file_write(const char *path, const void *data, size_t size, bool replace,
                               struct vcl_error *err) VCL_MUST_CHECK;

bool vcl_file_exists(const char *path);
bool vcl_is_folder(const char *path);

/* One folder; *ret_made is false if something of that name was there. */
enum vcl_status vcl_make_new_folder(const char *path, bool *ret_made,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* Creates a folder and its parents; one that exists already is fine. */
enum vcl_status vcl_make_folders(const char *path, struct vcl_error *err) VCL_MUST_CHECK;

/* "folder/name" as a new string that the caller frees. */
enum vcl_status vcl_path_join(const char *folder, const char *name, char **ret_path,
                              struct vcl_error *err) VCL_MUST_CHECK;

#endif
