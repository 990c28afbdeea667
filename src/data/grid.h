/* SPDX-License-Identifier: MIT
 *
 * Pictures in a grid: how many columns, how much they are enlarged, and the rows of pixels.
 */
#ifndef VCL_DATA_GRID_H
#define VCL_DATA_GRID_H

#include "vaecl/data.h"

struct vcl_grid {
    const struct vcl_array *array;
    size_t columns, rows; /* of pictures */
    uint32_t scale;       /* each pixel becomes scale x scale */
    uint64_t width, height;
};

/* `columns` 0 chooses a grid that is nearly square. */
struct vcl_grid vcl_grid_of(const struct vcl_array *array, uint32_t columns);

/* Row y of pixels: width * channels bytes. */
void vcl_grid_row(const struct vcl_grid *grid, uint64_t y, unsigned char *row);

#endif
