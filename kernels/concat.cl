/* What a model is told beside the data: labels as rows of zeros and a one, and rows put behind other
 * rows. Row r of the wide ones belongs to row r / every of what is put behind: an example has
 * several samples, a picture many pixels, and each gets the same.
 */
#include "prelude.cl"

/* y (rows, cols) is 1 in the column of the row's label, else 0. */
kernel void one_hot(int rows, int cols, global const int *labels, global float *y)
{
    int row = PART_ROW(cols), j = PART_COLUMN(cols);
    if (row >= rows)
        return;
    ireal hit = as_ireal(part_columns(j)) == (ireal)(labels[row]);
    flat_store(hit ? (real)(1.0f) : (real)(0.0f), y + (size_t)row * cols, cols, j);
}

/* y (rows, a + b) is x (rows, a), and behind it c (rows / every, b). A work-item makes VEC columns of
 * one of the two. */
kernel void concat(int rows, int every, int a, int b, global const float *x, global const float *c,
                   global float *y)
{
    int parts = PARTS(a) + PARTS(b), item = get_global_id(0);
    int row = item / parts, part = item % parts;
    if (row >= rows)
        return;
    y += (size_t)row * (a + b);
    if (part < PARTS(a)) {
        int j = part * VEC;
        flat_store(flat_load(x + (size_t)row * a, a, j), y, a, j);
    } else {
        int j = (part - PARTS(a)) * VEC;
        flat_store(flat_load(c + (size_t)(row / every) * b, b, j), y + a, b, j);
    }
}

/* dx (rows, a) = the first a columns of dy (rows, a + b), or dx + them with `adds`. */
kernel void concat_gradient_first(int rows, int a, int b, int adds, global const float *dy,
                                  global float *dx)
{
    int row = PART_ROW(a), j = PART_COLUMN(a);
    if (row >= rows)
        return;
    real gradient = flat_load(dy + (size_t)row * (a + b), a, j);
    dx += (size_t)row * a;
    flat_store(adds ? flat_load(dx, a, j) + gradient : gradient, dx, a, j);
}

/* dc (rows, b) = sums of the last b columns of dy (rows * every, a + b), in ascending order, or
 * dc + them with `adds`. */
kernel void concat_gradient_second(int rows, int every, int a, int b, int adds,
                                   global const float *dy, global float *dc)
{
    int row = PART_ROW(b), j = PART_COLUMN(b), cols = a + b;
    if (row >= rows)
        return;
    dy += (size_t)row * every * cols + a;
    dc += (size_t)row * b;
    real sum = (real)(0.0f);
    for (int i = 0; i < every; i++)
        sum = sum + flat_load(dy + (size_t)i * cols, b, j);
    flat_store(adds ? flat_load(dc, b, j) + sum : sum, dc, b, j);
}
