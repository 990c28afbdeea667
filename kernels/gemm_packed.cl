/* Matrix products for CPU devices: no local memory and no barrier. A work-item makes a block of C.
 * For each chunk of k it packs its columns of B, then some rows of A at a time, into private memory
 * (that is, into its core's caches), and multiplies tiles of MR rows by NV vectors of 16 columns with
 * the sums in registers. Nothing is packed beforehand, so a product is one launch.
 *
 * Only the kernel's own pointers are `restrict`: in functions it becomes something, once these are
 * inlined, that Oclgrind does not know.
 *
 * The order of sums is that of gemm_naive.cl, and of conv_naive.cl: chunks of k from zero by fma,
 * chunk sums added in ascending order, in C itself. Padding adds rows and columns to tiles, not
 * terms to sums.
 *
 * OPERAND says what A and B are (src/gemm/gemm_packed.c):
 *   0  dense           A (m, k) or, TRANS_A, (k, m); B (k, n) or, TRANS_B, (n, k)
 *   1  TO_MAP          A patches of images, B weights
 *   2  TO_IMAGE        A maps, B weights transposed: one phase of the strides, a tap at a time
 *   3  WEIGHTS         A patches of images, transposed, B maps
 */
#include "prelude.cl"
#include "activation.cl"

#ifndef MR
#define MR 6
#endif
#ifndef NV
#define NV 1
#endif
#ifndef OPERAND
#define OPERAND 0
#endif
#ifndef TRANS_A
#define TRANS_A 0
#endif
#ifndef TRANS_B
#define TRANS_B 0
#endif
#ifndef DERIVATIVE
#define DERIVATIVE 0
#endif
#define K_CHUNK  256
#define B_COLS   256           /* most columns of a work-item */
#define B_STEP   (K_CHUNK + 1) /* rows of a panel; odd, so that panels fall into other cache sets */
#define NR       (16 * NV)
#define UNROLL   _Pragma("unroll")
#define UNROLLED 4 /* steps of k at once */
#define ONE_ITEM __attribute__((reqd_work_group_size(1, 1, 1)))

/* A block of A is either rows of the chunk, or its columns: whatever lies together in memory. */
#define A_BY_COLUMNS (TRANS_A || OPERAND == 3)
#if A_BY_COLUMNS
#define A_TILES (128 / MR + 1) /* packed at a time */
#define A_ROW   1
#define A_STEP  (A_TILES * MR)
#define A_TILE  MR
#define A_SIZE  (A_STEP * K_CHUNK)
#else
#define A_TILES (64 / MR + 1)
#define A_ROW   (K_CHUNK + 16) /* not a power of two, which would share too few cache sets */
#define A_STEP  1
#define A_TILE  (MR * A_ROW)
#define A_SIZE  (A_TILES * A_TILE)
#endif

/* ---- what is wanted next ---- */

/* Packing waits for memory, multiplying does not: while tiles are multiplied, what will be packed
 * next is fetched into the cache: `lines` lines of 16 floats of each of `rows` rows. */
struct ahead {
    global const float *from;
    int stride, rows, lines, row;
};

#if HAS_PREFETCH && defined(__has_builtin)
#if __has_builtin(__builtin_prefetch)
#define FETCH(p) __builtin_prefetch((const void *)(size_t)(p), 0, 2)
#endif
#endif
#ifndef FETCH
#define FETCH(p) ((void)(p))
#endif

/* What to fetch during a tile: a line of some rows. A's come first, they are wanted sooner. */
static inline struct ahead take_lines(struct ahead *a, struct ahead *b)
{
    struct ahead *next = a->lines > 0 ? a : b, lines = *next;
    lines.from += (size_t)lines.row * lines.stride;
    lines.rows = lines.lines > 0 ? lines.rows - lines.row : 0;
    next->row += K_CHUNK / UNROLLED;
    if (next->row >= next->rows) {
        next->row = 0;
        next->from += 16;
        next->lines--;
    }
    return lines;
}

/* ---- packing ---- */

static inline void copy_run(int count, global const float *from, float *to)
{
    int p = 0;
    for (; p + 16 <= count; p += 16)
        store16(private, load16(global, from + p), to + p);
    for (; p < count; p++)
        to[p] = from[p];
}

