/* Matrix units, for gemm_tiled.cl: the lanes of a sub-group (a warp, a wavefront) together multiply
 * UM x UK of A by UK x UN of B. The operands are rounded to the unit's type, sums are floats in an
 * order of the hardware's, so that results are not the same bits as elsewhere.
 *
 * MATRIX is one of those below. For each: the lanes across and down, what of the block an element e
 * of a lane's share of A, B is, and which rows and columns (CM x CN of them) of C the lane holds.
 * With EMULATE the unit is played by gemm_emulate.cl, so that all but the instruction itself runs
 * on any device.
 */
#define NVIDIA_TF32 1 /* compute capability 8.0: mma.m16n8k8 */
#define NVIDIA_BF16 2 /* compute capability 8.0: mma.m16n8k16 */
#define AMD_WMMA    3 /* gfx11, wavefronts of 32: bf16 */
#define AMD_F32     4 /* gfx90a, gfx94x, wavefronts of 64: not rounded at all */
#define AMD_BF16    5 /* the same */
#define INTEL_BF16_8  6 /* sub-groups of 8: Arc */
#define INTEL_BF16_16 7 /* sub-groups of 16: Data Center GPU Max, Arc B */

#if MATRIX == NVIDIA_TF32 || MATRIX == NVIDIA_BF16
#define ACROSS 4
#define DOWN   8
#define UM     16
#define UN     8
#define CM     2
#define CN     2
#define UC_ROW(y, i)    ((y) + 8 * (i))
#define UC_COLUMN(x, j) (2 * (x) + (j))
#define UA_ROW(lane, e) ((lane) / 4 + 8 * ((e) / A_EACH % 2))
#define UA_K(lane, e)   ((lane) % 4 * A_EACH + 4 * A_EACH * ((e) / A_EACH / 2) + (e) % A_EACH)
#define UB_COLUMN(lane, e) ((lane) / 4)
#define UB_K(lane, e)      ((lane) % 4 * A_EACH + 4 * A_EACH * ((e) / A_EACH) + (e) % A_EACH)
#if MATRIX == NVIDIA_TF32
#define A_EACH 1 /* elements of a register */
#define UK     8
#else
#define A_EACH 2
#define UK     16
#endif
#define NA (4 * A_EACH)
#define NB (2 * A_EACH)

#elif MATRIX == AMD_WMMA
#define ACROSS 16
#define DOWN   2
#define UM     16
#define UN     16
#define UK     16
#define NA     16
#define NB     16
#define CM     8
#define CN     1
#define UC_ROW(y, i)       (2 * (i) + (y))
#define UC_COLUMN(x, j)    (x)
#define UA_ROW(lane, e)    ((lane) % 16)
#define UA_K(lane, e)      (e)
#define UB_COLUMN(lane, e) ((lane) % 16)
#define UB_K(lane, e)      (e)

#elif MATRIX == AMD_F32 || MATRIX == AMD_BF16
#define ACROSS 16
#define DOWN   4
#define UM     16
#define UN     16
#if MATRIX == AMD_F32
#define UK 4
#define NA 1
#else
#define UK 16
#define NA 4
#endif
#define NB NA
#define CM 4
#define CN 1
#define UC_ROW(y, i)       (4 * (y) + (i))
#define UC_COLUMN(x, j)    (x)
#define UA_ROW(lane, e)    ((lane) % 16)
#define UA_K(lane, e)      ((lane) / 16 * NA + (e))
#define UB_COLUMN(lane, e) ((lane) % 16)
#define UB_K(lane, e)      UA_K(lane, e)

#elif MATRIX == INTEL_BF16_8 || MATRIX == INTEL_BF16_16
#if MATRIX == INTEL_BF16_8
#define ACROSS 8
#else
#define ACROSS 16
#endif
#define DOWN 1
#define UM   8
#define UN   ACROSS
#define UK   16
#define NA   (UM * UK / ACROSS)
#define NB   UK
#define CM   8
#define CN   1
#define UC_ROW(y, i)       (i)
#define UC_COLUMN(x, j)    (x)
#define UA_ROW(lane, e)    ((e) / (UK / ACROSS))
#define UA_K(lane, e)      ((lane) * (UK / ACROSS) + (e) % (UK / ACROSS))
#define UB_COLUMN(lane, e) (lane)
#define UB_K(lane, e)      (e)
#endif

