/* SPDX-License-Identifier: MIT
 *
 * How an array is written to a file of one kind.
 * To add one: src/data/write_x.c exporting `const struct vcl_writer_def vcl_writer_x`, and the word
 * in src/data/meson.build.
 */
#ifndef VCL_DATA_WRITERS_H
#define VCL_DATA_WRITERS_H

#include "base/file.h"
#include "vaecl/data.h"

struct vcl_writing {
    const char *path;
    const struct vcl_array *array;
    uint32_t columns; /* pictures in a row of the grid; 0 chooses */
    bool replace;
};

enum { VCL_WRITER_EXTENSIONS = 3 };
struct vcl_writer_def {
    const char *name, *help;
    const char *extensions[VCL_WRITER_EXTENSIONS + 1]; /* of the files it writes; end with NULL */
    enum vcl_status (*write)(const struct vcl_writing *writing, struct vcl_error *err);
};

/* An image value as a byte; the caller has checked that it is finite. */
unsigned char vcl_unit_to_byte(float value);

/* For writers of bytes: refuses values that are not finite. */
enum vcl_status vcl_array_check_finite(const struct vcl_writing *writing,
                                       struct vcl_error *err) VCL_MUST_CHECK;

#endif
