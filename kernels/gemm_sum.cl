/* The second pass of products whose chunks of K were divided among work-groups. */
#include "gemm_end.cl"

/* parts: `count` chunks' sums in ascending order, each of m rows of n, and one more row with the
 * column sums of B if they are wanted. They are added up in that order, to `running` unless these
 * are the first (FIRST), and end in C (LAST) or in `running`. */
#define FIRST 8
#define LAST  16

kernel void gemm_sum(int m, int n, int count, int flags, global const float *parts,
                     global const float *bias, global const float *derivative_at,
                     global float *running, global float *b_sums, global float *c)
{
    int rows = m + ((flags & SUM_B) != 0);
    size_t at = get_global_id(0), step = (size_t)rows * n;
    if (at >= step)
        return;
    float x = flags & FIRST ? parts[at] : running[at] + parts[at];
    for (int part = 1; part < count; part++)
        x = x + parts[part * step + at];
    if (!(flags & LAST)) {
        running[at] = x;
    } else if (at < (size_t)m * n) {
        float old = flags & ADD_OLD ? c[at] : 0.0f;
        float shift = flags & ADD_BIAS ? bias[at % n] : 0.0f;
        c[at] = gemm_end(x, flags, old, shift, DERIVATIVE ? derivative_at[at] : 0.0f);
    } else {
        int column = at - (size_t)m * n;
        b_sums[column] = flags & ADD_OLD ? b_sums[column] + x : x;
    }
}