static inline void zero_run(int count, float *to)
{
    for (int p = 0; p < count; p++)
        to[p] = 0.0f;
}

#if OPERAND
#include "conv_pack.cl"
#else

/* Rows i0 .. i0 + rows - 1 of the chunk, at most A_TILES * MR. */
static inline void pack_a(int m, int k, int p0, int kc, int i0, int rows,
                          global const float *a, float *block)
{
    int padded = (rows + MR - 1) / MR * MR;
#if TRANS_A
    for (int p = 0; p < kc; p++) {
        copy_run(rows, a + (size_t)(p0 + p) * m + i0, block + p * A_STEP);
        zero_run(padded - rows, block + p * A_STEP + rows);
    }
#else /* a short tile repeats its last row */
    for (int i = 0; i < padded; i++)
        copy_run(kc, a + (size_t)(i0 + min(i, rows - 1)) * k + p0, block + i * A_ROW);
#endif
}

/* What pack_a will want for rows i0 .. i0 + rows - 1. */
static inline struct ahead ahead_of_a(int m, int k, int p0, int kc, int i0, int rows,
                                      global const float *a)
{
#if TRANS_A
    struct ahead next = {a + (size_t)p0 * m + i0, m, kc, (rows + 15) / 16, 0};
#else
    struct ahead next = {a + (size_t)i0 * k + p0, k, rows, (kc + 15) / 16, 0};
#endif
    next.lines = rows > 0 ? next.lines : 0;
    return next;
}
#endif

/* ---- B: columns j0 .. j0 + cols - 1 of the chunk, in panels of NR, then of 16 ---- */

#define ZIP_LOW(a, b)   (float8)(a.s0, b.s0, a.s1, b.s1, a.s4, b.s4, a.s5, b.s5)
#define ZIP_HIGH(a, b)  (float8)(a.s2, b.s2, a.s3, b.s3, a.s6, b.s6, a.s7, b.s7)
#define PAIR_LOW(a, b)  (float8)(a.s01, b.s01, a.s45, b.s45)
#define PAIR_HIGH(a, b) (float8)(a.s23, b.s23, a.s67, b.s67)

/* to[p * width + w] = from[w * stride + p] for 8 x 8. */
static inline void transpose8(size_t stride, global const float *from, int width, float *to)
{
    float8 a0 = vload8(0, from), a1 = vload8(0, from + stride);
    float8 a2 = vload8(0, from + 2 * stride), a3 = vload8(0, from + 3 * stride);
    float8 a4 = vload8(0, from + 4 * stride), a5 = vload8(0, from + 5 * stride);
    float8 a6 = vload8(0, from + 6 * stride), a7 = vload8(0, from + 7 * stride);
    float8 b0 = ZIP_LOW(a0, a1), b1 = ZIP_HIGH(a0, a1), b2 = ZIP_LOW(a2, a3), b3 = ZIP_HIGH(a2, a3);
    float8 b4 = ZIP_LOW(a4, a5), b5 = ZIP_HIGH(a4, a5), b6 = ZIP_LOW(a6, a7), b7 = ZIP_HIGH(a6, a7);
    float8 c0 = PAIR_LOW(b0, b2), c1 = PAIR_HIGH(b0, b2), c2 = PAIR_LOW(b1, b3);
    float8 c3 = PAIR_HIGH(b1, b3), c4 = PAIR_LOW(b4, b6), c5 = PAIR_HIGH(b4, b6);
    float8 c6 = PAIR_LOW(b5, b7), c7 = PAIR_HIGH(b5, b7);
    vstore8((float8)(c0.lo, c4.lo), 0, to);
    vstore8((float8)(c1.lo, c5.lo), 0, to + width);
    vstore8((float8)(c2.lo, c6.lo), 0, to + 2 * width);
    vstore8((float8)(c3.lo, c7.lo), 0, to + 3 * width);
    vstore8((float8)(c0.hi, c4.hi), 0, to + 4 * width);
    vstore8((float8)(c1.hi, c5.hi), 0, to + 5 * width);
    vstore8((float8)(c2.hi, c6.hi), 0, to + 6 * width);
    vstore8((float8)(c3.hi, c7.hi), 0, to + 7 * width);
}

