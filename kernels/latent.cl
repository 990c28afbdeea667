/* The Gaussian latent: q(z|x) = N(mu, sigma^2) with mu and log sigma^2 from the encoder's head,
 * z = mu + sigma * eps, and KL(q || N(0, I)) in closed form (Kingma and Welling 2014, appendix B).
 *
 * `heads` is (rows, 2 * dim), as logvar.cl says.
 */
#include "prelude.cl"
#include "math.cl"
#include "random.cl"
#include "step.cl"
#include "logvar.cl"

/* 1/2 (mu^2 + sigma^2 - 1 - log sigma^2), without cancellation near mu = 0, sigma = 1. */
static inline real kl_element(real mu, real logvar)
{
    return 0.5f * (fma(mu, mu, vm_expm1(logvar)) - logvar);
}

/* z and spread = sigma * eps are (rows, dim); kl is (rows) in nats. eps comes from Philox, keyed by
 * the example's number and by `stream` + the step's sample; or, with `eps_given`, from
 * `eps` (rows, dim). `keep_elements` also stores each term of each example, for free bits. */
kernel ROW_KERNEL void latent_forward(int dim, uint stream, int eps_given,
                                      int keep_elements,
                                      global const struct step *step, global const int *ids,
                                      global const float *eps, global const float *heads,
                                      global float *z, global float *spread, global float *kl,
                                      global float *kl_elements)
{
    ROW_SCRATCH
    int row = get_global_id(1);
    global const float *mu_row = heads + (size_t)row * 2 * dim, *logvar_row = mu_row + dim;
    real kl_sum = (real)(0.0f);
    LANE_LOOP(j, dim)
    {
        real mu = lanes_load(mu_row, dim, j);
        real logvar = clamp_logvar(lanes_load(logvar_row, dim, j));
        real noise;
        if (eps_given)
            noise = lanes_load(eps + (size_t)row * dim, dim, j);
        else
            noise = philox_normal(step->seed_lo, step->seed_hi, stream + step->sample, step->step,
                                  (ureal)((uint)ids[row]), lane_columns(j));
        real offset = vm_exp(0.5f * logvar) * noise;
        real term = kl_element(mu, logvar);
        lanes_store(mu + offset, z + (size_t)row * dim, dim, j);
        lanes_store(offset, spread + (size_t)row * dim, dim, j);
        if (keep_elements)
            lanes_store(term, kl_elements + (size_t)row * dim, dim, j);
        kl_sum = kl_sum + lanes_mask(term, dim, j);
    }
    float total = lanes_sum(kl_sum);
    if (is_lane_zero)
        kl[row] = total;
}

/* Free bits (Kingma et al. 2016): a dimension whose mean KL over the batch is below `free_bits` gets
 * no gradient from it. elements is (rows, dim); mask (dim) becomes 0 or 1. */
kernel void free_bits_mask(int rows, int dim, float free_bits, global const float *sums,
                           global float *mask)
{
    int j = FLAT_INDEX;
    if (j >= dim)
        return;
    real sum = flat_load(sums, dim, j);
    flat_store(sum > free_bits * (float)rows ? (real)(1.0f) : (real)(0.0f), mask, dim, j);
}

/* d heads from d z: the reparameterised path plus kl_weight * scale * dKL, times `mask` with
 * `free_bits`. scale = 1 / batch. */
kernel ROW_KERNEL void latent_backward(int dim, int free_bits, float scale,
                                       global const struct step *step,
                                       global const float *heads, global const float *spread,
                                       global const float *mask, global const float *dz,
                                       global float *dheads)
{
    int row = get_global_id(1);
    global const float *mu_row = heads + (size_t)row * 2 * dim, *logvar_row = mu_row + dim;
    global float *dmu = dheads + (size_t)row * 2 * dim, *dlogvar = dmu + dim;
    float weight = step->kl_weight * scale;
    LANE_LOOP(j, dim)
    {
        real raw = lanes_load(logvar_row, dim, j), logvar = clamp_logvar(raw);
        real dzj = lanes_load(dz + (size_t)row * dim, dim, j);
        real w = (real)(weight);
        if (free_bits)
            w = w * lanes_load(mask, dim, j);
        real from_z = dzj * (0.5f * lanes_load(spread + (size_t)row * dim, dim, j));
        real slope = fma(0.5f * w, vm_expm1(logvar), from_z);
        lanes_store(fma(w, lanes_load(mu_row, dim, j), dzj), dmu, dim, j);
        lanes_store(logvar == raw ? slope : (real)(0.0f), dlogvar, dim, j);
    }
}

/* x (rows, cols) = N(0, 1), keyed by (seed, stream, step, first_row + row, column). */
kernel ROW_KERNEL void fill_normal(int cols, uint stream, uint first_row,
                                   global const struct step *step, global float *x)
{
    uint row = get_global_id(1);
    LANE_LOOP(j, cols)
    {
        real value = philox_normal(step->seed_lo, step->seed_hi, stream, step->step,
                                   (ureal)(first_row + row), lane_columns(j));
        lanes_store(value, x + (size_t)row * cols, cols, j);
    }
}
