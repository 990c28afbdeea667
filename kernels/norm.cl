/* Batch and layer normalisation. ACT is the layer's own activation in the forward kernels; in those
 * that make the input's gradient it is the activation that the input came from, by whose derivative
 * they multiply.
 */
#include "prelude.cl"
#include "math.cl"
#include "activation.cl"

#define ROW_CHUNK 256

/* 1 / sqrt(variance + eps). */
static inline real inverse_deviation(real variance, float eps)
{
    return vm_div((real)(1.0f), vm_sqrt(variance + eps));
}

/* ---- batch normalisation (Ioffe and Szegedy 2015) ----
 *
 * x, y are (rows, cols), a column a feature. `kept` is (4, cols): mean, 1 / deviation and, from the
 * backward pass, the means over the rows of dy and of dy * normalised x.
 * What is summed over rows is summed by chunks of ROW_CHUNK rows, each by a work-item a VEC columns,
 * then over chunks in ascending order.
 */

/* moments (2, chunks, cols): each chunk's sum, then its sum of squares around its own mean. */
kernel void batchnorm_moments(int rows, int cols, global const float *x, global float *moments)
{
    int chunk = PART_ROW(cols), j = PART_COLUMN(cols);
    int first = chunk * ROW_CHUNK, end = min(first + ROW_CHUNK, rows);
    int chunks = (rows + ROW_CHUNK - 1) / ROW_CHUNK;
    if (first >= rows)
        return;
    real sum = (real)(0.0f), squares = (real)(0.0f);
    for (int i = first; i < end; i++)
        sum = sum + flat_load(x + (size_t)i * cols, cols, j);
    real mean = vm_div(sum, (real)((float)(end - first)));
    for (int i = first; i < end; i++) {
        real away = flat_load(x + (size_t)i * cols, cols, j) - mean;
        squares = fma(away, away, squares);
    }
    flat_store(sum, moments + (size_t)chunk * cols, cols, j);
    flat_store(squares, moments + (size_t)(chunks + chunk) * cols, cols, j);
}

static inline void approach(float momentum, real value, global float *average, int cols, int j)
{
    real before = flat_load(average, cols, j);
    flat_store(fma((real)(momentum), value - before, before), average, cols, j);
}

/* Chunks' moments to the batch's (Chan, Golub and LeVeque 1983), and the running averages a step of
 * `momentum` towards mean and unbiased variance. */
kernel void batchnorm_statistics(int rows, int cols, float momentum, float eps,
                                 global const float *moments, global float *kept,
                                 global float *running_mean, global float *running_var)
{
    int j = FLAT_INDEX, chunks = (rows + ROW_CHUNK - 1) / ROW_CHUNK;
    if (j >= cols)
        return;
    real total = flat_load(moments, cols, j), squares = (real)(0.0f);
    for (int i = 1; i < chunks; i++)
        total = total + flat_load(moments + (size_t)i * cols, cols, j);
    real mean = vm_div(total, (real)((float)rows));
    for (int i = 0; i < chunks; i++) {
        real count = (real)((float)min(ROW_CHUNK, rows - i * ROW_CHUNK));
        real away = vm_div(flat_load(moments + (size_t)i * cols, cols, j), count) - mean;
        real within = flat_load(moments + (size_t)(chunks + i) * cols, cols, j);
        squares = squares + fma(count * away, away, within);
    }
    real variance = vm_div(squares, (real)((float)rows));
    flat_store(mean, kept, cols, j);
    flat_store(inverse_deviation(variance, eps), kept + cols, cols, j);
    approach(momentum, mean, running_mean, cols, j);
    approach(momentum, vm_div(squares, (real)((float)(rows - 1))), running_var, cols, j);
}

/* In use: kept from the running averages. */
kernel void batchnorm_running(int cols, float eps, global const float *running_mean,
                              global const float *running_var, global float *kept)
{
    int j = FLAT_INDEX;
    if (j >= cols)
        return;
    flat_store(flat_load(running_mean, cols, j), kept, cols, j);
    flat_store(inverse_deviation(flat_load(running_var, cols, j), eps), kept + cols, cols, j);
}

