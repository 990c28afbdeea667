/* Scalars of rows: what terms of a loss are made of. A row is an example, or one of the `count`
 * samples of an example, which follow each other.
 */
#include "prelude.cl"
#include "math.cl"
#include "step.cl"

/* The gradient that a term begins with: its weight, times the step's kl_weight if `scheduled`. */
kernel void term_seed(int n, int scheduled, float weight, global const struct step *step,
                      global float *gradient)
{
    int i = FLAT_INDEX;
    if (i >= n)
        return;
    float scale = scheduled ? weight * step->kl_weight : weight;
    flat_store((real)(scale), gradient, n, i);
}

/* y = factor0 x0 + factor1 x1 + ..., of `count` terms from left to right. */
kernel void weighted_sum(int n, int count, float factor0, float factor1,
                         float factor2, float factor3, global const float *x0,
                         global const float *x1, global const float *x2, global const float *x3,
                         global float *y)
{
    int i = FLAT_INDEX;
    if (i >= n)
        return;
    real sum = factor0 * flat_load(x0, n, i);
    if (count > 1)
        sum = fma((real)(factor1), flat_load(x1, n, i), sum);
    if (count > 2)
        sum = fma((real)(factor2), flat_load(x2, n, i), sum);
    if (count > 3)
        sum = fma((real)(factor3), flat_load(x3, n, i), sum);
    flat_store(sum, y, n, i);
}

/* dx = factor dy, or dx + factor dy with `adds`. */
kernel void weighted_gradient(int n, int adds, float factor, global const float *dy,
                              global float *dx)
{
    int i = FLAT_INDEX;
    if (i >= n)
        return;
    real gradient = factor * flat_load(dy, n, i);
    flat_store(adds ? flat_load(dx, n, i) + gradient : gradient, dx, n, i);
}

/* bound[row] = log of the mean of exp(w) over the row's samples, and each sample's share in that
 * mean: the importance weights of Burda et al. (2016), eq. 13. */
kernel ROW_KERNEL void log_mean_exp(int count, global const float *w, global float *bound,
                                    global float *share)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    w += (size_t)row * count;
    share += (size_t)row * count;
    float most = w[0];
    for (int i = 1; i < count; i++)
        most = fmax(most, w[i]);
    real sum = (real)(0.0f);
    LANE_LOOP(j, count)
    {
        real term = lanes_mask(vm_exp(lanes_load(w, count, j) - most), count, j);
        lanes_store(term, share, count, j);
        sum = sum + term;
    }
    real total = (real)(lanes_sum(sum));
    LANE_LOOP(j, count)
    {
        lanes_store(vm_div(lanes_load(share, count, j), total), share, count, j);
    }
    real mean = vm_div(total, (real)((float)count));
    lanes_store(most + vm_log(mean), bound, row + 1, row);
}

/* dx (rows, count) = dy[row] * share, or added to dx: from a mean over samples to each of them. */
kernel ROW_KERNEL void share_gradient(int count, int adds, global const float *dy,
                                      global const float *share, global float *dx)
{
    int row = get_global_id(1);
    share += (size_t)row * count;
    dx += (size_t)row * count;
    LANE_LOOP(j, count)
    {
        real gradient = dy[row] * lanes_load(share, count, j);
        lanes_store(adds ? lanes_load(dx, count, j) + gradient : gradient, dx, count, j);
    }
}

/* dx (rows, cols) = dy * scale[row], or added to dx. */
kernel ROW_KERNEL void scale_rows(int cols, int adds, global const float *scale,
                                  global const float *dy, global float *dx)
{
    int row = get_global_id(1);
    dy += (size_t)row * cols;
    dx += (size_t)row * cols;
    LANE_LOOP(j, cols)
    {
        real gradient = scale[row] * lanes_load(dy, cols, j);
        lanes_store(adds ? lanes_load(dx, cols, j) + gradient : gradient, dx, cols, j);
    }
}
