/* Matrix product for CPU devices: no local memory and no barrier. Operands are first copied into
 * panels (op(A): MR rows, op(B): NR columns, both contiguous in k), padded with zeros; then each
 * work-item computes an MR x NR tile of C with its sums in registers.
 *
 * The order of sums is that of gemm_naive.cl. Padding never enters a stored element: it adds rows
 * and columns, not terms.
 */
#include "prelude.cl"
#include "activation.cl"

#ifndef MR
#define MR 6
#endif
#ifndef NV /* vectors of 8 in a tile's row; even, so that rows split into float16 */
#define NV 2
#endif
#define NR      (8 * NV)
#define K_CHUNK 256
#define UNROLL  _Pragma("unroll")
#define ONE_ITEM __attribute__((reqd_work_group_size(1, 1, 1)))

/* Panel `get_global_id(0)`, chunk of k `get_global_id(1)`: panel[p * WIDTH + w] for stored[w][p]
 * (rows contiguous in p) or stored[p][w] (rows contiguous in w). */
static inline void pack_across(int width, int count, int k, global const float *rows,
                               global float *panel, int from, int to)
{
    for (int w = 0; w < width; w++) {
        if (w < count) {
            global const float *row = rows + (size_t)w * k;
            for (int p = from; p < to; p++)
                panel[(size_t)p * width + w] = row[p];
        } else {
            for (int p = from; p < to; p++)
                panel[(size_t)p * width + w] = 0.0f;
        }
    }
}

static inline void pack_along(int width, int count, int stride, global const float *first,
                              global float *panel, int from, int to)
{
    for (int p = from; p < to; p++) {
        global const float *row = first + (size_t)p * stride;
        global float *out = panel + (size_t)p * width;
        if (count >= width) {
            for (int w = 0; w < width; w++)
                out[w] = row[w];
        } else {
            for (int w = 0; w < width; w++)
                out[w] = w < count ? row[w] : 0.0f;
        }
    }
}

kernel ONE_ITEM void gemm_pack_a(int m, int k, int transposed, global const float *restrict a,
                                 global float *restrict panels)
{
    int first = get_global_id(0) * MR;
    int from = get_global_id(1) * K_CHUNK;
    int to = min(from + K_CHUNK, k);
    global float *panel = panels + (size_t)get_global_id(0) * MR * k;
    if (transposed)
        pack_along(MR, m - first, m, a + first, panel, from, to);
    else
        pack_across(MR, m - first, k, a + (size_t)first * k, panel, from, to);
}

kernel ONE_ITEM void gemm_pack_b(int n, int k, int transposed, global const float *restrict b,
                                 global float *restrict panels)
{
    int first = get_global_id(0) * NR;
    int from = get_global_id(1) * K_CHUNK;
    int to = min(from + K_CHUNK, k);
    global float *panel = panels + (size_t)get_global_id(0) * NR * k;
    if (transposed)
        pack_across(NR, n - first, k, b + (size_t)first * k, panel, from, to);
    else
        pack_along(NR, n - first, n, b + first, panel, from, to);
}

kernel ONE_ITEM void gemm_packed(int m, int n, int k, int accumulate, int has_bias,
                                 global const float *restrict a_panels,
                                 global const float *restrict b_panels,
                                 global const float *restrict bias, global float *restrict c)
{
    int row0 = get_global_id(0) * MR, column0 = get_global_id(1) * NR;
    global const float *a = a_panels + (size_t)get_global_id(0) * MR * k;
    global const float *b = b_panels + (size_t)get_global_id(1) * NR * k;
    float8 total[MR][NV];
    for (int chunk = 0; chunk < k; chunk += K_CHUNK) {
        int length = min(K_CHUNK, k - chunk);
        float8 sum[MR][NV];
        UNROLL for (int i = 0; i < MR; i++)
            UNROLL for (int j = 0; j < NV; j++)
                sum[i][j] = (float8)(0.0f);
        for (int p = 0; p < length; p++) {
            float8 columns[NV];
            UNROLL for (int j = 0; j < NV; j++)
                columns[j] = vload8(j, b);
            UNROLL for (int i = 0; i < MR; i++) {
                float8 element = (float8)(a[i]);
                UNROLL for (int j = 0; j < NV; j++)
                    sum[i][j] = fma(element, columns[j], sum[i][j]);
            }
            a += MR;
            b += NR;
        }
        UNROLL for (int i = 0; i < MR; i++)
            UNROLL for (int j = 0; j < NV; j++)
                total[i][j] = chunk == 0 ? sum[i][j] : total[i][j] + sum[i][j];
    }
    int rows = min(MR, m - row0);
    for (int i = 0; i < rows; i++) {
        global float *row = c + (size_t)(row0 + i) * n;
        for (int j = 0; j < NV; j += 2) {
            int column = column0 + j * 8;
            if (column >= n)
                break;
            float16 value = (float16)(total[i][j], total[i][j + 1]);
            if (accumulate)
                value = lanes_load(row, n, column) + value;
            if (has_bias)
                value = value + lanes_load(bias, n, column);
            lanes_store(activate(value), row, n, column);
        }
    }
}
