/* Turns a batch as it lies in the data set into what the model sees. */
#include "prelude.cl"
#include "math.cl"
#include "random.cl"
#include "step.cl"

/* How: 0 not at all, 1 dynamic (1 with probability x, drawn anew each epoch), 2 threshold at 1/2
 * (enum vcl_binarise). */
static inline real binarise(real x, int how, uint stream, global const struct step *step, int id,
                            int j)
{
    if (how == 1) {
        real u = philox_uniform(step->seed_lo, step->seed_hi, stream, step->epoch,
                                (ureal)((uint)id), lane_columns(j));
        return u < x ? (real)(1.0f) : (real)(0.0f);
    }
    if (how == 2)
        return x > 0.5f ? (real)(1.0f) : (real)(0.0f);
    return x;
}

#if VEC == 16
static inline real lanes_load_bytes(global const uchar *p, int n, int j)
{
    if (j + LANES <= n)
        return convert_float16(vload16(0, p + j));
    float part[LANES];
    for (int i = 0; i < LANES; i++)
        part[i] = j + i < n ? (float)p[j + i] : 0.0f;
    return vload16(0, part);
}
#else
static inline real lanes_load_bytes(global const uchar *p, int n, int j)
{
    int column = lane_columns(j);
    return column < n ? (float)p[column] : 0.0f;
}
#endif

/* x (rows, cols) from bytes: value / 255. */
kernel ROW_KERNEL void unpack_u8(int cols, int how, uint stream, global const struct step *step,
                                 global const int *ids, global const uchar *raw, global float *x)
{
    int row = get_global_id(1);
    LANE_LOOP(j, cols)
    {
        real v = vm_div(lanes_load_bytes(raw + (size_t)row * cols, cols, j), (real)(255.0f));
        lanes_store(binarise(v, how, stream, step, ids[row], j), x + (size_t)row * cols, cols, j);
    }
}

/* x (rows, cols) from floats, as they are. */
kernel ROW_KERNEL void unpack_f32(int cols, int how, uint stream, global const struct step *step,
                                  global const int *ids, global const float *raw, global float *x)
{
    int row = get_global_id(1);
    LANE_LOOP(j, cols)
    {
        real v = lanes_load(raw + (size_t)row * cols, cols, j);
        lanes_store(binarise(v, how, stream, step, ids[row], j), x + (size_t)row * cols, cols, j);
    }
}
