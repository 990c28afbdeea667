/* Sums whose order is fixed by the shape alone. */
#include "prelude.cl"

#define ROW_CHUNK 256

/* sums (cols) = column sums of x (rows, cols): chunks of ROW_CHUNK rows from zero in ascending order,
 * chunk sums added in ascending order; then old + sum where `accumulate`. In one go by column_sums
 * or, where many rows would keep too few work-items busy, by column_chunks and column_totals. */
kernel void column_sums(int rows, int cols, int accumulate, global const float *x,
                        global float *sums)
{
    int j = FLAT_INDEX;
    if (j >= cols)
        return;
    real total = (real)(0.0f);
    for (int chunk = 0; chunk < rows; chunk += ROW_CHUNK) {
        int end = min(chunk + ROW_CHUNK, rows);
        real sum = (real)(0.0f);
        for (int i = chunk; i < end; i++)
            sum = sum + flat_load(x + (size_t)i * cols, cols, j);
        total = chunk == 0 ? sum : total + sum;
    }
    if (accumulate)
        total = flat_load(sums, cols, j) + total;
    flat_store(total, sums, cols, j);
}

/* chunk_sums (chunks, cols): each chunk's. */
kernel void column_chunks(int rows, int cols, global const float *x, global float *chunk_sums)
{
    int j = FLAT_INDEX, chunk = get_global_id(1);
    int first = chunk * ROW_CHUNK, end = min(first + ROW_CHUNK, rows);
    global float *out = chunk_sums + (size_t)chunk * cols;
    if (j + VEC > cols) { /* one at a time is faster than vectors gathered from single numbers */
        for (; j < cols; j++) {
            float sum = 0.0f;
            for (int i = first; i < end; i++)
                sum = sum + x[(size_t)i * cols + j];
            out[j] = sum;
        }
        return;
    }
    real sum = (real)(0.0f);
    for (int i = first; i < end; i++)
        sum = sum + flat_load(x + (size_t)i * cols, cols, j);
    flat_store(sum, out, cols, j);
}

kernel void column_totals(int chunks, int cols, int accumulate, global const float *chunk_sums,
                          global float *sums)
{
    int j = FLAT_INDEX;
    if (j >= cols)
        return;
    real total = flat_load(chunk_sums, cols, j);
    for (int i = 1; i < chunks; i++)
        total = total + flat_load(chunk_sums + (size_t)i * cols, cols, j);
    if (accumulate)
        total = flat_load(sums, cols, j) + total;
    flat_store(total, sums, cols, j);
}

/* sums[row] = sum over 16 lanes of the row's elements, or of their squares. Rows are `cols` long but
 * for the last, which ends at element n of x. */
kernel ROW_KERNEL void row_sums(int n, int cols, int squares, global const float *x, global float *sums)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    int first = row * cols;
    int length = min(cols, n - first);
    global const float *p = x + first;
    real sum = (real)(0.0f);
    LANE_LOOP(j, length)
    {
        real v = lanes_load(p, length, j);
        if (squares)
            sum = fma(v, v, sum);
        else
            sum = sum + v;
    }
    float total = lanes_sum(sum);
    if (is_lane_zero)
        sums[row] = total;
}
