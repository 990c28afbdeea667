/* The second half of a transposed convolution to images of few channels. The first is a dense
 * product of maps and weights, which says what each map pixel gives to each tap: products (batch,
 * map_height, map_width, kernel_height, kernel_width, channels). Here each value of the image adds
 * up what its taps give, in ascending order from zero; then bias and activation or derivative.
 */
#include "prelude.cl"
#include "activation.cl"

#ifndef HAS_BIAS
#define HAS_BIAS 0
#endif
#ifndef DERIVATIVE
#define DERIVATIVE 0
#endif

struct gather {
    int height, width, channels, map_height, map_width, kernel_height, kernel_width;
    int stride_height, stride_width, pad_height, pad_width;
};

/* The image's value number i, counted over all images. */
static inline float gather(const struct gather *g, int i, global const float *products)
{
    int c = i % g->channels, pixel = i / g->channels;
    int x = pixel % g->width + g->pad_width, rest = pixel / g->width;
    int y = rest % g->height + g->pad_height, image = rest / g->height;
    float total = 0.0f;
    for (int tap_y = y % g->stride_height; tap_y < g->kernel_height; tap_y += g->stride_height) {
        int map_y = (y - tap_y) / g->stride_height;
        if (tap_y > y || map_y >= g->map_height)
            continue;
        for (int tap_x = x % g->stride_width; tap_x < g->kernel_width; tap_x += g->stride_width) {
            int map_x = (x - tap_x) / g->stride_width;
            if (tap_x > x || map_x >= g->map_width)
                continue;
            size_t at = ((size_t)image * g->map_height + map_y) * g->map_width + map_x;
            at = (at * g->kernel_height + tap_y) * g->kernel_width + tap_x;
            total += products[at * g->channels + c];
        }
    }
    return total;
}

kernel void conv_gather(int n, int height, int width, int channels, int map_height, int map_width,
                        int kernel_height, int kernel_width, int stride_height, int stride_width,
                        int pad_height, int pad_width, global const float *products,
                        global const float *bias, global const float *derivative_at,
                        global float *c)
{
    struct gather g = {height, width, channels, map_height, map_width, kernel_height,
                       kernel_width, stride_height, stride_width, pad_height, pad_width};
    int i = FLAT_INDEX;
    float sums[VEC];
    for (int lane = 0; lane < VEC; lane++) {
        int index = min(i + lane, n - 1);
        sums[lane] = gather(&g, index, products);
#if HAS_BIAS
        sums[lane] += bias[index % channels];
#endif
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
