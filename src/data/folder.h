/* SPDX-License-Identifier: MIT
 *
 * The names in a folder, sorted by their bytes, without hidden ones.
 */
#ifndef VCL_DATA_FOLDER_H
#define VCL_DATA_FOLDER_H

#include <stddef.h>

#include "base/error.h"

struct vcl_folder {
    char **names;
    size_t count, cap;
};

enum vcl_status vcl_folder_init(struct vcl_folder *folder, const char *path,
                                struct vcl_error *err) VCL_MUST_CHECK;
void vcl_folder_finish(struct vcl_folder *folder);

/* Moves the names that are folders themselves to `folders`, in order. */
enum vcl_status vcl_folder_take_folders(struct vcl_folder *folder, const char *path,
                                        struct vcl_folder *folders,
                                        struct vcl_error *err) VCL_MUST_CHECK;

#endif
