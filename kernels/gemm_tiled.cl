/* Matrix product for GPUs: a work-group computes a TM x TN tile of C. TK rows of op(B) and columns
 * of op(A) at a time are copied into local memory, the next ones on their way in registers while
 * these are multiplied; a work-item holds RM x RN sums.
 *
 * The order of sums is that of gemm_naive.cl: TK divides a chunk, and an item adds the terms of its
 * elements in ascending order. With SPLIT each chunk is another work-group's, which stores its sum
 * for gemm_sum.cl to add up in order. Tiles are padded: beyond K with terms of -0 * 0, which leave
 * any sum as it is, sign of zero included; beyond M and N with what is never stored. So control
 * flow around barriers is the same for all items.
 *
 * Besides TM ... RN the host passes VA, VB (gemm_operands.cl) and VC: the floats of a vector load
 * from A and B and of a store to C, where rows are aligned for it. Products of convolutions to
 * images come in phases, one a third index of work-groups.
 */
#include "gemm_end.cl"
#include "gemm_operands.cl"

#ifndef TM
#define TM 32
#define TN 32
#define TK 16
#define RM 4
#define RN 4
#define VC 1
#endif
#ifndef SPLIT
#define SPLIT 0
#endif
#ifndef ONE_CHUNK /* K is no longer than one: no totals to keep beside the sums */
#define ONE_CHUNK SPLIT
#endif
#ifndef UNROLL_K
#define UNROLL_K 1
#endif
#ifndef MATRIX /* the matrix unit that multiplies (gemm_matrix.cl), if one does */
#define MATRIX 0
#endif
#ifndef EMULATE
#define EMULATE 0
#endif
#define ITEMS   ((TM / RM) * (TN / RN))

#define TEXT(x)      #x
#if EMULATE /* not worth its time: barriers in there */
#define UNROLL
#else
#define UNROLL _Pragma("unroll")
#endif
#define UNROLL_BY(n) _Pragma(TEXT(unroll n))
#define VC_T         JOIN(floats, VC)

/* Elements of a vector one by one: `step` apart in local memory, or in a private array. */
static inline void scatter1(local float *to, int step, floats1 x)
{
    to[0] = x;
}

static inline void scatter2(local float *to, int step, float2 x)
{
    to[0] = x.x;
    to[step] = x.y;
}

static inline void scatter4(local float *to, int step, float4 x)
{
    to[0] = x.x;
    to[step] = x.y;
    to[2 * step] = x.z;
    to[3 * step] = x.w;
}

static inline void spread1(float *to, floats1 x)
{
    to[0] = x;
}

static inline void spread2(float *to, float2 x)
{
    to[0] = x.x;
    to[1] = x.y;
}

static inline void spread4(float *to, float4 x)
{
    to[0] = x.x;
    to[1] = x.y;
    to[2] = x.z;
    to[3] = x.w;
}

#define gather1(from) ((from)[0])
#define gather2(from) ((float2)((from)[0], (from)[1]))
#define gather4(from) ((float4)((from)[0], (from)[1], (from)[2], (from)[3]))

/* ---- from global memory to registers to local memory ----
 *
 * A tile is copied in slots of one vector, which runs along k (op(A) as stored, op(B) transposed) or
 * along the rows or columns of C. In local memory k is the slow dimension either way. */
#define MATRIX_PAD (MATRIX ? 8 : 0) /* lanes read neighbours in k at once */
#if TRANS_A
#define A_K(slot)   ((slot) / (TM / VA))
#define A_ROW(slot) ((slot) % (TM / VA) * VA)
#define A_PITCH     (TM + MATRIX_PAD)
#else
#define A_K(slot)   ((slot) % (TK / VA) * VA)
#define A_ROW(slot) ((slot) / (TK / VA))
#define A_PITCH     (TM + 4 + MATRIX_PAD) /* so that the scattered stores meet fewer of the same bank */
#endif
#define A_SLOTS (TM * TK / VA)
#define A_PARTS ((A_SLOTS + ITEMS - 1) / ITEMS)

#if TRANS_B
#define B_K(slot)      ((slot) % (TK / VB) * VB)
#define B_COLUMN(slot) ((slot) / (TK / VB))
#define B_PITCH        (TN + 4 + MATRIX_PAD)
#else
#define B_K(slot)      ((slot) / (TN / VB))
#define B_COLUMN(slot) ((slot) % (TN / VB) * VB)
#define B_PITCH        (TN + MATRIX_PAD)
#endif
#define B_SLOTS (TN * TK / VB)
#define B_PARTS ((B_SLOTS + ITEMS - 1) / ITEMS)

static inline void store_a(local float *tile, int item, const VA_T *parts)
{
    UNROLL for (int i = 0; i < A_PARTS; i++) {
        int slot = item + i * ITEMS;
        if (A_SLOTS % ITEMS != 0 && slot >= A_SLOTS)
            break;
        local float *to = tile + A_K(slot) * A_PITCH + A_ROW(slot);
#if TRANS_A
        *(local VA_T *)to = parts[i];
#else
        JOIN(scatter, VA)(to, A_PITCH, parts[i]);
#endif
    }
}

