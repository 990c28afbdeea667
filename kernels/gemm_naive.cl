/* The reference matrix product: each work-item computes VEC neighbouring elements of a row of C.
 *
 * The order of every product's sum is part of the file format, so to speak, and the same in all our
 * implementations: K is cut into chunks of K_CHUNK; each chunk is summed from zero in ascending k by
 * fma; chunk sums are added in ascending order. Then: C's old value + sum, + bias, activation.
 */
#include "prelude.cl"
#include "activation.cl"

#ifndef TRANS_A
#define TRANS_A 0
#endif
#ifndef TRANS_B
#define TRANS_B 0
#endif
#ifndef HAS_BIAS
#define HAS_BIAS 0
#endif
#ifndef ACCUMULATE
#define ACCUMULATE 0
#endif
#define K_CHUNK 256

#if TRANS_A
#define A_AT(i, p) a[(size_t)(p) * m + (i)]
#else
#define A_AT(i, p) a[(size_t)(i) * k + (p)]
#endif

#if !TRANS_B
#define B_AT(p, j) flat_load(b + (size_t)(p) * n, n, j)
#elif VEC == 1
#define B_AT(p, j) ((j) < n ? b[(size_t)(j) * k + (p)] : 0.0f)
#else
#define B_AT(p, j) gather_column(b, k, n, p, j)
static inline real gather_column(global const float *b, int k, int n, int p, int j)
{
    float part[VEC];
    for (int lane = 0; lane < VEC; lane++)
        part[lane] = j + lane < n ? b[(size_t)(j + lane) * k + p] : 0.0f;
    return vload16(0, part);
}
#endif

kernel void gemm_naive(int m, int n, int k, global const float *a, global const float *b,
                       global const float *bias, global float *c)
{
    int j = FLAT_INDEX;
    int i = get_global_id(1);
    if (j >= n)
        return;
    real total = (real)(0.0f);
    for (int chunk = 0; chunk < k; chunk += K_CHUNK) {
        int end = min(chunk + K_CHUNK, k);
        real sum = (real)(0.0f);
        for (int p = chunk; p < end; p++)
            sum = fma((real)(A_AT(i, p)), B_AT(p, j), sum);
        total = chunk == 0 ? sum : total + sum;
    }
    global float *row = c + (size_t)i * n;
#if ACCUMULATE
    total = flat_load(row, n, j) + total;
#endif
#if HAS_BIAS
    total = total + flat_load(bias, n, j);
#endif
    flat_store(activate(total), row, n, j);
}