#define SUBGROUP        (ACROSS * DOWN)
#define MATRIX_IS_INTEL (MATRIX == INTEL_BF16_8 || MATRIX == INTEL_BF16_16)

/* To the nearest bf16, ties to even, in the lower half; NaN stays NaN. */
static inline uint bf16_of(float x)
{
    uint bits = as_uint(x);
    return x != x ? bits >> 16 | 0x40 : (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;
}

/* The element 2 * i in the lower half of a word, the next in the upper one. */
static inline uint bf16_pair(const float *x, int i)
{
    return bf16_of(x[2 * i]) | bf16_of(x[2 * i + 1]) << 16;
}

#if EMULATE
#include "gemm_emulate.cl"
#endif

/* The block of C whose lane's share begins at sum[i][j] += A's times B's. */
#if MATRIX == NVIDIA_TF32 && !EMULATE
static inline uint tf32_of(float x)
{
    uint y;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(y) : "f"(x));
    return y;
}

static inline void unit(const float *a, const float *b, float sum[RM][RN], int i, int j)
{
    asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sum[i][j]), "+f"(sum[i][j + 1]), "+f"(sum[i + 1][j]), "+f"(sum[i + 1][j + 1])
                 : "r"(tf32_of(a[0])), "r"(tf32_of(a[1])), "r"(tf32_of(a[2])), "r"(tf32_of(a[3])),
                   "r"(tf32_of(b[0])), "r"(tf32_of(b[1])));
}
#elif MATRIX == NVIDIA_BF16 && !EMULATE
static inline uint pair_of(const float *x, int i)
{
    uint y;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(y) : "f"(x[2 * i + 1]), "f"(x[2 * i]));
    return y;
}

static inline void unit(const float *a, const float *b, float sum[RM][RN], int i, int j)
{
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
                 "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
                 : "+f"(sum[i][j]), "+f"(sum[i][j + 1]), "+f"(sum[i + 1][j]), "+f"(sum[i + 1][j + 1])
                 : "r"(pair_of(a, 0)), "r"(pair_of(a, 1)), "r"(pair_of(a, 2)), "r"(pair_of(a, 3)),
                   "r"(pair_of(b, 0)), "r"(pair_of(b, 1)));
}
#elif MATRIX == AMD_WMMA && !EMULATE
typedef short wmma_half __attribute__((ext_vector_type(16)));
typedef float wmma_sums __attribute__((ext_vector_type(8)));
static inline void unit(const float *a, const float *b, float sum[RM][RN], int i, int j)
{
    wmma_half x, y;
    wmma_sums z;
    UNROLL for (int e = 0; e < 16; e++) {
        x[e] = bf16_of(a[e]);
        y[e] = bf16_of(b[e]);
    }
    UNROLL for (int e = 0; e < CM; e++)
        z[e] = sum[i + e][j];
    z = __builtin_amdgcn_wmma_f32_16x16x16_bf16_w32(x, y, z);
    UNROLL for (int e = 0; e < CM; e++)
        sum[i + e][j] = z[e];
}
#elif (MATRIX == AMD_F32 || MATRIX == AMD_BF16) && !EMULATE
typedef short mfma_half __attribute__((ext_vector_type(4)));
typedef float mfma_sums __attribute__((ext_vector_type(4)));
static inline void unit(const float *a, const float *b, float sum[RM][RN], int i, int j)
{
    mfma_sums z;
    UNROLL for (int e = 0; e < CM; e++)
        z[e] = sum[i + e][j];
#if MATRIX == AMD_F32
    z = __builtin_amdgcn_mfma_f32_16x16x4f32(a[0], b[0], z, 0, 0, 0);
#else
    mfma_half x, y;
    UNROLL for (int e = 0; e < 4; e++) {
        x[e] = bf16_of(a[e]);
        y[e] = bf16_of(b[e]);
    }
    z = __builtin_amdgcn_mfma_f32_16x16x16bf16_1k(x, y, z, 0, 0, 0);
#endif
    UNROLL for (int e = 0; e < CM; e++)
        sum[i + e][j] = z[e];
}
#elif !EMULATE
static inline void unit(const float *a, const float *b, float sum[RM][RN], int i, int j)
{
    int8 y = (int8)(bf16_pair(b, 0), bf16_pair(b, 1), bf16_pair(b, 2), bf16_pair(b, 3),
                    bf16_pair(b, 4), bf16_pair(b, 5), bf16_pair(b, 6), bf16_pair(b, 7));
    float8 z = (float8)(sum[i][j], sum[i + 1][j], sum[i + 2][j], sum[i + 3][j], sum[i + 4][j],
                        sum[i + 5][j], sum[i + 6][j], sum[i + 7][j]);
#if MATRIX == INTEL_BF16_8
    int8 x = (int8)(bf16_pair(a, 0), bf16_pair(a, 1), bf16_pair(a, 2), bf16_pair(a, 3),
                    bf16_pair(a, 4), bf16_pair(a, 5), bf16_pair(a, 6), bf16_pair(a, 7));
#else
    short8 x = (short8)(bf16_of(a[0]), bf16_of(a[1]), bf16_of(a[2]), bf16_of(a[3]), bf16_of(a[4]),
                        bf16_of(a[5]), bf16_of(a[6]), bf16_of(a[7]));
#endif
    z = intel_sub_group_bf16_bf16_matrix_mad_k16(x, y, z);
    sum[i][j] = z.s0;
    sum[i + 1][j] = z.s1;
    sum[i + 2][j] = z.s2;
    sum[i + 3][j] = z.s3;
    sum[i + 4][j] = z.s4;
    sum[i + 5][j] = z.s5;
    sum[i + 6][j] = z.s6;
    sum[i + 7][j] = z.s7;
}
#endif