static inline void store_b(local float *tile, int item, const VB_T *parts)
{
    UNROLL for (int i = 0; i < B_PARTS; i++) {
        int slot = item + i * ITEMS;
        if (B_SLOTS % ITEMS != 0 && slot >= B_SLOTS)
            break;
        local float *to = tile + B_K(slot) * B_PITCH + B_COLUMN(slot);
#if TRANS_B
        JOIN(scatter, VB)(to, B_PITCH, parts[i]);
#else
        *(local VB_T *)to = parts[i];
#endif
    }
}

/* ---- the product ---- */

#if MATRIX
#include "gemm_matrix.cl"
#else

/* An item's rows lie in groups of GA neighbours, which it reads as one vector; the groups of all
 * items side by side, then their next ones. Columns likewise. */
#if RM % 4 == 0
#define GA 4
#elif RM % 2 == 0
#define GA 2
#else
#define GA 1
#endif
#if RN % 4 == 0
#define GB 4
#elif RN % 2 == 0
#define GB 2
#else
#define GB 1
#endif
#define ITEM_X(item)    ((item) % (TN / RN))
#define ITEM_Y(item)    ((item) / (TN / RN))
#define ROW_OF(y, i)    ((i) / GA * (GA * (TM / RM)) + (y) * GA + (i) % GA)
#define COLUMN_OF(x, j) ((j) / GB * (GB * (TN / RN)) + (x) * GB + (j) % GB)

static inline void multiply(local const float *a_tile, int a_pitch, local const float *b_tile,
                            int b_pitch, int y, int x, local float *scratch, float sum[RM][RN])
{
    UNROLL_BY(UNROLL_K) for (int p = 0; p < TK; p++) {
        float a[RM], b[RN];
        UNROLL for (int i = 0; i < RM; i += GA)
            JOIN(spread, GA)(a + i, *(local const JOIN(floats, GA) *)(a_tile + p * a_pitch +
                                                                     ROW_OF(y, i)));
        UNROLL for (int j = 0; j < RN; j += GB)
            JOIN(spread, GB)(b + j, *(local const JOIN(floats, GB) *)(b_tile + p * b_pitch +
                                                                     COLUMN_OF(x, j)));
        UNROLL for (int i = 0; i < RM; i++)
            UNROLL for (int j = 0; j < RN; j++)
                sum[i][j] = fma(a[i], b[j], sum[i][j]);
    }
}
#endif

/* The column sums of B, by the work-groups of the first rows: an item has every ITEMS-th column. */
#define SUMS ((TN + ITEMS - 1) / ITEMS)

static inline void add_columns(local const float *b_tile, int item, float sums[SUMS])
{
    UNROLL for (int i = 0; i < SUMS; i++)
        for (int p = 0; p < TK && item + i * ITEMS < TN; p++)
            sums[i] = sums[i] + b_tile[p * B_PITCH + item + i * ITEMS];
}

static inline void end_row(float *x, int n, int row, int column, int flags,
                           global const float *bias, global const float *derivative_at,
                           global float *c)
{
    size_t first = c_row(row) * n + column;
    float old[VC] = {0}, shift[VC] = {0}, at[VC] = {0};
    if (flags & ADD_OLD)
        JOIN(spread, VC)(old, *(global const VC_T *)(c + first));
    if (flags & ADD_BIAS)
        JOIN(spread, VC)(shift, *(global const VC_T *)(bias + column));
#if DERIVATIVE
    JOIN(spread, VC)(at, *(global const VC_T *)(derivative_at + first));
#endif
    UNROLL for (int v = 0; v < VC; v++)
        x[v] = gemm_end(x[v], flags, old[v], shift[v], at[v]);
    *(global VC_T *)(c + first) = JOIN(gather, VC)(x);
}

/* The next parts of both tiles, from row p of op(B) on. */
static inline void fetch(global const float *a, global const float *b, int m, int n, int k,
                         int row0, int column0, int p, int end, int item, VA_T a_parts[A_PARTS],
                         VB_T b_parts[B_PARTS])
{
    UNROLL for (int i = 0; i < A_PARTS; i++) {
        int slot = item + i * ITEMS;
        a_parts[i] = load_a(a, m, k, row0 + A_ROW(slot), p + A_K(slot), end);
    }
    UNROLL for (int i = 0; i < B_PARTS; i++) {
        int slot = item + i * ITEMS;
        b_parts[i] = load_b(b, n, k, column0 + B_COLUMN(slot), p + B_K(slot), end);
    }
}

/* A chunk's sums to the totals: of the first chunk as they are, so that a sum of -0 stays. */
static inline void end_chunk(bool first, float sum[RM][RN], float total[RM][RN],
                             float column_sum[SUMS], float column_total[SUMS])
{
    UNROLL for (int i = 0; i < RM; i++) {
        UNROLL for (int j = 0; j < RN; j++) {
            total[i][j] = first ? sum[i][j] : total[i][j] + sum[i][j];
            sum[i][j] = 0.0f;
        }
    }
    UNROLL for (int i = 0; i < SUMS; i++) {
        column_total[i] = first ? column_sum[i] : column_total[i] + column_sum[i];
        column_sum[i] = 0.0f;
    }
}