/* B stored by rows, `stride` apart: b[p * stride + column]. */
static inline void pack_b_rows(int stride, int kc, int cols, global const float *b,
                               float *block)
{
    for (int p = 0; p < kc; p++) {
        global const float *row = b + (size_t)p * stride;
        int j = 0;
        for (; j + NR <= cols; j += NR)
            UNROLL for (int v = 0; v < NV; v++)
                store16(private, load16(global, row + j + 16 * v),
                        block + j * B_STEP + p * NR + 16 * v);
        for (; j < cols; j += 16)
            store16(private, lanes_load(row, cols, j), block + j * B_STEP + p * 16);
    }
}

/* B stored by columns, `stride` apart: b[column * stride + p], to rows `at` + p of the panels. */
static inline void pack_b_columns(int stride, int kc, int cols, int at,
                                  global const float *b, float *block)
{
    for (int j = 0; j < cols; j += 8) {
        int wide = cols / NR * NR;
        int width = j < wide ? NR : 16, first = j < wide ? j / NR * NR : j / 16 * 16;
        global const float *from = b + (size_t)j * stride;
        float *to = block + first * B_STEP + at * width + (j - first);
        int p = 0;
        if (j + 8 <= cols)
            for (; p + 8 <= kc; p += 8)
                transpose8(stride, from + p, width, to + p * width);
        for (; p < kc; p++)
            for (int w = 0; w < 8; w++)
                to[p * width + w] = j + w < cols ? from[(size_t)w * stride + p] : 0.0f;
    }
    if ((cols - 1) % 16 < 8) { /* the last vector's upper half */
        int first = cols / 16 * 16;
        for (int p = 0; p < kc; p++)
            vstore8((float8)(0.0f), 0, block + first * B_STEP + (at + p) * 16 + 8);
    }
}

/* What a dense product's pack_b_... will want of a chunk. */
static inline struct ahead ahead_of_b(int n, int k, int p0, int kc, int j0, int cols,
                                      global const float *b)
{
#if TRANS_B
    struct ahead next = {b + (size_t)j0 * k + p0, k, cols, (kc + 15) / 16, 0};
#else
    struct ahead next = {b + (size_t)p0 * n + j0, n, kc, (cols + 15) / 16, 0};
#endif
    return next;
}

/* ---- tiles ---- */

/* tile (MR, 16 * VECTORS) = sums over a chunk; or, of TO_IMAGE, += . */
#if OPERAND == 2
#define STORE_SUM(sum, p) store16(private, load16(private, p) + (sum), p)
#else
#define STORE_SUM(sum, p) store16(private, sum, p)
#endif
#define STEP(VECTORS)                                                                              \
    do {                                                                                           \
        float16 columns[VECTORS];                                                                  \
        UNROLL for (int v = 0; v < VECTORS; v++)                                                   \
            columns[v] = load16(private, b + 16 * v);                                              \
        UNROLL for (int r = 0; r < MR; r++) {                                                      \
            float16 element = (float16)(a[r * A_ROW]);                                             \
            UNROLL for (int v = 0; v < VECTORS; v++)                                               \
                sum[r][v] = fma(element, columns[v], sum[r][v]);                                   \
        }                                                                                          \
        a += A_STEP;                                                                               \
        b += 16 * VECTORS;                                                                         \
    } while (0)
#define MULTIPLY(name, VECTORS)                                                                    \
    static inline void name(int kc, const float *a, const float *b, float *tile,                   \
                            const struct ahead *ahead)                                             \
    {                                                                                              \
        global const float *line = ahead->from;                                                    \
        int left = ahead->rows, p = 0;                                                             \
        float16 sum[MR][VECTORS];                                                                  \
        UNROLL for (int r = 0; r < MR; r++)                                                        \
            UNROLL for (int v = 0; v < VECTORS; v++)                                               \
                sum[r][v] = (float16)(0.0f);                                                       \
        for (; p + UNROLLED <= kc; p += UNROLLED) {                                                \
            FETCH(line);                                                                           \
            line += --left > 0 ? ahead->stride : 0;                                                \
            UNROLL for (int q = 0; q < UNROLLED; q++)                                              \
                STEP(VECTORS);                                                                     \
        }                                                                                          \
        for (; p < kc; p++)                                                                        \
            STEP(VECTORS);                                                                         \
        UNROLL for (int r = 0; r < MR; r++)                                                        \
            UNROLL for (int v = 0; v < VECTORS; v++)                                               \
                STORE_SUM(sum[r][v], tile + 16 * (r * VECTORS + v));                               \
    }
