/* Sums a step's losses into its slot and watches that they stay finite. One row kernel, one row. */
#include "prelude.cl"
#include "step.cl"

static inline real sum_lanes_of(int n, global const float *x)
{
    real sum = (real)(0.0f);
    LANE_LOOP(j, n)
    {
        sum = sum + lanes_load(x, n, j);
    }
    return sum;
}

/* slots[2 * slot] = sum of recon (rows), slots[2 * slot + 1] = sum of kl (rows). */
kernel ROW_KERNEL void metrics(int rows, global const struct step *step, global const float *recon,
                               global const float *kl, global float *slots,
                               global struct health *health)
{
    ROW_SCRATCH
    float recon_sum = lanes_sum(sum_lanes_of(rows, recon));
    float kl_sum = lanes_sum(sum_lanes_of(rows, kl));
    float loss = recon_sum + kl_sum;
    if (is_lane_zero) {
        slots[2 * step->slot] = recon_sum;
        slots[2 * step->slot + 1] = kl_sum;
        bool bad = loss - loss != 0.0f || health->bad_index != UINT_MAX;
        if (bad && !health->halted) {
            health->halted = 1;
            health->bad_step = step->step;
        }
    }
}
