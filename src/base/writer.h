/* SPDX-License-Identifier: MIT
 *
 * Writes a file so that its final name shows the old content or the whole of the new one, whatever
 * stops the program or the machine. Once committed, the file is on the disk.
 *
 * The content goes to NAME.TAG.tmp beside it, TAG being 16 random hexadecimal digits. A file of
 * such a name that no program is writing any more is removed when NAME is next written.
 */
#ifndef VCL_BASE_WRITER_H
#define VCL_BASE_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

struct vcl_writer {
    FILE *file; /* NULL once synced */
    char *path, *temporary;
    int lock; /* the open temporary file: its lock says that it is being written; -1: closed */
    bool replace;
};

/* With `replace` false, fails with VCL_E_EXISTS if `path` is there, now or when committed. A file
 * that is replaced hands on its permissions. */
enum vcl_status vcl_writer_init(struct vcl_writer *writer, const char *path, bool replace,
                                struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_writer_add(struct vcl_writer *writer, const void *data, size_t size,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* Brings the content to the disk, still under the temporary name: what is left to do is a rename.
 * For who replaces several files, or none. */
enum vcl_status vcl_writer_sync(struct vcl_writer *writer, struct vcl_error *err) VCL_MUST_CHECK;
/* Syncs what is not yet synced, and gives the file its final name. */
enum vcl_status vcl_writer_commit(struct vcl_writer *writer, struct vcl_error *err) VCL_MUST_CHECK;
/* Removes the temporary file unless committed. Safe after commit and on a zeroed writer. */
void vcl_writer_finish(struct vcl_writer *writer);

/* All of the above in one. */
enum vcl_status vcl_file_write(const char *path, const void *data, size_t size, bool replace,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* Removes the temporary files of `path` whose writers are gone. */
void vcl_writer_remove_stale(const char *path);

#endif
