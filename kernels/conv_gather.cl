/* The second half of a transposed convolution to images of few channels. The first is a dense
 * product of maps and weights, which says what each map pixel gives to each tap: products (batch,
 * map_height, map_width, kernel_height, kernel_width, channels). Here each value of the image adds
 * up what its taps give, in ascending order from zero; then bias and activation or derivative.
 */
#include "prelude.cl"
#include "activation.cl"
#include "conv.cl"

#ifndef HAS_BIAS
#define HAS_BIAS 0
#endif
#ifndef DERIVATIVE
#define DERIVATIVE 0
#endif

/* A value of the images. */
struct value {
    int c, x, y, image;
};

static inline struct value value_of(const struct conv *g, int i)
{
    int pixel = i / g->channels, row = pixel / g->width;
    struct value v = {i % g->channels, pixel % g->width, row % g->height, row / g->height};
    return v;
}

static inline void advance(const struct conv *g, struct value *v)
{
    if (++v->c < g->channels)
        return;
    v->c = 0;
    if (++v->x < g->width)
        return;
    v->x = 0;
    if (++v->y < g->height)
        return;
    v->y = 0;
    v->image++;
}

static inline float gather(const struct conv *g, const struct value *v,
                           global const float *products)
{
    int y = v->y + g->pad_height, x = v->x + g->pad_width;
    int first_y = y % g->stride_height, first_x = x % g->stride_width;
    int map_y = y / g->stride_height, first_map_x = x / g->stride_width;
    float total = 0.0f;
    for (int tap_y = first_y; tap_y < g->kernel_height; tap_y += g->stride_height, map_y--) {
        if (map_y < 0 || map_y >= g->map_height)
            continue;
        int map_x = first_map_x;
        for (int tap_x = first_x; tap_x < g->kernel_width; tap_x += g->stride_width, map_x--) {
            if (map_x < 0 || map_x >= g->map_width)
                continue;
            size_t at = ((size_t)v->image * g->map_height + map_y) * g->map_width + map_x;
            at = (at * g->kernel_height + tap_y) * g->kernel_width + tap_x;
            total += products[at * g->channels + v->c];
        }
    }
    return total;
}

kernel void conv_gather(int n, global const float *products, global const float *bias,
                        global const float *derivative_at, global float *c, CONV_PARAMETERS)
{
    struct conv g = CONV_STRUCT;
    int i = FLAT_INDEX;
    float sums[VEC];
    struct value v = value_of(&g, min(i, n - 1));
    for (int lane = 0; lane < VEC; lane++) {
        sums[lane] = gather(&g, &v, products);
#if HAS_BIAS
        sums[lane] += bias[v.c];
#endif
        if (i + lane + 1 < n)
            advance(&g, &v);
    }
#if VEC == 16
    real sum = load16(private, sums);
#else
    real sum = sums[0];
#endif
#if DERIVATIVE
    sum = sum * activate_grad((real)(0.0f), flat_load(derivative_at, n, i));
#else
    sum = activate(sum);
#endif
    flat_store(sum, c, n, i);
}
