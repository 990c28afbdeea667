/* Columns of a matrix permuted each by itself, as the product of the marginals of its rows is drawn
 * from them (Kim and Mnih 2018, algorithm 1).
 */
#include "prelude.cl"
#include "math.cl"
#include "random.cl"
#include "step.cl"

/* keys (rows, cols), uniform in [0, 1), keyed by the row's number in the batch. */
kernel ROW_KERNEL void permute_keys(int cols, uint stream, global const struct step *step,
                                    global float *keys)
{
    int row = get_global_id(1);
    LANE_LOOP(j, cols)
    {
        real key = philox_uniform(step->seed_lo, step->seed_hi, stream, step->step,
                                  (ureal)((uint)row), lane_columns(j));
        lanes_store(key, keys + (size_t)row * cols, cols, j);
    }
}

/* Each column of x goes to y in the order of its keys; equal keys keep their rows' order. */
kernel void permute_columns(int rows, int cols, global const float *keys, global const float *x,
                            global float *y)
{
    int i = get_global_id(0), row = i / cols, column = i % cols, place = 0;
    if (i >= rows * cols)
        return;
    float key = keys[i];
    for (int other = 0; other < rows; other++) {
        float k = keys[(size_t)other * cols + column];
        place += k < key || (k == key && other < row);
    }
    y[(size_t)place * cols + column] = x[i];
}
