/* Where products on GPUs find their operands: op(A) and op(B) of matrices as they are stored, or of
 * the passes of a convolution (struct vcl_conv) without patches ever being copied together.
 *
 * load_a and load_b give VA or VB neighbouring elements: along k (A as stored, B transposed) or
 * along the rows or columns of C. Beyond `end` of k they are -0 of A and 0 of B, whose product
 * leaves a sum as it is. A convolution's numbers are constants, so that divisions by them are cheap:
 *   H, W, C     the images        MH, MW, F        the maps
 *   KH, KW      the kernel        SH, SW, PH, PW   strides and padding
 */
#define K_CHUNK 256
#ifndef VA
#define VA 1
#define VB 1
#endif
#ifndef TRANS_A
#define TRANS_A 0
#endif
#ifndef TRANS_B
#define TRANS_B 0
#endif

#define PRODUCT  0
#define TO_MAP   1 /* rows: pixels of maps; k: elements of their patches; columns: features */
#define WEIGHTS  2 /* rows: elements of patches; k: pixels of maps; columns: features; TRANS_A */
#define TO_IMAGE 3 /* rows: pixels of images; k: taps, features; columns: channels; TRANS_B */
#ifndef PASS
#define PASS PRODUCT
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)
typedef float floats1;
typedef float2 floats2;
typedef float4 floats4;
#define VA_T JOIN(floats, VA)
#define VB_T JOIN(floats, VB)

#if PASS != PRODUCT

/* What pixel `pixel` of the maps sees through elements `element` and on of its patch. */
static inline VA_T patch_at(global const float *images, int pixel, int element)
{
    int tap = element / C;
    int y = pixel / MW % MH * SH - PH + tap / KW, x = pixel % MW * SW - PW + tap % KW;
    if (y < 0 || y >= H || x < 0 || x >= W)
        return (VA_T)(0.0f);
    size_t at = (((size_t)(pixel / (MW * MH)) * H + y) * W + x) * C + element % C;
    return *(global const VA_T *)(images + at);
}

/* Pixels of images are taken in SH * SW phases: those of a phase are seen through the same taps, so
 * that no tap meets nothing for all of them. Rows of the product are the pixels of the phase, with
 * k for each of its taps TK-aligned. A phase's share of an axis is rounded up. */
#define PHASE_H       ((H + SH - 1) / SH)
#define PHASE_W       ((W + SW - 1) / SW)
#define TAP_K         ((F + TK - 1) / TK * TK)
#define phase_y       ((int)get_group_id(2) / SW)
#define phase_x       ((int)get_group_id(2) % SW)
#define first_y       ((phase_y + SH - PH % SH) % SH)
#define first_x       ((phase_x + SW - PW % SW) % SW)
#define taps(k, p, s) ((k) > (p) ? ((k) - (p) + (s) - 1) / (s) : 0)

static inline int k_of_phase(void)
{
    return taps(KH, phase_y, SH) * taps(KW, phase_x, SW) * TAP_K;
}

static inline VA_T map_at(global const float *maps, int row, int p)
{
    int taps_wide = taps(KW, phase_x, SW), tap = p / TAP_K;
    /* (y + PH - phase_y) / SH is where the phase's first tap looks, its next ones one less each. */
    int y = (first_y + PH - phase_y) / SH + row / PHASE_W % PHASE_H - tap / taps_wide;
    int x = (first_x + PW - phase_x) / SW + row % PHASE_W - tap % taps_wide;
    if (y < 0 || y >= MH || x < 0 || x >= MW)
        return (VA_T)(0.0f);
    size_t pixel = ((size_t)(row / (PHASE_W * PHASE_H)) * MH + y) * MW + x;
    return *(global const VA_T *)(maps + pixel * F + p % TAP_K);
}

static inline VB_T tap_at(global const float *weights, int column, int p)
{
    int taps_wide = taps(KW, phase_x, SW), tap = p / TAP_K;
    int y = phase_y + tap / taps_wide * SH, x = phase_x + tap % taps_wide * SW;
    return *(global const VB_T *)(weights + ((size_t)(y * KW + x) * C + column) * F + p % TAP_K);
}

#endif

static inline VA_T load_a(global const float *a, int m, int k, int row, int p, int end)
{
    if (row >= m || p >= end)
        return (VA_T)(-0.0f);
#if PASS == TO_MAP
    return patch_at(a, row, p);
#elif PASS == WEIGHTS
    return patch_at(a, p, row);
#elif PASS == TO_IMAGE
    return p % TAP_K < F ? map_at(a, row, p) : (VA_T)(-0.0f);
#elif TRANS_A
    return *(global const VA_T *)(a + (size_t)p * m + row);
#else
    return *(global const VA_T *)(a + (size_t)row * k + p);
#endif
}

static inline VB_T load_b(global const float *b, int n, int k, int column, int p, int end)
{
    if (column >= n || p >= end)
        return (VB_T)(0.0f);
#if PASS == TO_IMAGE
    return p % TAP_K < F ? tap_at(b, column, p) : (VB_T)(0.0f);
#elif TRANS_B
    return *(global const VB_T *)(b + (size_t)column * k + p);
#else
    return *(global const VB_T *)(b + (size_t)p * n + column);
#endif
}

/* Does a chunk end with the TK terms from p? */
static inline bool ends_chunk(int p, int end)
{
#if PASS == TO_IMAGE
    int next = p % TAP_K + TK;
    return next >= F || next % K_CHUNK == 0;
#else
    return (p + TK) % K_CHUNK == 0 || p + TK >= end;
#endif
}

/* The row of C that a row of the product is, and whether there is one. */
#if PASS == TO_IMAGE
#define image_y(row) (first_y + (row) / PHASE_W % PHASE_H * SH)
#define image_x(row) (first_x + (row) % PHASE_W * SW)
#define has_c_row(row) (image_y(row) < H && image_x(row) < W)
#define c_row(row)                                                                                 \
    (((size_t)((row) / (PHASE_W * PHASE_H)) * H + image_y(row)) * W + image_x(row))
#else
#define has_c_row(row) true
#define c_row(row)     ((size_t)(row))
#endif