/* y = act((x - mean) * (gamma / deviation) + beta). */
kernel void batchnorm_apply(int rows, int cols, global const float *x, global const float *kept,
                            global const float *gamma, global const float *beta, global float *y)
{
    int row = PART_ROW(cols), j = PART_COLUMN(cols);
    size_t at = (size_t)row * cols;
    if (row >= rows)
        return;
    real scale = flat_load(gamma, cols, j) * flat_load(kept + cols, cols, j);
    real away = flat_load(x + at, cols, j) - flat_load(kept, cols, j);
    flat_store(activate(fma(away, scale, flat_load(beta, cols, j))), y + at, cols, j);
}

/* sums (2, chunks, cols): each chunk's sum of dy, then of dy * normalised x. */
kernel void batchnorm_sums(int rows, int cols, global const float *x, global const float *dy,
                           global const float *kept, global float *sums)
{
    int chunk = PART_ROW(cols), j = PART_COLUMN(cols);
    int first = chunk * ROW_CHUNK, end = min(first + ROW_CHUNK, rows);
    int chunks = (rows + ROW_CHUNK - 1) / ROW_CHUNK;
    if (first >= rows)
        return;
    real mean = flat_load(kept, cols, j), inverse = flat_load(kept + cols, cols, j);
    real sum = (real)(0.0f), dot = (real)(0.0f);
    for (int i = first; i < end; i++) {
        real d = flat_load(dy + (size_t)i * cols, cols, j);
        sum = sum + d;
        dot = fma(d, (flat_load(x + (size_t)i * cols, cols, j) - mean) * inverse, dot);
    }
    flat_store(sum, sums + (size_t)chunk * cols, cols, j);
    flat_store(dot, sums + (size_t)(chunks + chunk) * cols, cols, j);
}

/* total, or old + total with `accumulate`. */
static inline void give(int accumulate, real total, global float *gradient, int cols, int j)
{
    if (accumulate)
        total = flat_load(gradient, cols, j) + total;
    flat_store(total, gradient, cols, j);
}

/* The parameters' gradients, and what the input's needs of the sums. */
kernel void batchnorm_totals(int rows, int cols, int accumulate, global const float *sums,
                             global float *kept, global float *dgamma, global float *dbeta)
{
    int j = FLAT_INDEX, chunks = (rows + ROW_CHUNK - 1) / ROW_CHUNK;
    if (j >= cols)
        return;
    global const float *dots = sums + (size_t)chunks * cols;
    real sum = flat_load(sums, cols, j), dot = flat_load(dots, cols, j);
    for (int i = 1; i < chunks; i++) {
        sum = sum + flat_load(sums + (size_t)i * cols, cols, j);
        dot = dot + flat_load(dots + (size_t)i * cols, cols, j);
    }
    flat_store(vm_div(sum, (real)((float)rows)), kept + 2 * (size_t)cols, cols, j);
    flat_store(vm_div(dot, (real)((float)rows)), kept + 3 * (size_t)cols, cols, j);
    give(accumulate, dot, dgamma, cols, j);
    give(accumulate, sum, dbeta, cols, j);
}

/* dx = gamma / deviation * (dy - mean of dy - normalised x * mean of dy * normalised x). */
kernel void batchnorm_gradient(int rows, int cols, global const float *x, global const float *dy,
                               global const float *kept, global const float *gamma,
                               global float *dx)
{
    int row = PART_ROW(cols), j = PART_COLUMN(cols);
    size_t at = (size_t)row * cols;
    if (row >= rows)
        return;
    real inverse = flat_load(kept + cols, cols, j), value = flat_load(x + at, cols, j);
    real normal = (value - flat_load(kept, cols, j)) * inverse;
    real d = flat_load(dy + at, cols, j) - flat_load(kept + 2 * (size_t)cols, cols, j);
    d = fma(-normal, flat_load(kept + 3 * (size_t)cols, cols, j), d);
    d = d * (flat_load(gamma, cols, j) * inverse);
    flat_store(d * activate_grad((real)(0.0f), value), dx + at, cols, j);
}

