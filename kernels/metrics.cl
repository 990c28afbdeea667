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

#define MAX_TERMS 4 /* VCL_TERMS of src/ops/ops.h */

/* slots[MAX_TERMS * slot + i] = sum of the i-th term (rows), for as many of them as there are. */
kernel ROW_KERNEL void metrics(int rows, int terms, global const struct step *step,
                               global const float *term0, global const float *term1,
                               global const float *term2, global const float *term3,
                               global float *slots, global struct health *health)
{
    ROW_SCRATCH
    global const float *all[MAX_TERMS] = {term0, term1, term2, term3};
    float loss = 0.0f;
    for (int i = 0; i < terms; i++) {
        float sum = lanes_sum(sum_lanes_of(rows, all[i]));
        loss += sum;
        if (is_lane_zero)
            slots[MAX_TERMS * step->slot + i] = sum;
    }
    if (is_lane_zero) {
        bool bad = loss - loss != 0.0f || health->bad_index != UINT_MAX;
        if (bad && !health->halted) {
            health->halted = 1;
            health->bad_step = step->step;
        }
    }
}
