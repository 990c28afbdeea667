/* For tests: matrix units played on any device, as their manuals describe them and not as
 * gemm_matrix.cl computes it: the PTX ISA's "Matrix Fragments for mma.m16n8k8" and "m16n8k16", AMD's
 * articles on WMMA on RDNA 3 and on matrix cores of CDNA 2, and the OpenCL extension
 * cl_intel_subgroup_matrix_multiply_accumulate. A lane puts its share of the operands where the
 * manual says it belongs, and takes its share of the product from there.
 */
#define EMULATED (UM * UK + UK * UN)

/* The place (row or column, k) of element e. */
static inline int2 place_a(int lane, int e)
{
#if MATRIX == NVIDIA_TF32
    int group = lane >> 2, thread = lane & 3;
    return (int2)(e == 0 || e == 2 ? group : group + 8, e < 2 ? thread : thread + 4);
#elif MATRIX == NVIDIA_BF16
    int group = lane >> 2, thread = lane & 3;
    bool upper = (e >= 0 && e < 2) || (e >= 4 && e < 6);
    return (int2)(upper ? group : group + 8, thread * 2 + (e & 1) + (e >= 4 ? 8 : 0));
#elif MATRIX == AMD_WMMA
    return (int2)(lane & 15, e); /* both halves of the wavefront hold the same */
#elif MATRIX == AMD_F32
    return (int2)(lane & 15, lane >> 4);
#elif MATRIX == AMD_BF16
    return (int2)(lane & 15, 4 * (lane >> 4) + e);
#elif MATRIX == INTEL_BF16_8
    return (int2)(e >> 1, 2 * lane + (e & 1)); /* an int a row: two neighbours in k */
#else
    return (int2)(e, lane); /* a short a row */
#endif
}

static inline int2 place_b(int lane, int e)
{
#if MATRIX == NVIDIA_TF32
    return (int2)(lane >> 2, e == 0 ? lane & 3 : (lane & 3) + 4);
#elif MATRIX == NVIDIA_BF16
    return (int2)(lane >> 2, (lane & 3) * 2 + (e & 1) + (e >= 2 ? 8 : 0));
#elif MATRIX == INTEL_BF16_8 || MATRIX == INTEL_BF16_16
    return (int2)(lane, e); /* a column a lane */
#else
    return place_a(lane, e);
#endif
}

static inline int2 place_c(int lane, int i, int j)
{
#if MATRIX == NVIDIA_TF32 || MATRIX == NVIDIA_BF16
    return (int2)((lane >> 2) + (i == 0 ? 0 : 8), (lane & 3) * 2 + j);
#elif MATRIX == AMD_WMMA
    return (int2)(2 * i + (lane >= 16 ? 1 : 0), lane & 15); /* even rows, then odd ones */
#elif MATRIX == AMD_F32 || MATRIX == AMD_BF16
    return (int2)(4 * (lane >> 4) + i, lane & 15);
#else
    return (int2)(i, lane);
#endif
}

static inline float rounded(float x)
{
#if MATRIX == AMD_F32
    return x;
#elif MATRIX == NVIDIA_TF32
    return as_float((as_uint(x) + 0x1000) & ~0x1FFFu);
#else
    return as_float(bf16_of(x) << 16);
#endif
}

static inline void emulate(const float *a, const float *b, float sum[RM][RN], int i0, int j0,
                           int lane, local float *scratch)
{
    local float *rows = scratch, *columns = scratch + UM * UK;
    for (int e = 0; e < NA; e++) {
        int2 at = place_a(lane, e);
        if (MATRIX != AMD_WMMA || lane < 16)
            rows[at.x * UK + at.y] = rounded(a[e]);
    }
    for (int e = 0; e < NB; e++) {
        int2 at = place_b(lane, e);
        if (MATRIX != AMD_WMMA || lane < 16)
            columns[at.x * UK + at.y] = rounded(b[e]);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int i = 0; i < CM; i++) {
        for (int j = 0; j < CN; j++) {
            int2 at = place_c(lane, i, j);
            for (int p = 0; p < UK; p++)
                sum[i0 + i][j0 + j] =
                    fma(rows[at.x * UK + p], columns[at.y * UK + p], sum[i0 + i][j0 + j]);
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
}