MULTIPLY(multiply_wide, NV)
#if NV > 1
MULTIPLY(multiply_narrow, 1)
#else
#define multiply_narrow multiply_wide
#endif

/* Products of TO_IMAGE have many chunks, one a tap and more: the totals are in the tile meanwhile.
 * They begin with zero. */
static inline void begin_tile(int first, int n, int rows, const size_t *offset, int j, int vectors,
                              global const float *c, float *tile)
{
    for (int r = 0; r < MR; r++)
        for (int v = 0; v < vectors; v++, tile += 16)
            store16(private,
                    first || r >= rows ? (float16)(0.0f)
                                       : lanes_load(c + offset[r], n, j + 16 * v),
                    tile);
}

/* What happens to a chunk's sums: they are added to the totals, which are C's own elements; after
 * the last chunk come bias and activation or derivative. */
struct finish {
    int n, first, last, has_bias;
    global const float *bias, *derivative_at;
    global float *c;
};

/* Column j to j + 15 of `rows` rows of a tile, whose vectors are `stride` apart; rows of C begin at
 * `offset`. */
static inline void finish_column(const struct finish *f, int rows, const size_t *offset, int j,
                                 int stride, const float *tile)
{
    float16 bias = f->has_bias ? lanes_load(f->bias, f->n, j) : (float16)(0.0f);
    for (int r = 0; r < rows; r++, tile += stride) {
        float16 sum = load16(private, tile);
        size_t at = offset[r];
        if (OPERAND != 2 && !f->first)
            sum = lanes_load(f->c + at, f->n, j) + sum;
        if (f->last) {
            if (f->has_bias)
                sum = sum + bias;
#if DERIVATIVE
            sum = sum * activate_grad((float16)(0.0f), lanes_load(f->derivative_at + at, f->n, j));
#else
            sum = activate(sum);
#endif
        }
        lanes_store(sum, f->c + at, f->n, j);
    }
}

/* Column sums of the block of B, as a row of ones times it. */
static inline void sum_b(const struct finish *f, int kc, int j0, int cols, const float *b_block,
                         global float *b_sums)
{
    for (int j = 0; j < cols; j += 16) {
        int wide = j < cols / NR * NR, width = wide ? NR : 16;
        const float *b = b_block + (wide ? j / NR * NR * B_STEP + j % NR : j * B_STEP);
        float16 sum = (float16)(0.0f);
        for (int p = 0; p < kc; p++, b += width)
            sum = sum + load16(private, b);
        if (!f->first)
            sum = lanes_load(b_sums, f->n, j0 + j) + sum;
        lanes_store(sum, b_sums, f->n, j0 + j);
    }
}

/* `rows` rows of C, which begin at `offset`, times all the block's columns. A chunk of TO_IMAGE is
 * several of `segment`. */
