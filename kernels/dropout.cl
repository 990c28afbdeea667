/* Dropout (Srivastava et al. 2014): in training a value is zeroed with probability p, the others are
 * multiplied by scale = 1 / (1 - p). Who is dropped follows from (seed, stream, step, example, column)
 * alone, with the columns of several samples (`repeat` rows) of an example side by side; backward
 * draws it again. ACT is the activation that the input came from.
 */
#include "prelude.cl"
#include "math.cl"
#include "activation.cl"
#include "random.cl"
#include "step.cl"

static inline real dropped(uint stream, float p, global const struct step *step, int id, int sample,
                           int cols, int j, real kept)
{
    uint column = (uint)(sample * ((cols + LANES - 1) / LANES * LANES) + j);
    real u = philox_uniform(step->seed_lo, step->seed_hi, stream, step->step, (ureal)((uint)id),
                            part_columns(column));
    return u < p ? (real)(0.0f) : kept;
}

/* x, y are (rows, cols). */
kernel void dropout_forward(int rows, int cols, int repeat, uint stream, float p, float scale,
                            global const struct step *step, global const int *ids,
                            global const float *x, global float *y)
{
    int row = PART_ROW(cols), j = PART_COLUMN(cols);
    size_t at = (size_t)row * cols;
    if (row >= rows)
        return;
    real kept = flat_load(x + at, cols, j) * scale;
    flat_store(dropped(stream, p, step, ids[row / repeat], row % repeat, cols, j, kept), y + at, cols, j);
}

kernel void dropout_gradient(int rows, int cols, int repeat, uint stream, float p, float scale,
                             global const struct step *step, global const int *ids,
                             global const float *x, global const float *dy, global float *dx)
{
    int row = PART_ROW(cols), j = PART_COLUMN(cols);
    size_t at = (size_t)row * cols;
    if (row >= rows)
        return;
    real kept = flat_load(dy + at, cols, j) * scale;
    real slope = activate_grad((real)(0.0f), flat_load(x + at, cols, j));
    flat_store(dropped(stream, p, step, ids[row / repeat], row % repeat, cols, j, kept) * slope, dx + at, cols, j);
}
