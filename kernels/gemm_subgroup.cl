/* Matrix product for GPUs whose sub-groups of 16 read each other's registers (cl_intel_subgroups):
 * no local memory and no barrier. A sub-group computes RM x 16 RN of C, an item every 16th column; of
 * A its items hold 16 columns of RM rows (or, transposed, RM rows of a column) and pass them round.
 * A work-group is TM / RM sub-groups, one below the other.
 *
 * The order of sums, SPLIT and the arguments are those of gemm_tiled.cl.
 */
#pragma OPENCL EXTENSION cl_intel_subgroups : enable
#include "gemm_end.cl"

#ifndef TM
#define TM 32
#define TN 32
#define RM 8
#define RN 2
#endif
#define LANES_SG 16
#define TK       LANES_SG
#include "gemm_operands.cl"

#ifndef SPLIT
#define SPLIT 0
#endif
#define UNROLL _Pragma("unroll")

/* What an item adds up: its part of C and, in the first rows' groups, of B's column sums. */
struct part {
    float c[RM][RN], b[RN];
};

static inline void clear(struct part *part)
{
    UNROLL for (int j = 0; j < RN; j++) {
        part->b[j] = 0.0f;
        UNROLL for (int i = 0; i < RM; i++)
            part->c[i][j] = 0.0f;
    }
}

static inline void add(struct part *total, const struct part *sum, bool first)
{
    UNROLL for (int j = 0; j < RN; j++) {
        total->b[j] = first ? sum->b[j] : total->b[j] + sum->b[j];
        UNROLL for (int i = 0; i < RM; i++)
            total->c[i][j] = first ? sum->c[i][j] : total->c[i][j] + sum->c[i][j];
    }
}

kernel __attribute__((reqd_work_group_size(TM / RM * LANES_SG, 1, 1),
                      intel_reqd_sub_group_size(LANES_SG))) void
gemm_subgroup(int m, int n, int k, int first_chunk, int flags, global const float *a,
              global const float *b, global const float *bias, global const float *derivative_at,
              global float *b_sums, global float *c)
{
    int lane = get_local_id(0) % LANES_SG;
    int row0 = get_group_id(1) * TM + get_local_id(0) / LANES_SG * RM;
    int column0 = get_group_id(0) * TN + lane;
    int begin = 0, end = k;
#if PASS == TO_IMAGE
    end = k_of_phase();
#elif SPLIT
    begin = (first_chunk + get_group_id(2)) * K_CHUNK;
    end = min(begin + K_CHUNK, k);
#endif
    struct part sum, total;
    clear(&sum);
    clear(&total);
    for (int p = begin; p < end; p += TK) {
#if !TRANS_A
        float rows[RM];
        UNROLL for (int i = 0; i < RM; i++)
            rows[i] = load_a(a, m, k, row0 + i, p + lane, end);
#endif
        for (int step = 0; step < TK; step++) {
#if TRANS_A
            float across = load_a(a, m, k, row0 + lane % RM, p + step, end);
#endif
            float column[RN];
            UNROLL for (int j = 0; j < RN; j++) {
                column[j] = load_b(b, n, k, column0 + j * LANES_SG, p + step, end);
                sum.b[j] = sum.b[j] + column[j];
            }
            UNROLL for (int i = 0; i < RM; i++) {
#if TRANS_A
                float element = intel_sub_group_shuffle(across, i);
#else
                float element = intel_sub_group_shuffle(rows[i], step);
#endif
                UNROLL for (int j = 0; j < RN; j++)
                    sum.c[i][j] = fma(element, column[j], sum.c[i][j]);
            }
        }
        if (ends_chunk(p, end)) {
            add(&total, &sum, PASS != TO_IMAGE && (p < K_CHUNK || SPLIT));
            clear(&sum);
        }
    }
#if SPLIT
    c += (size_t)get_group_id(2) * (m + ((flags & SUM_B) != 0)) * n;
    b_sums = c + (size_t)m * n;
    flags &= ~ADD_OLD & ~ADD_BIAS;
#endif
    UNROLL for (int j = 0; j < RN; j++) {
        int at = column0 + j * LANES_SG;
        UNROLL for (int i = 0; i < RM; i++) {
            int row = row0 + i;
            if (row >= m || at >= n || !has_c_row(row))
                continue;
            size_t to = c_row(row) * n + at;
            float old = flags & ADD_OLD ? c[to] : 0.0f, shift = flags & ADD_BIAS ? bias[at] : 0.0f;
            c[to] = gemm_end(total.c[i][j], flags, old, shift, DERIVATIVE ? derivative_at[to] : 0.0f);
        }
        if ((flags & SUM_B) && row0 == 0 && at < n)
            b_sums[at] = flags & ADD_OLD ? b_sums[at] + total.b[j] : total.b[j];
    }
}