/* ---- layer normalisation (Ba, Kiros and Hinton 2016) ----
 *
 * Over all values of an example: a row of x, y (rows, cols). kept (rows, 2): mean, 1 / deviation.
 */

/* y = act((x - mean) / deviation * gamma + beta). */
kernel ROW_KERNEL void layernorm_forward(int cols, float eps, global const float *x,
                                         global const float *gamma, global const float *beta,
                                         global float *kept, global float *y)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    global const float *p = x + (size_t)row * cols;
    real sum = (real)(0.0f), squares = (real)(0.0f), n = (real)((float)cols);
    LANE_LOOP(j, cols)
    {
        sum = sum + lanes_load(p, cols, j);
    }
    real mean = vm_div((real)(lanes_sum(sum)), n);
    LANE_LOOP(j, cols)
    {
        real away = lanes_mask(lanes_load(p, cols, j) - mean, cols, j);
        squares = fma(away, away, squares);
    }
    real inverse = inverse_deviation(vm_div((real)(lanes_sum(squares)), n), eps);
    lanes_store(mean, kept + 2 * (size_t)row, 1, 0);
    lanes_store(inverse, kept + 2 * (size_t)row + 1, 1, 0);
    LANE_LOOP(j, cols)
    {
        real normal = (lanes_load(p, cols, j) - mean) * inverse;
        real scaled = fma(normal, lanes_load(gamma, cols, j), lanes_load(beta, cols, j));
        lanes_store(activate(scaled), y + (size_t)row * cols, cols, j);
    }
}

/* With g = dy * gamma: dx = (g - mean of g - normalised x * mean of g * normalised x) / deviation. */
kernel ROW_KERNEL void layernorm_gradient(int cols, global const float *x, global const float *dy,
                                          global const float *gamma, global const float *kept,
                                          global float *dx)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    global const float *p = x + (size_t)row * cols, *d = dy + (size_t)row * cols;
    real mean = (real)(kept[2 * (size_t)row]), inverse = (real)(kept[2 * (size_t)row + 1]);
    real sum = (real)(0.0f), dot = (real)(0.0f), n = (real)((float)cols);
    LANE_LOOP(j, cols)
    {
        real g = lanes_load(d, cols, j) * lanes_load(gamma, cols, j);
        sum = sum + g;
        dot = fma(g, (lanes_load(p, cols, j) - mean) * inverse, dot);
    }
    real from_mean = vm_div((real)(lanes_sum(sum)), n);
    real from_deviation = vm_div((real)(lanes_sum(dot)), n);
    LANE_LOOP(j, cols)
    {
        real value = lanes_load(p, cols, j), normal = (value - mean) * inverse;
        real g = lanes_load(d, cols, j) * lanes_load(gamma, cols, j) - from_mean;
        g = fma(-normal, from_deviation, g) * inverse;
        lanes_store(g * activate_grad((real)(0.0f), value), dx + (size_t)row * cols, cols, j);
    }
}

/* The parameters' gradients: sums over rows, by chunks of ROW_CHUNK rows. */
kernel void layernorm_parameters(int rows, int cols, int accumulate, global const float *x,
                                 global const float *dy, global const float *kept,
                                 global float *dgamma, global float *dbeta)
{
    int j = FLAT_INDEX;
    if (j >= cols)
        return;
    real total = (real)(0.0f), total_dot = (real)(0.0f);
    for (int first = 0; first < rows; first += ROW_CHUNK) {
        real sum = (real)(0.0f), dot = (real)(0.0f);
        for (int i = first; i < min(first + ROW_CHUNK, rows); i++) {
            real d = flat_load(dy + (size_t)i * cols, cols, j);
            real normal = (flat_load(x + (size_t)i * cols, cols, j) - kept[2 * i]) * kept[2 * i + 1];
            sum = sum + d;
            dot = fma(d, normal, dot);
        }
        total = first == 0 ? sum : total + sum;
        total_dot = first == 0 ? dot : total_dot + dot;
    }
    give(accumulate, total_dot, dgamma, cols, j);
    give(accumulate, total, dbeta, cols, j);
}