static inline void multiply_block(const struct finish *f, int kc, int segment, int rows, int j0,
                                  int cols, const float *a_block, const float *b_block,
                                  const size_t *offset, struct ahead *next_a, struct ahead *next_b)
{
    float tile[MR * NR] __attribute__((aligned(64)));
    for (int t = 0; t < rows; t += MR) {
        int count = min(MR, rows - t);
        const float *a = a_block + t / MR * A_TILE;
        for (int j = 0; j < cols;) {
            int vectors = j + NR <= cols ? NV : 1;
            const float *b = b_block + j * B_STEP;
#if OPERAND == 2
            begin_tile(f->first, f->n, count, offset + t, j0 + j, vectors, f->c, tile);
            for (int p = 0; p < kc; p += segment) {
#else
            const int p = 0;
            {
#endif
                int length = min(segment, kc - p);
                struct ahead lines = take_lines(next_a, next_b);
                if (vectors == NV)
                    multiply_wide(length, a + p, b + p * NR, tile, &lines);
                else
                    multiply_narrow(length, a + p, b + p * 16, tile, &lines);
            }
            for (int v = 0; v < vectors; v++)
                finish_column(f, count, offset + t, j0 + j + 16 * v, 16 * vectors, tile + 16 * v);
            j += 16 * vectors;
        }
    }
}

/* block_rows (a multiple of MR) by block_cols (of 16, at most B_COLS) of C a work-item. */
kernel ONE_ITEM void gemm_packed(int m, int n, int k, int block_rows, int block_cols,
                                 int has_bias, int has_b_sums,
                                 global const float *restrict a, global const float *restrict b,
                                 global const float *bias, global const float *derivative_at,
                                 global float *b_sums, global float *c
#if OPERAND
                                 , CONV_PARAMETERS
#endif
)
{
    float a_block[A_SIZE] __attribute__((aligned(64)));
    float b_block[B_COLS * B_STEP] __attribute__((aligned(64)));
    size_t offset[A_TILES * MR];
    int j0 = get_global_id(0) * block_cols, i0 = get_global_id(1) * block_rows;
    int cols = min(block_cols, n - j0), p0 = 0;
    struct finish f = {n, 1, 0, has_bias, bias, derivative_at, c};
#if OPERAND
    struct conv g = CONV_STRUCT;
#endif
#if OPERAND == 2
    struct phase phase = phase_of(&g, get_global_id(2));
    m = m * phase.rows * phase.cols;
    k = phase.taps_y * phase.taps_x * features;
#endif
    int i_end = min(i0 + block_rows, m);
    do {
#if OPERAND == 2 /* several taps, or a part of one */
        int segment = min(K_CHUNK, features), taps = K_CHUNK / segment;
        int from = p0 % features, tap = p0 / features;
        int kc = min(min(taps * segment, features > K_CHUNK ? features - from : k - p0), k);
        for (int p = 0; p < kc; p += segment, tap++)
            pack_b_columns(features, min(segment, kc - p), cols, p,
                           b + tap_weights(&g, &phase, tap) + (size_t)j0 * features + from,
                           b_block);
#else
        int kc = min(K_CHUNK, k - p0), segment = kc;
#if TRANS_B
        pack_b_columns(k, kc, cols, 0, b + (size_t)j0 * k + p0, b_block);
#else
        pack_b_rows(n, kc, cols, b + (size_t)p0 * n + j0, b_block);
#endif
#endif
        f.last = p0 + kc >= k;
        struct ahead next_a = {a, 0, 0, 0, 0}, next_b = {b, 0, 0, 0, 0};
#if OPERAND == 0
        int next_kc = min(K_CHUNK, k - p0 - kc);
        if (next_kc > 0)
            next_b = ahead_of_b(n, k, p0 + kc, next_kc, j0, cols, b);
#endif
        for (int i = i0; i < i_end; i += A_TILES * MR) {
            int rows = min(A_TILES * MR, i_end - i);
#if OPERAND == 2
            for (int r = 0; r < rows; r++)
                offset[r] = phase_pixel(&g, &phase, i + r) * n;
            for (int p = 0; p < kc; p += segment)
                pack_a_tap(&g, &phase, (p0 + p) / features, from, min(segment, kc - p), i, rows, a,
                           a_block + p);
#else
            for (int r = 0; r < rows; r++)
                offset[r] = (size_t)(i + r) * n;
#if OPERAND
            pack_a_conv(&g, p0, kc, i, rows, a, a_block);
#else
            pack_a(m, k, p0, kc, i, rows, a, a_block);
            next_a = ahead_of_a(m, k, p0, kc, i + rows, min(A_TILES * MR, i_end - i - rows), a);
#endif
#endif
            multiply_block(&f, kc, segment, rows, j0, cols, a_block, b_block, offset, &next_a,
                           &next_b);
        }
        if (has_b_sums && i0 == 0)
            sum_b(&f, kc, j0, cols, b_block, b_sums);
        p0 += kc;
        f.first = 0;
    } while (p0 < k);
}
