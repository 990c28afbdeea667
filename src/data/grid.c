/* SPDX-License-Identifier: MIT */
#include "data/grid.h"

#include <string.h>

#include "data/writers.h"

enum {
    GAP = 2,            /* pixels around each picture */
    GAP_GREY = 80,      /* seen beside black as well as white */
    PLEASANT_SIDE = 64, /* smaller pictures are enlarged up to this */
};

/* The least number from the square root up to half as much again that leaves no place empty. */
static size_t choose_columns(size_t count)
{
    size_t root = 1;
    while (root * root < count)
        root++;
    for (size_t c = root; c <= root + root / 2; c++) {
        if (count % c == 0)
            return c;
    }
    return root;
}

struct vcl_grid vcl_grid_of(const struct vcl_array *array, uint32_t columns)
{
    struct vcl_shape s = array->shape;
    uint32_t side = s.height > s.width ? s.height : s.width;
    struct vcl_grid grid = {.array = array, .columns = columns, .scale = 1};
    if (side < PLEASANT_SIDE)
        grid.scale = PLEASANT_SIDE / side;
    if (columns == 0)
        grid.columns = choose_columns(array->count);
    if (grid.columns > array->count)
        grid.columns = array->count;
    grid.rows = (array->count + grid.columns - 1) / grid.columns;
    grid.width = GAP + grid.columns * (GAP + (uint64_t)s.width * grid.scale);
    grid.height = GAP + grid.rows * (GAP + (uint64_t)s.height * grid.scale);
    return grid;
}

/* One line of a picture, enlarged. */
static void picture_line(const struct vcl_grid *grid, const float *from, unsigned char *to)
{
    uint32_t channels = grid->array->shape.channels;
    for (uint32_t x = 0; x < grid->array->shape.width; x++) {
        for (uint32_t copy = 0; copy < grid->scale; copy++) {
            for (uint32_t c = 0; c < channels; c++)
                *to++ = vcl_unit_to_byte(from[x * channels + c]);
        }
    }
}

void vcl_grid_row(const struct vcl_grid *grid, uint64_t y, unsigned char *row)
{
    struct vcl_shape s = grid->array->shape;
    memset(row, GAP_GREY, (size_t)grid->width * s.channels);
    uint64_t cell_height = GAP + (uint64_t)s.height * grid->scale;
    if (y % cell_height < GAP)
        return;
    size_t line = (size_t)((y % cell_height - GAP) / grid->scale);
    size_t cell_width = GAP + (size_t)s.width * grid->scale;
    size_t first = (size_t)(y / cell_height) * grid->columns;
    for (size_t c = 0; c < grid->columns && first + c < grid->array->count; c++) {
        size_t at = (first + c) * vcl_shape_size(s) + line * s.width * s.channels;
        picture_line(grid, grid->array->values + at, row + (GAP + c * cell_width) * s.channels);
    }
}