/* Where in the tile an item is: sub-groups side by side, lanes within. */
#define GROUPS_ACROSS (TN / RN / ACROSS)
#define ITEM_X(item)  ((item) / SUBGROUP % GROUPS_ACROSS * ACROSS + (item) % SUBGROUP % ACROSS)
#define ITEM_Y(item)  ((item) / SUBGROUP / GROUPS_ACROSS * DOWN + (item) % SUBGROUP / ACROSS)
#define ROW_OF(y, i)    ((y) / DOWN * DOWN * RM + (i) / CM * UM + UC_ROW((y) % DOWN, (i) % CM))
#define COLUMN_OF(x, j)                                                                            \
    ((x) / ACROSS * ACROSS * RN + (j) / CN * UN + UC_COLUMN((x) % ACROSS, (j) % CN))

static inline void multiply(local const float *a_tile, int a_pitch, local const float *b_tile,
                            int b_pitch, int y, int x, local float *scratch, float sum[RM][RN])
{
    int lane = y % DOWN * ACROSS + x % ACROSS;
    local const float *a_from = a_tile + y / DOWN * DOWN * RM;
    local const float *b_from = b_tile + x / ACROSS * ACROSS * RN;
    for (int p = 0; p < TK; p += UK) {
        float a[NA], b[RN / CN][NB];
        UNROLL for (int j = 0; j < RN / CN; j++)
            UNROLL for (int e = 0; e < NB; e++)
                b[j][e] = b_from[(p + UB_K(lane, e)) * b_pitch + j * UN + UB_COLUMN(lane, e)];
        UNROLL for (int i = 0; i < RM / CM; i++) {
            UNROLL for (int e = 0; e < NA; e++)
                a[e] = a_from[(p + UA_K(lane, e)) * a_pitch + i * UM + UA_ROW(lane, e)];
            UNROLL for (int j = 0; j < RN / CN; j++) {
#if EMULATE
                emulate(a, b[j], sum, i * CM, j * CN, lane,
                        scratch + get_local_id(0) / SUBGROUP * EMULATED);
#else
                unit(a, b[j], sum, i * CM, j * CN);
#endif
            }
        }
    }
}
