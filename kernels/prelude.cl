/* Put before every program: one place where device -> features, and the lane types.
 *
 * The host passes:
 *   VEC            16 on CPU devices, 1 on GPUs: how many elements one work-item holds in a `real`
 *   HAS_EXACT_DIV  1 where / and sqrt are correctly rounded (and the program is built with
 *                  -cl-fp32-correctly-rounded-divide-sqrt), else 0
 *   HAS_PREFETCH   0 where the compiler's prefetch must not be used
 *
 * Numbers must have the same bits on every device: no contraction, explicit fma, our own exp, log,
 * tanh ... (math.cl), and sums whose order is fixed by the shape alone.
 *
 * Rows are summed over 16 interleaved lanes: lane l adds elements l, l + 16, l + 32 ... in ascending
 * order, then lanes are folded in halves (8, 4, 2, 1). On a CPU device the 16 lanes are the
 * components of a float16 in one work-item; on a GPU they are the 16 work-items of a work-group.
 * Kernels written with `real`, LANE_LOOP, lanes_load, lanes_store and lanes_sum are the same text
 * for both. A row kernel has the global size (VEC == 16 ? 1 : 16, rows) and the local size
 * (VEC == 16 ? 1 : 16, 1). All its work-items must reach lanes_sum.
 */
#pragma OPENCL FP_CONTRACT OFF

#ifndef VEC
#define VEC 1
#endif
#ifndef HAS_EXACT_DIV
#define HAS_EXACT_DIV 0
#endif
#ifndef HAS_PREFETCH
#define HAS_PREFETCH 0
#endif

#define LANES 16

#if VEC == 16
typedef float16 real;
typedef int16 ireal;
typedef uint16 ureal;
#define as_real  as_float16
#define as_ireal as_int16
#define as_ureal as_uint16
#define to_real  convert_float16
#define to_ireal convert_int16_rtz
/* 16 floats at any float's address in the address space `space`. vload16 and vstore16 do the same,
 * but some runtimes make them of 16 scalars, which costs compilers time and programs speed. */
typedef float16 loose16 __attribute__((aligned(4)));
#define load16(space, p)     (*(space const loose16 *)(p))
#define store16(space, x, p) (*(space loose16 *)(p) = (x))
#define lane_ids ((uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#else
typedef float real;
typedef int ireal;
typedef uint ureal;
#define as_real  as_float
#define as_ireal as_int
#define as_ureal as_uint
#define to_real  convert_float
#define to_ireal convert_int_rtz
#endif

/* Narrow rows: work-item i holds VEC columns, from PART_COLUMN on, of row PART_ROW, so that rows of
 * few columns keep all work-items busy. Those beyond the last row have nothing to do. */
#define PARTS(cols)       (((cols) + VEC - 1) / VEC)
#define PART_ROW(cols)    ((int)get_global_id(0) / PARTS(cols))
#define PART_COLUMN(cols) ((int)get_global_id(0) % PARTS(cols) * VEC)
#if VEC == 16
#define part_columns(j) (lane_ids + (uint)(j))
#else
#define part_columns(j) ((uint)(j))
#endif

/* Flat element-wise work: work-item i owns elements i * VEC .. i * VEC + VEC - 1 of n. */
#define FLAT_INDEX ((int)get_global_id(0) * VEC)

#if VEC == 16

/* Elements p[j .. j+15]; those at n and beyond read as `fill`. */
static inline real lanes_load_or(global const float *p, int n, int j, float fill)
{
    if (j + LANES <= n)
        return load16(global, p + j);
    float part[LANES];
    for (int i = 0; i < LANES; i++)
        part[i] = j + i < n ? p[j + i] : fill;
    return load16(private, part);
}

/* Stores the lanes that lie below n. */
static inline void lanes_store(real x, global float *p, int n, int j)
{
    if (j + LANES <= n) {
        store16(global, x, p + j);
        return;
    }
    float part[LANES];
    store16(private, x, part);
    for (int i = 0; i < LANES && j + i < n; i++)
        p[j + i] = part[i];
}

#define flat_load(p, n, i)     lanes_load_or(p, n, i, 0.0f)
#define flat_store(x, p, n, i) lanes_store(x, p, n, i)
#define ROW_KERNEL             __attribute__((reqd_work_group_size(1, 1, 1)))
#define ROW_SCRATCH
#define lane_columns(j) (lane_ids + (uint)(j))
/* Zero where the lane's column is n or beyond. */
#define lanes_mask(x, n, j) (as_ireal(lane_columns(j)) < (ireal)(n) ? (x) : (real)(0.0f))
#define lanes_sum(x)        lanes_fold(x)
#define is_lane_zero        1

static inline float lanes_fold(real x)
{
    float8 a = x.lo + x.hi;
    float4 b = a.lo + a.hi;
    float2 c = b.lo + b.hi;
    return c.x + c.y;
}

#else

#define flat_load(p, n, i) ((i) < (n) ? (p)[i] : 0.0f)
#define flat_store(x, p, n, i)                                                                     \
    do {                                                                                           \
        if ((i) < (n))                                                                             \
            (p)[i] = (x);                                                                          \
    } while (0)
#define ROW_KERNEL      __attribute__((reqd_work_group_size(LANES, 1, 1)))
#define ROW_SCRATCH     local float row_scratch[LANES];
#define lane_columns(j) ((uint)(j) + (uint)get_local_id(0))
#define lanes_mask(x, n, j) ((int)lane_columns(j) < (n) ? (x) : 0.0f)
#define lanes_sum(x)        lanes_fold(x, row_scratch)
#define is_lane_zero        (get_local_id(0) == 0)

static inline real lanes_load_or(global const float *p, int n, int j, float fill)
{
    int column = j + (int)get_local_id(0);
    return column < n ? p[column] : fill;
}

static inline void lanes_store(real x, global float *p, int n, int j)
{
    int column = j + (int)get_local_id(0);
    if (column < n)
        p[column] = x;
}

static inline float lanes_fold(real x, local float *scratch)
{
    int lane = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[lane] = x;
    for (int half_width = LANES / 2; half_width > 0; half_width /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (lane < half_width)
            scratch[lane] += scratch[lane + half_width];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return scratch[0];
}

#endif

#define lanes_load(p, n, j) lanes_load_or(p, n, j, 0.0f)
/* Is the condition true in any lane of this work-item? */
#if VEC == 16
#define any_lane(c) any(c)
#else
#define any_lane(c) (c)
#endif
#define LANE_LOOP(j, n)     for (int j = 0; j < (n); j += LANES)
