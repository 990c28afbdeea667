/* The Gaussian likelihood whose log sigma^2 is learned: one of each value, which the decoder makes
 * beside the mean, or one number that all values share. loss, dy and weights as in likelihood.cl.
 *
 * Without `shared`, y (rows, 2 * cols) has for each pixel the means of its `channels` and then their
 * log sigma^2; a layer that knows no pixels makes one pixel of cols channels. log sigma^2 is clamped as
 * in logvar.cl.
 */
#include "prelude.cl"
#include "math.cl"
#include "logvar.cl"

#define HALF_LOG_2PI 0.91893853320467274178f

/* Where the mean of column j lies in a row of y; log sigma^2 is `channels` further on. */
#define MEAN_AT(j, channels) ((j) / (channels) * 2 * (channels) + (j) % (channels))

#if VEC == 16

static inline real part_load(global const float *row, int cols, int channels, int offset, int j)
{
    float part[LANES];
    if (channels == cols)
        return lanes_load(row + offset, cols, j);
    for (int i = 0; i < LANES; i++)
        part[i] = j + i < cols ? row[MEAN_AT(j + i, channels) + offset] : 0.0f;
    return load16(private, part);
}

static inline void part_store(real x, global float *row, int cols, int channels, int offset, int j)
{
    float part[LANES];
    if (channels == cols) {
        lanes_store(x, row + offset, cols, j);
        return;
    }
    store16(private, x, part);
    for (int i = 0; i < LANES && j + i < cols; i++)
        row[MEAN_AT(j + i, channels) + offset] = part[i];
}

#else

static inline real part_load(global const float *row, int cols, int channels, int offset, int j)
{
    int column = j + (int)get_local_id(0);
    return column < cols ? row[MEAN_AT(column, channels) + offset] : 0.0f;
}

static inline void part_store(real x, global float *row, int cols, int channels, int offset, int j)
{
    int column = j + (int)get_local_id(0);
    if (column < cols)
        row[MEAN_AT(column, channels) + offset] = x;
}

#endif

/* dshared[row]: the row's part of the gradient of the shared log sigma^2. */
kernel ROW_KERNEL void gaussian_scaled(int cols, int channels, int repeat, int shared, int gradient,
                                       int weighed, float scale, global const float *x,
                                       global const float *y, global const float *log_variance,
                                       global const float *weights, global float *loss,
                                       global float *dy, global float *dshared)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    size_t at = (size_t)row * (shared ? cols : 2 * cols);
    real sum = (real)(0.0f), dsum = (real)(0.0f);
    if (weighed)
        scale = weights[row];
    x += (size_t)(row / repeat) * cols;
    y += at;
    dy += at;
    LANE_LOOP(j, cols)
    {
        real raw = shared ? (real)(log_variance[0]) : part_load(y, cols, channels, channels, j);
        real mean = shared ? lanes_load(y, cols, j) : part_load(y, cols, channels, 0, j);
        real v = clamp_logvar(raw), precision = vm_exp(-v), d = mean - lanes_load(x, cols, j);
        real square = d * d * precision;
        sum = sum + lanes_mask(fma(0.5f, square + v, (real)(HALF_LOG_2PI)), cols, j);
        real slope = v == raw ? scale * fma(-0.5f, square, (real)(0.5f)) : (real)(0.0f);
        dsum = dsum + lanes_mask(slope, cols, j);
        if (gradient && shared)
            lanes_store(scale * (d * precision), dy, cols, j);
        if (gradient && !shared) {
            part_store(scale * (d * precision), dy, cols, channels, 0, j);
            part_store(slope, dy, cols, channels, channels, j);
        }
    }
    float total = lanes_sum(sum), dtotal = lanes_sum(dsum);
    if (is_lane_zero && !weighed)
        loss[row] = total;
    if (is_lane_zero && gradient && shared)
        dshared[row] = dtotal;
}

/* mean (rows, cols) of y without what is not a mean. */
kernel ROW_KERNEL void scaled_mean(int cols, int channels, global const float *y,
                                   global float *mean)
{
    int row = get_global_id(1);
    y += (size_t)row * 2 * cols;
    mean += (size_t)row * cols;
    LANE_LOOP(j, cols)
    {
        lanes_store(part_load(y, cols, channels, 0, j), mean, cols, j);
    }
}
