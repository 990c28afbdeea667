/* Samples of codes, several an example, and densities of them: what importance weights are made of
 * (Burda et al. 2016, eq. 8). Row r of z, of log_q and of log_p belongs to row r / repeat of `heads`.
 */
#include "prelude.cl"
#include "math.cl"
#include "random.cl"
#include "step.cl"
#include "logvar.cl"

/* z = mu + sigma eps, spread = sigma eps, log_q[row] = log q(z|x). Noise as in latent.cl. */
kernel ROW_KERNEL void draws(int dim, int repeat, uint stream, int eps_given,
                             global const struct step *step, global const int *ids,
                             global const float *eps, global const float *heads, global float *z,
                             global float *spread, global float *log_q)
{
    ROW_SCRATCH
    int row = get_global_id(1), source = row / repeat;
    global const float *mu = heads + (size_t)source * 2 * dim, *logvar = mu + dim;
    size_t at = (size_t)row * dim;
    real sum = (real)(0.0f);
    LANE_LOOP(j, dim)
    {
        real v = clamp_logvar(lanes_load(logvar, dim, j)), noise;
        if (eps_given)
            noise = lanes_load(eps + at, dim, j);
        else
            noise = philox_normal(step->seed_lo, step->seed_hi,
                                  stream + step->sample + row % repeat, step->step,
                                  (ureal)((uint)ids[source]), lane_columns(j));
        real offset = vm_exp(0.5f * v) * noise;
        /* Before the stores: behind them pocl 3.1, which vectorises the 16 work-items of the form for
         * GPUs, loses the mask. */
        sum = sum + lanes_mask(fma(noise, noise, v + LOG_2PI), dim, j);
        lanes_store(lanes_load(mu, dim, j) + offset, z + at, dim, j);
        lanes_store(offset, spread + at, dim, j);
    }
    float total = lanes_sum(sum);
    if (is_lane_zero)
        log_q[row] = -0.5f * total;
}

/* dheads (rows of heads, 2 * dim) from dz and from the gradient of log_q, as a function of the noise
 * and of log sigma^2; without `has_q`, from dz alone. Samples are added in their order. */
kernel ROW_KERNEL void draws_gradient(int dim, int repeat, int has_q, global const float *heads,
                                      global const float *spread, global const float *dz,
                                      global const float *dlog_q, global float *dheads)
{
    int row = get_global_id(1);
    global const float *logvar = heads + (size_t)row * 2 * dim + dim;
    dheads += (size_t)row * 2 * dim;
    LANE_LOOP(j, dim)
    {
        real dmu = (real)(0.0f), slope = (real)(0.0f), raw = lanes_load(logvar, dim, j);
        for (int s = row * repeat; s < (row + 1) * repeat; s++) {
            real d = lanes_load(dz + (size_t)s * dim, dim, j);
            real from_q = (real)(has_q ? -0.5f * dlog_q[s] : 0.0f);
            dmu = dmu + d;
            slope = slope + fma(d, 0.5f * lanes_load(spread + (size_t)s * dim, dim, j), from_q);
        }
        lanes_store(dmu, dheads, dim, j);
        lanes_store(clamp_logvar(raw) == raw ? slope : (real)(0.0f), dheads + dim, dim, j);
    }
}

/* log_p[row] = log N(z; mu, sigma^2), of N(0, I) without `has_heads`. */
kernel ROW_KERNEL void log_normal(int dim, int repeat, int has_heads, global const float *z,
                                  global const float *heads, global float *log_p)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    global const float *mu = heads + (size_t)(row / repeat) * 2 * dim, *logvar = mu + dim;
    z += (size_t)row * dim;
    real sum = (real)(0.0f);
    LANE_LOOP(j, dim)
    {
        real d = lanes_load(z, dim, j), v = (real)(0.0f);
        if (has_heads) {
            v = clamp_logvar(lanes_load(logvar, dim, j));
            d = (d - lanes_load(mu, dim, j)) * vm_exp(-0.5f * v);
        }
        sum = sum + lanes_mask(fma(d, d, v + LOG_2PI), dim, j);
    }
    float total = lanes_sum(sum);
    if (is_lane_zero)
        log_p[row] = -0.5f * total;
}

/* dz from the gradient of log_p, or added to dz. */
kernel ROW_KERNEL void log_normal_dz(int dim, int repeat, int has_heads, int adds,
                                     global const float *z, global const float *heads,
                                     global const float *dlog_p, global float *dz)
{
    int row = get_global_id(1);
    global const float *mu = heads + (size_t)(row / repeat) * 2 * dim, *logvar = mu + dim;
    float g = dlog_p[row];
    z += (size_t)row * dim;
    dz += (size_t)row * dim;
    LANE_LOOP(j, dim)
    {
        real d = lanes_load(z, dim, j);
        if (has_heads)
            d = (d - lanes_load(mu, dim, j)) * vm_exp(-clamp_logvar(lanes_load(logvar, dim, j)));
        d = -g * d;
        lanes_store(adds ? lanes_load(dz, dim, j) + d : d, dz, dim, j);
    }
}

/* dheads (rows of heads, 2 * dim) likewise; samples are added in their order. */
kernel ROW_KERNEL void log_normal_dheads(int dim, int repeat, int adds, global const float *z,
                                         global const float *heads, global const float *dlog_p,
                                         global float *dheads)
{
    int row = get_global_id(1);
    global const float *mu = heads + (size_t)row * 2 * dim, *logvar = mu + dim;
    dheads += (size_t)row * 2 * dim;
    LANE_LOOP(j, dim)
    {
        real dmu = (real)(0.0f), slope = (real)(0.0f), raw = lanes_load(logvar, dim, j);
        real v = clamp_logvar(raw), precision = vm_exp(-v), m = lanes_load(mu, dim, j);
        for (int s = row * repeat; s < (row + 1) * repeat; s++) {
            real d = lanes_load(z + (size_t)s * dim, dim, j) - m;
            real from_mu = dlog_p[s] * (d * precision);
            dmu = dmu + from_mu;
            slope = slope + 0.5f * fma(from_mu, d, (real)(-dlog_p[s]));
        }
        slope = v == raw ? slope : (real)(0.0f);
        lanes_store(adds ? lanes_load(dheads, dim, j) + dmu : dmu, dheads, dim, j);
        lanes_store(adds ? lanes_load(dheads + dim, dim, j) + slope : slope, dheads + dim, dim, j);
    }
}
