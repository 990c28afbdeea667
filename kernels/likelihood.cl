/* Likelihoods p(x|z): for each element the negative log-likelihood and its gradient with respect to
 * the decoder's output, in one pass. -DLIKELIHOOD=NAME selects one; adding one is its two functions
 * here and its row in src/vae/likelihood.c.
 *
 *   loss[row]        sum over the row's elements, nats
 *   dy (rows, cols)  gradient, if `gradient`: times `scale` (1 / batch), or where the weights of rows
 *                    come from elsewhere, with `weighed`, times weights[row]
 * Row r of y belongs to row r / repeat of x.
 */
#include "prelude.cl"
#include "math.cl"

#ifndef LIKELIHOOD
#define LIKELIHOOD bernoulli
#endif

/* Cross-entropy from the logit y: log(1 + e^y) - x y. Also for grey x in [0, 1]. */
static inline real bernoulli_loss(real x, real y, float parameter)
{
    return fma(-x, y, vm_softplus(y));
}

static inline real bernoulli_slope(real x, real y, float parameter)
{
    return vm_sigmoid(y) - x;
}

#define HALF_LOG_2PI 0.91893853320467274178f

/* Gaussian with mean y and the fixed standard deviation `parameter`. */
static inline real gaussian_loss(real x, real y, float parameter)
{
    real r = vm_div(x - y, (real)(parameter));
    return fma(0.5f * r, r, vm_log((real)(parameter)) + HALF_LOG_2PI);
}

static inline real gaussian_slope(real x, real y, float parameter)
{
    return vm_div(y - x, (real)(parameter * parameter));
}

/* Squared error (x - y)^2: no density, for plain autoencoders. */
static inline real squared_loss(real x, real y, float parameter)
{
    return (x - y) * (x - y);
}

static inline real squared_slope(real x, real y, float parameter)
{
    return 2.0f * (y - x);
}

#define LIKELIHOOD_JOIN(a, b) a##b
#define LIKELIHOOD_PART(a, b) LIKELIHOOD_JOIN(a, b)
#define element_loss          LIKELIHOOD_PART(LIKELIHOOD, _loss)
#define element_slope         LIKELIHOOD_PART(LIKELIHOOD, _slope)

kernel ROW_KERNEL void likelihood(int cols, int repeat, int gradient, int weighed, float scale,
                                  float parameter, global const float *x, global const float *y,
                                  global const float *weights, global float *loss,
                                  global float *dy)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    global const float *x_row = x + (size_t)(row / repeat) * cols;
    global const float *y_row = y + (size_t)row * cols;
    real sum = (real)(0.0f);
    if (weighed)
        scale = weights[row];
    LANE_LOOP(j, cols)
    {
        real xj = lanes_load(x_row, cols, j), yj = lanes_load(y_row, cols, j);
        if (!weighed)
            sum = sum + lanes_mask(element_loss(xj, yj, parameter), cols, j);
        if (gradient)
            lanes_store(scale * element_slope(xj, yj, parameter), dy + (size_t)row * cols, cols, j);
    }
    float total = lanes_sum(sum);
    if (is_lane_zero && !weighed)
        loss[row] = total;
}
