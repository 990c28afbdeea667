/* SPDX-License-Identifier: MIT
 *
 * How an array is written to a file of one kind. The table is made by meson from the list in
 * src/data/meson.build: a writer is write_NAME.c, which exports vcl_write_NAME.
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

typedef enum vcl_status vcl_write_fn(const struct vcl_writing *writing, struct vcl_error *err);

/* An image value as a byte; the caller has checked that it is finite. */
unsigned char vcl_unit_to_byte(float value);

/* For writers of bytes: refuses values that are not finite. */
enum vcl_status vcl_array_check_finite(const struct vcl_writing *writing,
                                       struct vcl_error *err) VCL_MUST_CHECK;

#endif
