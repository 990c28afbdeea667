/* Pooling and nearest-neighbour upsampling of images (batch, height, width, channels). A work-item
 * makes VEC channels of one pixel, gradients too: it gathers what comes to that pixel from all places
 * of the output that saw it, in ascending order of (row, column). ACT is the activation that the
 * input came from.
 */
#include "prelude.cl"
#include "activation.cl"

/* Where the work-item is: VEC channels from c on of pixel (row, col) of image `image`. */
struct place {
    int image, row, col, c;
};

static inline struct place place_in(int height, int width, int channels)
{
    int pixel = PART_ROW(channels);
    struct place at = {pixel / (height * width), pixel / width % height, pixel % width,
                       PART_COLUMN(channels)};
    return at;
}

/* Its channels begin at. */
static inline size_t pixel_at(int image, int row, int col, int height, int width, int channels)
{
    return (((size_t)image * height + row) * width + col) * channels;
}

/* Windows that see a pixel of an axis: first_window .. last_window. */
static inline int first_window(int pixel, int size, int stride)
{
    return pixel < size ? 0 : (pixel - size) / stride + 1;
}

static inline int last_window(int pixel, int stride, int windows)
{
    return min(pixel / stride, windows - 1);
}

#define GEOMETRY                                                                                   \
    int batch, int height, int width, int channels, int out_height, int out_width, int size_h,     \
        int size_w, int stride_h, int stride_w

/* The first of the largest wins; NaN is larger than all. */
kernel void max_pool(GEOMETRY, global const float *x, global float *y)
{
    struct place at = place_in(out_height, out_width, channels);
    if (at.image >= batch)
        return;
    real most = (real)(0.0f);
    for (int i = 0; i < size_h; i++) {
        for (int j = 0; j < size_w; j++) {
            real v = flat_load(x + pixel_at(at.image, at.row * stride_h + i, at.col * stride_w + j,
                                            height, width, channels),
                               channels, at.c);
            ireal larger = (v > most) | (v != v);
            most = i + j == 0 ? v : (larger ? v : most);
        }
    }
    flat_store(most, y + pixel_at(at.image, at.row, at.col, out_height, out_width, channels),
               channels, at.c);
}

/* Is `most` found in none of the window's pixels before (row, col)? x begins at the image. */
static inline ireal is_first(global const float *x, int width, int channels, int c, int top,
                             int left, int size_w, int row, int col, real most)
{
    ireal first = most == most;
    for (int i = top; i <= row; i++) {
        int end = i < row ? left + size_w : col;
        for (int j = left; j < end; j++)
            first = first & (flat_load(x + ((size_t)i * width + j) * channels, channels, c) != most);
    }
    return first;
}

kernel void max_pool_gradient(GEOMETRY, global const float *x, global const float *y,
                              global const float *dy, global float *dx)
{
    struct place at = place_in(height, width, channels);
    if (at.image >= batch)
        return;
    size_t here = pixel_at(at.image, at.row, at.col, height, width, channels);
    global const float *image = x + pixel_at(at.image, 0, 0, height, width, channels);
    real value = flat_load(x + here, channels, at.c), sum = (real)(0.0f);
    for (int i = first_window(at.row, size_h, stride_h);
         i <= last_window(at.row, stride_h, out_height); i++) {
        for (int j = first_window(at.col, size_w, stride_w);
             j <= last_window(at.col, stride_w, out_width); j++) {
            size_t window = pixel_at(at.image, i, j, out_height, out_width, channels);
            real most = flat_load(y + window, channels, at.c);
            ireal won = value == most;
            if (any_lane(won))
                won = won & is_first(image, width, channels, at.c, i * stride_h, j * stride_w,
                                     size_w, at.row, at.col, most);
            sum = sum + (won ? flat_load(dy + window, channels, at.c) : (real)(0.0f));
        }
    }
    flat_store(sum * activate_grad((real)(0.0f), value), dx + here, channels, at.c);
}

/* The window's sum, in ascending order of (row, column), times `scale`. */
kernel void avg_pool(GEOMETRY, float scale, global const float *x, global float *y)
{
    struct place at = place_in(out_height, out_width, channels);
    if (at.image >= batch)
        return;
    real sum = (real)(0.0f);
    for (int i = 0; i < size_h; i++) {
        for (int j = 0; j < size_w; j++)
            sum = sum + flat_load(x + pixel_at(at.image, at.row * stride_h + i,
                                               at.col * stride_w + j, height, width, channels),
                                  channels, at.c);
    }
    flat_store(sum * scale, y + pixel_at(at.image, at.row, at.col, out_height, out_width, channels),
               channels, at.c);
}

kernel void avg_pool_gradient(GEOMETRY, float scale, global const float *x, global const float *dy,
                              global float *dx)
{
    struct place at = place_in(height, width, channels);
    if (at.image >= batch)
        return;
    size_t here = pixel_at(at.image, at.row, at.col, height, width, channels);
    real sum = (real)(0.0f);
    for (int i = first_window(at.row, size_h, stride_h);
         i <= last_window(at.row, stride_h, out_height); i++) {
        for (int j = first_window(at.col, size_w, stride_w);
             j <= last_window(at.col, stride_w, out_width); j++)
            sum = sum + flat_load(dy + pixel_at(at.image, i, j, out_height, out_width, channels),
                                  channels, at.c);
    }
    real slope = activate_grad((real)(0.0f), flat_load(x + here, channels, at.c));
    flat_store(sum * scale * slope, dx + here, channels, at.c);
}

/* Each pixel becomes size_h x size_w of the output. (`upsample` is a built-in function.) */
kernel void upsample_nearest(GEOMETRY, global const float *x, global float *y)
{
    struct place at = place_in(out_height, out_width, channels);
    if (at.image >= batch)
        return;
    size_t from =
        pixel_at(at.image, at.row / size_h, at.col / size_w, height, width, channels);
    flat_store(flat_load(x + from, channels, at.c),
               y + pixel_at(at.image, at.row, at.col, out_height, out_width, channels), channels,
               at.c);
}

kernel void upsample_nearest_gradient(GEOMETRY, global const float *x, global const float *dy,
                              global float *dx)
{
    struct place at = place_in(height, width, channels);
    if (at.image >= batch)
        return;
    size_t here = pixel_at(at.image, at.row, at.col, height, width, channels);
    real sum = (real)(0.0f);
    for (int i = 0; i < size_h; i++) {
        for (int j = 0; j < size_w; j++)
            sum = sum + flat_load(dy + pixel_at(at.image, at.row * size_h + i, at.col * size_w + j,
                                                out_height, out_width, channels),
                                  channels, at.c);
    }
    real slope = activate_grad((real)(0.0f), flat_load(x + here, channels, at.c));
    flat_store(sum * slope, dx + here, channels, at.c);
}
