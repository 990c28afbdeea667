/* Mixtures of `count` Gaussians over codes, of equal weights. `heads` (count, 2 * dim) as in logvar.cl
 * has a row a component.
 */
#include "prelude.cl"
#include "math.cl"
#include "random.cl"
#include "step.cl"
#include "logvar.cl"

/* log_p (rows, count) = log N(z; mu, sigma^2) of each component. */
kernel ROW_KERNEL void log_components(int dim, int count, global const float *z,
                                      global const float *heads, global float *log_p)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    z += (size_t)row * dim;
    for (int k = 0; k < count; k++) {
        global const float *mu = heads + (size_t)k * 2 * dim, *logvar = mu + dim;
        real sum = (real)(0.0f);
        LANE_LOOP(j, dim)
        {
            real v = clamp_logvar(lanes_load(logvar, dim, j));
            real d = (lanes_load(z, dim, j) - lanes_load(mu, dim, j)) * vm_exp(-0.5f * v);
            sum = sum + lanes_mask(fma(d, d, v + LOG_2PI), dim, j);
        }
        float total = lanes_sum(sum);
        if (is_lane_zero)
            log_p[(size_t)row * count + k] = -0.5f * total;
    }
}

/* dz (rows, dim), or added to it, from dlog_p (rows, count); components are added in their order. */
kernel ROW_KERNEL void log_components_dz(int dim, int count, int adds, global const float *z,
                                         global const float *heads, global const float *dlog_p,
                                         global float *dz)
{
    int row = get_global_id(1);
    z += (size_t)row * dim;
    dz += (size_t)row * dim;
    dlog_p += (size_t)row * count;
    LANE_LOOP(j, dim)
    {
        real sum = (real)(0.0f), zj = lanes_load(z, dim, j);
        for (int k = 0; k < count; k++) {
            global const float *mu = heads + (size_t)k * 2 * dim, *logvar = mu + dim;
            real precision = vm_exp(-clamp_logvar(lanes_load(logvar, dim, j)));
            sum = sum + dlog_p[k] * ((lanes_load(mu, dim, j) - zj) * precision);
        }
        lanes_store(adds ? lanes_load(dz, dim, j) + sum : sum, dz, dim, j);
    }
}

/* dheads (count, 2 * dim) likewise; a row is a component, and `rows` codes are added in their order. */
kernel ROW_KERNEL void log_components_dheads(int dim, int count, int rows, int adds,
                                             global const float *z, global const float *heads,
                                             global const float *dlog_p, global float *dheads)
{
    int k = get_global_id(1);
    global const float *mu = heads + (size_t)k * 2 * dim, *logvar = mu + dim;
    dheads += (size_t)k * 2 * dim;
    LANE_LOOP(j, dim)
    {
        real dmu = (real)(0.0f), slope = (real)(0.0f), raw = lanes_load(logvar, dim, j);
        real v = clamp_logvar(raw), precision = vm_exp(-v), m = lanes_load(mu, dim, j);
        for (int row = 0; row < rows; row++) {
            float g = dlog_p[(size_t)row * count + k];
            real d = lanes_load(z + (size_t)row * dim, dim, j) - m;
            real from_mu = g * (d * precision);
            dmu = dmu + from_mu;
            slope = slope + 0.5f * fma(from_mu, d, (real)(-g));
        }
        slope = v == raw ? slope : (real)(0.0f);
        lanes_store(adds ? lanes_load(dheads, dim, j) + dmu : dmu, dheads, dim, j);
        lanes_store(adds ? lanes_load(dheads + dim, dim, j) + slope : slope, dheads + dim, dim, j);
    }
}

/* z (rows, dim), standard normal before, becomes a draw from the mixture: for row first_row + r the
 * component is drawn with that key. */
kernel ROW_KERNEL void mixture_draw(int dim, int count, uint stream, uint first_row,
                                    global const struct step *step, global const float *heads,
                                    global float *z)
{
    uint row = get_global_id(1);
    real u = philox_uniform(step->seed_lo, step->seed_hi, stream, step->step,
                            (ureal)(first_row + row), (ureal)(0));
    ireal component = to_ireal(u * (float)count);
#if VEC == 16
    int k = min(component.s0, count - 1);
#else
    int k = min(component, count - 1);
#endif
    global const float *mu = heads + (size_t)k * 2 * dim, *logvar = mu + dim;
    z += (size_t)row * dim;
    LANE_LOOP(j, dim)
    {
        real sigma = vm_exp(0.5f * clamp_logvar(lanes_load(logvar, dim, j)));
        lanes_store(lanes_load(mu, dim, j) + sigma * lanes_load(z, dim, j), z, dim, j);
    }
}
