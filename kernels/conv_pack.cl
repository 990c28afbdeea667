/* Gathers for the products of convolutions on CPU devices: what pack_a is for dense operands
 * (gemm_packed.cl, which includes this).
 */
#include "conv.cl"

#if OPERAND == 1 || OPERAND == 3

/* A pixel of the maps: its image, and where its patch begins there, maybe outside. */
struct corner {
    int x, y;
    global const float *image;
};

static inline struct corner corner_of(const struct conv *g, int pixel,
                                      global const float *images)
{
    int rest = pixel / g->map_width;
    struct corner at;
    at.x = pixel % g->map_width * g->stride_width - g->pad_width;
    at.y = rest % g->map_height * g->stride_height - g->pad_height;
    at.image = images + (size_t)(rest / g->map_height) * g->height * g->width * g->channels;
    return at;
}

/* The next pixel's. */
static inline void advance(const struct conv *g, struct corner *at)
{
    at->x += g->stride_width;
    if (at->x < g->map_width * g->stride_width - g->pad_width)
        return;
    at->x = -g->pad_width;
    at->y += g->stride_height;
    if (at->y < g->map_height * g->stride_height - g->pad_height)
        return;
    at->y = -g->pad_height;
    at->image += (long)g->height * g->width * g->channels;
}

/* Elements `from` .. `from` + count - 1 of the patch, from its row y on. A row of a patch lies
 * together in the image; what of it lies outside is zero. */
static inline void copy_patch(const struct conv *g, const struct corner *at, int y, int from,
                              int count, float *to)
{
    int length = g->kernel_width * g->channels;
    int low = clamp(-at->x, 0, g->kernel_width) * g->channels;
    int high = clamp(g->width - at->x, 0, g->kernel_width) * g->channels;
    long pitch = (long)g->width * g->channels;
    global const float *row = at->image + (at->y + y) * pitch + (long)at->x * g->channels;
    for (y += at->y; count > 0; y++, row += pitch) {
        int stop = min(length, from + count);
        bool outside = y < 0 || y >= g->height;
        int begin = outside ? stop : clamp(low, from, stop);
        int end = outside ? stop : clamp(high, begin, stop);
        zero_run(begin - from, to);
        copy_run(end - begin, row + begin, to + (begin - from));
        zero_run(stop - end, to + (end - from));
        to += stop - from;
        count -= stop - from;
        from = 0;
    }
}

#endif

#if OPERAND == 1

static inline void pack_a_conv(const struct conv *g, int p0, int kc, int i0, int rows,
                               global const float *a, float *block)
{
    int padded = (rows + MR - 1) / MR * MR, length = g->kernel_width * g->channels;
    struct corner at = corner_of(g, i0, a);
    for (int i = 0; i < padded; i++) { /* a short tile repeats its last row */
        copy_patch(g, &at, p0 / length, p0 % length, kc, block + i * A_ROW);
        if (i + 1 < rows)
            advance(g, &at);
    }
}

#elif OPERAND == 3

static inline void pack_a_conv(const struct conv *g, int p0, int kc, int i0, int rows,
                               global const float *a, float *block)
{
    int padded = (rows + MR - 1) / MR * MR, length = g->kernel_width * g->channels;
    struct corner at = corner_of(g, p0, a);
    for (int p = 0; p < kc; p++, advance(g, &at)) {
        copy_patch(g, &at, i0 / length, i0 % length, rows, block + p * A_STEP);
        zero_run(padded - rows, block + p * A_STEP + rows);
    }
}

#elif OPERAND == 2

/* Phase (y, x): the image's pixels of row stride * i + y, column stride * j + x. They meet taps
 * first, first + stride ... of the kernel. */
struct phase {
    int y, x, rows, cols;             /* rows, cols: of its pixels */
    int tap_y, tap_x, taps_y, taps_x; /* first tap, number of taps */
};

static inline int steps(int from, int to, int stride)
{
    return from < to ? (to - from + stride - 1) / stride : 0;
}

static inline struct phase phase_of(const struct conv *g, int index)
{
    struct phase f;
    int across = min(g->stride_width, g->width);
    f.y = index / across;
    f.x = index % across;
    f.rows = steps(f.y, g->height, g->stride_height);
    f.cols = steps(f.x, g->width, g->stride_width);
    f.tap_y = (f.y + g->pad_height) % g->stride_height;
    f.tap_x = (f.x + g->pad_width) % g->stride_width;
    f.taps_y = steps(f.tap_y, g->kernel_height, g->stride_height);
    f.taps_x = steps(f.tap_x, g->kernel_width, g->stride_width);
    return f;
}

/* The phase's pixel `i` of all images. */
static inline size_t phase_pixel(const struct conv *g, const struct phase *f, int i)
{
    int x = i % f->cols * g->stride_width + f->x, rest = i / f->cols;
    int y = rest % f->rows * g->stride_height + f->y;
    return ((size_t)(rest / f->rows) * g->height + y) * g->width + x;
}

/* Where the weights of the phase's tap number `tap` begin. */
static inline size_t tap_weights(const struct conv *g, const struct phase *f, int tap)
{
    int y = f->tap_y + tap / f->taps_x * g->stride_height;
    int x = f->tap_x + tap % f->taps_x * g->stride_width;
    return (size_t)(y * g->kernel_width + x) * g->channels * g->features;
}

/* Features from .. from + kc - 1 of what each pixel meets at the tap. */
static inline void pack_a_tap(const struct conv *g, const struct phase *f, int tap, int from,
                              int kc, int i0, int rows, global const float *map,
                              float *block)
{
    int padded = (rows + MR - 1) / MR * MR;
    int dy = (f->y + g->pad_height - f->tap_y) / g->stride_height - tap / f->taps_x;
    int dx = (f->x + g->pad_width - f->tap_x) / g->stride_width - tap % f->taps_x;
    for (int r = 0; r < padded; r++) {
        int i = i0 + min(r, rows - 1);
        int x = i % f->cols + dx, rest = i / f->cols;
        int y = rest % f->rows + dy;
        float *to = block + r * A_ROW;
        if (x < 0 || x >= g->map_width || y < 0 || y >= g->map_height)
            zero_run(kc, to);
        else
            copy_run(kc, map + (((size_t)(rest / f->rows) * g->map_height + y) * g->map_width + x) * g->features + from, to);
    }
}

#endif
