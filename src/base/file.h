/* SPDX-License-Identifier: MIT
 *
 * Files and folders: read one whole, make one. How a file is written is in base/writer.h.
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

bool vcl_file_exists(const char *path);
bool vcl_is_folder(const char *path);

/* One folder, brought to the disk; *ret_made is false if something of that name was there. */
enum vcl_status vcl_make_new_folder(const char *path, bool *ret_made,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* Creates a folder and its parents; one that exists already is fine. */
enum vcl_status vcl_make_folders(const char *path, struct vcl_error *err) VCL_MUST_CHECK;

/* The folder that `path` lies in, opened for reading; -1 if it can't be, with errno. */
int vcl_open_folder_of(const char *path);
/* Brings the names in the folder that `path` lies in to the disk: a file or folder that was made,
 * renamed or removed there outlasts a power cut only then. */
enum vcl_status vcl_sync_folder_of(const char *path, struct vcl_error *err) VCL_MUST_CHECK;

/* Renames a file within its folder, replacing what is there, and brings that to the disk. */
enum vcl_status vcl_file_rename(const char *from, const char *to,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* "folder/name" as a new string that the caller frees. */
enum vcl_status vcl_path_join(const char *folder, const char *name, char **ret_path,
                              struct vcl_error *err) VCL_MUST_CHECK;

#endif