static inline void end_tile(float result[RM][RN], int m, int n, int row0, int column0, int y, int x,
                            int flags, global const float *bias,
                            global const float *derivative_at, global float *c)
{
    UNROLL for (int i = 0; i < RM; i++) {
        int row = row0 + ROW_OF(y, i);
        UNROLL for (int j = 0; j < RN; j += VC) {
            int column = column0 + COLUMN_OF(x, j);
            if (row < m && column < n && has_c_row(row))
                end_row(&result[i][j], n, row, column, flags, bias, derivative_at, c);
        }
    }
}

static inline void end_columns(const float sums[SUMS], int n, int column0, int item, int flags,
                               global float *b_sums)
{
    UNROLL for (int i = 0; i < SUMS; i++) {
        int at = item + i * ITEMS, column = column0 + at;
        if (at < TN && column < n)
            b_sums[column] = flags & ADD_OLD ? b_sums[column] + sums[i] : sums[i];
    }
}

#if MATRIX && MATRIX_IS_INTEL && !EMULATE
#define TILE_KERNEL                                                                                \
    __attribute__((reqd_work_group_size(ITEMS, 1, 1), intel_reqd_sub_group_size(SUBGROUP)))
#else
#define TILE_KERNEL __attribute__((reqd_work_group_size(ITEMS, 1, 1)))
#endif

/* With SPLIT, c gets the chunks' sums, each m rows of n, and a row of b_sums if they are wanted. */
kernel TILE_KERNEL void gemm_tiled(int m, int n, int k, int first_chunk, int flags,
                                   global const float *a, global const float *b,
                                   global const float *bias, global const float *derivative_at,
                                   global float *b_sums, global float *c)
{
    local float a_tiles[2 * TK * A_PITCH] __attribute__((aligned(16)));
    local float b_tiles[2 * TK * B_PITCH] __attribute__((aligned(16)));
#if EMULATE
    local float scratch[ITEMS / SUBGROUP * EMULATED];
#else
    local float *scratch = a_tiles;
#endif
    int item = get_local_id(0), x = ITEM_X(item), y = ITEM_Y(item);
    int row0 = get_group_id(1) * TM, column0 = get_group_id(0) * TN;
    int begin = 0, end = k;
#if PASS == TO_IMAGE
    end = k_of_phase();
#elif SPLIT
    begin = (first_chunk + get_group_id(2)) * K_CHUNK;
    end = min(begin + K_CHUNK, k);
#endif
    bool sums_columns = (flags & SUM_B) && row0 == 0;
    float sum[RM][RN], column_sum[SUMS];
#if !ONE_CHUNK
    float total[RM][RN] = {{0.0f}}, column_total[SUMS];
#endif
    UNROLL for (int i = 0; i < RM; i++)
        UNROLL for (int j = 0; j < RN; j++)
            sum[i][j] = 0.0f;
    UNROLL for (int i = 0; i < SUMS; i++)
        column_sum[i] = 0.0f;

    VA_T a_parts[A_PARTS];
    VB_T b_parts[B_PARTS];
    int now = 0;
    for (int p = begin - TK; p < end; p += TK) {
        /* The first round only fetches, the last only multiplies. */
        bool fetches = p + TK < end;
        if (fetches)
            fetch(a, b, m, n, k, row0, column0, p + TK, end, item, a_parts, b_parts);
        if (p >= begin) {
            multiply(a_tiles + now * TK * A_PITCH, A_PITCH, b_tiles + now * TK * B_PITCH, B_PITCH, y,
                     x, scratch, sum);
            if (sums_columns)
                add_columns(b_tiles + now * TK * B_PITCH, item, column_sum);
#if !ONE_CHUNK
            if (ends_chunk(p, end))
                end_chunk(PASS != TO_IMAGE && p < K_CHUNK, sum, total, column_sum, column_total);
#endif
        }
        now ^= 1;
        if (fetches) {
            store_a(a_tiles + now * TK * A_PITCH, item, a_parts);
            store_b(b_tiles + now * TK * B_PITCH, item, b_parts);
        }
        barrier(CLK_LOCAL_MEM_FENCE);
    }

#if ONE_CHUNK
#define RESULT     sum
#define COLUMN_SUM column_sum
#else
#define RESULT     total
#define COLUMN_SUM column_total
#endif
#if SPLIT
    c += (size_t)get_group_id(2) * (m + ((flags & SUM_B) != 0)) * n;
    b_sums = c + (size_t)m * n;
    flags &= ~ADD_OLD & ~ADD_BIAS;
#endif
    end_tile(RESULT, m, n, row0, column0, y, x, flags, bias, derivative_at, c);
    if (sums_columns)
        end_columns(COLUMN_SUM, n, column0, item, flags, b_sums);
}
