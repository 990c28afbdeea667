/* What a device can do at most: fused multiply-adds from registers, and a walk through memory.
 *
 * WIDTH      floats in a vector
 * SUMS       independent chains of fma, enough to hide its latency
 * SPREAD     1: neighbouring work-items walk side by side, as GPUs like it; 0: each work-item walks
 *            a stretch of its own, as CPUs do
 */
#pragma OPENCL FP_CONTRACT OFF

#ifndef WIDTH
#define WIDTH 8
#endif
#ifndef SUMS
#define SUMS 12
#endif
#ifndef SPREAD
#define SPREAD 0
#endif

#if WIDTH == 1
typedef float vec;
#define LANE_IDS (0.0f)
#elif WIDTH == 4
typedef float4 vec;
#define LANE_IDS ((float4)(0, 1, 2, 3))
#elif WIDTH == 8
typedef float8 vec;
#define LANE_IDS ((float8)(0, 1, 2, 3, 4, 5, 6, 7))
#else
typedef float16 vec;
#define LANE_IDS ((float16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#endif
#define UNROLL _Pragma("unroll")

/* Every lane counts, or a compiler might leave some out. */
static inline float fold(vec x)
{
    union {
        vec all;
        float lane[WIDTH];
    } parts = {.all = x};
    float sum = 0.0f;
    for (int i = 0; i < WIDTH; i++)
        sum += parts.lane[i];
    return sum;
}

/* Chains and lanes start apart, so that none stands for another, and get near to b / (1 - a): with
 * a below 1 no number becomes infinite or subnormal. */
kernel void peak_fma(int rounds, float a, float b, global float *restrict out)
{
    vec sum[SUMS];
    UNROLL for (int i = 0; i < SUMS; i++)
        sum[i] = LANE_IDS + (vec)((float)(get_global_id(0) * SUMS + i));
    for (int round = 0; round < rounds; round++)
        UNROLL for (int i = 0; i < SUMS; i++)
            sum[i] = fma(sum[i], (vec)(a), (vec)(b));
    vec total = sum[0];
    UNROLL for (int i = 1; i < SUMS; i++)
        total += sum[i];
    out[get_global_id(0)] = fold(total);
}

/* A work-item's share of n vectors; n is a multiple of the number of work-items. */
#if SPREAD
#define FOR_MINE(j, n)                                                                             \
    for (int j = (int)get_global_id(0); j < (n); j += (int)get_global_size(0))
#else
#define MINE(n)        ((n) / (int)get_global_size(0))
#define FOR_MINE(j, n)                                                                             \
    for (int j = (int)get_global_id(0) * MINE(n), end = j + MINE(n); j < end; j++)
#endif

kernel void peak_read(int n, global const vec *restrict x, global float *restrict out)
{
    vec sum = (vec)(0.0f);
    FOR_MINE(j, n)
        sum += x[j];
    out[get_global_id(0)] = fold(sum);
}

kernel void peak_copy(int n, global const vec *restrict x, global vec *restrict out)
{
    FOR_MINE(j, n)
        out[j] = x[j];
}

kernel void peak_triad(int n, float factor, global const vec *restrict x,
                       global const vec *restrict y, global vec *restrict out)
{
    FOR_MINE(j, n)
        out[j] = fma((vec)(factor), y[j], x[j]);
}
