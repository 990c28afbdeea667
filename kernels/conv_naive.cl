/* The reference convolution, three passes: each work-item computes VEC neighbouring elements of a
 * row of C.
 *
 * The orders of sums are the same in all our implementations:
 *   to maps    as a product of patches: k = (kernel row, kernel column, channel) ascending, with
 *              zeros for pixels outside the image, in chunks as in gemm_naive.cl;
 *   weights    as a product: k = (batch, map row, map column) ascending, in chunks;
 *   to images  a total from zero; to it are added, for each tap (kernel row, kernel column) in
 *              ascending order by which a pixel of the map sees this one, the chunk sums over
 *              features, ascending. The total starts from +0, so a tap that meets nothing may add 0.
 * Then: C's old value + sum, + bias, activation.
 */
#include "prelude.cl"
#include "activation.cl"
#include "conv.cl"

#define K_CHUNK 256

/* What the map's pixel number `pixel` sees through element `p` of its patch. */
static inline float patch_at(const struct conv g, global const float *images, int pixel, int p)
{
    int column = pixel % g.map_width, row = pixel / g.map_width % g.map_height;
    int example = pixel / g.map_width / g.map_height;
    int tap = p / g.channels;
    int y = row * g.stride_height - g.pad_height + tap / g.kernel_width;
    int x = column * g.stride_width - g.pad_width + tap % g.kernel_width;
    if (y < 0 || y >= g.height || x < 0 || x >= g.width)
        return 0.0f;
    return images[(((size_t)example * g.height + y) * g.width + x) * g.channels + p % g.channels];
}

/* The place in the map, along one axis, that sees `image` through `tap`; -1 if none does. */
static inline int place_in_map(int image, int tap, int stride, int pad, int extent)
{
    int from = image + pad - tap;
    return from < 0 || from % stride != 0 || from / stride >= extent ? -1 : from / stride;
}

/* Column p of the (channels, features) weights of a tap, for channels j and on. */
static inline real channel_weights(const struct conv g, global const float *tap, int p, int j)
{
#if VEC == 16
    float part[VEC];
    for (int lane = 0; lane < VEC; lane++)
        part[lane] = j + lane < g.channels ? tap[(size_t)(j + lane) * g.features + p] : 0.0f;
    return vload16(0, part);
#else
    return tap[(size_t)j * g.features + p];
#endif
}

static inline void finish(real total, int n, int j, int accumulate, int has_bias,
                          global const float *bias, global float *row)
{
    if (accumulate)
        total = flat_load(row, n, j) + total;
    if (has_bias)
        total = total + flat_load(bias, n, j);
    flat_store(activate(total), row, n, j);
}

kernel void conv_to_map(CONV_PARAMETERS, int k, int accumulate, int has_bias, global const float *images,
                        global const float *weights, global const float *bias, global float *c)
{
    const struct conv g = CONV_STRUCT;
    int j = FLAT_INDEX, i = get_global_id(1);
    if (j >= features)
        return;
    real total = (real)(0.0f);
    for (int chunk = 0; chunk < k; chunk += K_CHUNK) {
        int end = min(chunk + K_CHUNK, k);
        real sum = (real)(0.0f);
        for (int p = chunk; p < end; p++)
            sum = fma((real)(patch_at(g, images, i, p)),
                      flat_load(weights + (size_t)p * features, features, j), sum);
        total = chunk == 0 ? sum : total + sum;
    }
    finish(total, features, j, accumulate, has_bias, bias, c + (size_t)i * features);
}

kernel void conv_weights(CONV_PARAMETERS, int k, int accumulate, int has_bias, global const float *images,
                         global const float *maps, global const float *bias, global float *c)
{
    const struct conv g = CONV_STRUCT;
    int j = FLAT_INDEX, i = get_global_id(1);
    if (j >= features)
        return;
    real total = (real)(0.0f);
    for (int chunk = 0; chunk < k; chunk += K_CHUNK) {
        int end = min(chunk + K_CHUNK, k);
        real sum = (real)(0.0f);
        for (int p = chunk; p < end; p++)
            sum = fma((real)(patch_at(g, images, p, i)),
                      flat_load(maps + (size_t)p * features, features, j), sum);
        total = chunk == 0 ? sum : total + sum;
    }
    finish(total, features, j, accumulate, has_bias, bias, c + (size_t)i * features);
}

kernel void conv_to_image(CONV_PARAMETERS, int k, int accumulate, int has_bias, global const float *maps,
                          global const float *weights, global const float *bias, global float *c)
{
    const struct conv g = CONV_STRUCT;
    int j = FLAT_INDEX, i = get_global_id(1);
    if (j >= channels)
        return;
    int x = i % width, y = i / width % height, example = i / width / height;
    real total = (real)(0.0f);
    for (int tap = 0; tap < kernel_height * kernel_width; tap++) {
        int row = place_in_map(y, tap / kernel_width, stride_height, pad_height, map_height);
        int column = place_in_map(x, tap % kernel_width, stride_width, pad_width, map_width);
        if (row < 0 || column < 0)
            continue;
        global const float *from =
            maps + (((size_t)example * map_height + row) * map_width + column) * features;
        global const float *through = weights + (size_t)tap * channels * features;
        for (int chunk = 0; chunk < features; chunk += K_CHUNK) {
            int end = min(chunk + K_CHUNK, features);
            real sum = (real)(0.0f);
            for (int p = chunk; p < end; p++)
                sum = fma((real)(from[p]), channel_weights(g, through, p, j), sum);
            total = total + sum;
        }
    }
    finish(total, channels, j, accumulate, has_bias, bias, c + (size_t)i * channels);
}
