/* SPDX-License-Identifier: MIT
 *
 * Convolutions: each implementation that takes them, each pass, on awkward geometries. The
 * reference gathers patches and looks for the places that see a pixel by trying all, so it shares
 * no index arithmetic with the kernels.
 */
#include "check/product.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { FEATURE_CHUNK = 256 };

/* The image's value under a tap of the kernel at a place of the map; zero outside. */
static float under(const struct vcl_conv *g, const float *image, size_t map_row, size_t map_column,
                   size_t tap_row, size_t tap_column, size_t channel)
{
    size_t y = map_row * g->stride_height + tap_row, x = map_column * g->stride_width + tap_column;
    if (y < g->pad_height || y - g->pad_height >= g->height || x < g->pad_width ||
        x - g->pad_width >= g->width)
        return 0;
    y -= g->pad_height;
    x -= g->pad_width;
    return image[(y * g->width + x) * g->channels + channel];
}

/* The patches as a matrix (pixels of all maps, values of a patch). */
static void fill_patches(const struct vcl_conv *g, const float *images, float *patches)
{
    size_t image_size = (size_t)g->height * g->width * g->channels;
    for (size_t n = 0; n < g->batch; n++)
        for (size_t i = 0; i < g->map_height; i++)
            for (size_t j = 0; j < g->map_width; j++)
                for (size_t kh = 0; kh < g->kernel_height; kh++)
                    for (size_t kw = 0; kw < g->kernel_width; kw++)
                        for (size_t ch = 0; ch < g->channels; ch++)
                            *patches++ = under(g, images + n * image_size, i, j, kh, kw, ch);
}

/* To maps and for weights: the product of patches, or of their transpose. */
static enum vcl_status expect_product(struct vcl_checker *c, const struct vcl_product *p,
                                      struct vcl_error *err)
{
    const struct vcl_gemm *g = &p->gemm;
    bool weights = g->conv->pass == VCL_CONV_WEIGHTS;
    size_t patch = weights ? g->m : g->k;
    float *patches, *sum;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, (size_t)g->m * g->k * sizeof *patches, &patches, err));
    TRY(vcl_arena_alloc(&c->arena, g->n * sizeof *sum, &sum, err));
    fill_patches(g->conv, vcl_zone_floats(p->a), patches);
    struct vcl_row_times row = {
        .k = g->k,
        .n = g->n,
        .b = vcl_zone_floats(p->b),
        .row_step = weights ? patch : 1,
        .b_row = g->n,
        .b_column = 1,
    };
    for (size_t i = 0; i < g->m; i++) {
        row.row = patches + i * (weights ? 1 : patch);
        vcl_row_times(&row, sum, p->c->exact + i * g->n, p->c->formula + i * g->n);
        vcl_product_finish_row(p, i);
    }
out:
    return r;
}

/* The map's row (or column) that sees an image's through a tap; `extent` if none does. */
static size_t seen_by(size_t image, size_t tap, size_t stride, size_t pad, size_t extent)
{
    size_t at = 0;
    while (at < extent && at * stride + tap != image + pad)
        at++;
    return at;
}

/* Adds what comes to an image's pixel through one tap: chunk sums over features. */
static void add_tap(const struct vcl_conv *g, const float *features, const float *weights,
                    float *total, struct vcl_formula *formula)
{
    for (size_t ch = 0; ch < g->channels; ch++) {
        const float *w = weights + ch * g->features;
        for (size_t first = 0; first < g->features; first += FEATURE_CHUNK) {
            float sum = 0;
            for (size_t f = first; f < g->features && f < first + FEATURE_CHUNK; f++) {
                sum = fmaf(features[f], w[f], sum);
                vcl_formula_add(&formula[ch], (double)features[f] * (double)w[f]);
            }
            total[ch] += sum;
        }
    }
}

static void expect_pixel(const struct vcl_product *p, size_t example, size_t y, size_t x)
{
    const struct vcl_conv *g = p->gemm.conv;
    size_t pixel = (example * g->height + y) * g->width + x;
    size_t tap_size = (size_t)g->channels * g->features;
    float *total = p->c->exact + pixel * g->channels;
    for (size_t ch = 0; ch < g->channels; ch++)
        total[ch] = 0;
    for (size_t tap = 0; tap < (size_t)g->kernel_height * g->kernel_width; tap++) {
        size_t i =
            seen_by(y, tap / g->kernel_width, g->stride_height, g->pad_height, g->map_height);
        size_t j = seen_by(x, tap % g->kernel_width, g->stride_width, g->pad_width, g->map_width);
        if (i == g->map_height || j == g->map_width)
            continue;
        size_t place = (example * g->map_height + i) * g->map_width + j;
        add_tap(g, vcl_zone_floats(p->a) + place * g->features,
                vcl_zone_floats(p->b) + tap * tap_size, total, p->c->formula + pixel * g->channels);
    }
    vcl_product_finish_row(p, pixel);
}

static enum vcl_status expect(struct vcl_checker *c, const struct vcl_product *p,
                              struct vcl_error *err)
{
    const struct vcl_conv *g = p->gemm.conv;
    if (g->pass != VCL_CONV_TO_IMAGE)
        return expect_product(c, p, err);
    for (size_t example = 0; example < g->batch; example++)
        for (size_t y = 0; y < g->height; y++)
            for (size_t x = 0; x < g->width; x++)
                expect_pixel(p, example, y, x);
    return VCL_OK;
}

static double tolerance(const struct vcl_gemm_def *def, const struct vcl_gemm *g)
{
    size_t terms = g->k + 2; /* with C's old value and the bias */
    return def->same_bits && g->conv->pass != VCL_CONV_TO_IMAGE
               ? vcl_tolerance_chunked(terms) + vcl_tolerance_ulps(1)
               : vcl_tolerance_any_order(terms);
}

static enum vcl_status convolution(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                   const struct vcl_conv *g, const struct vcl_variant *variant,
                                   struct vcl_error *err)
{
    static const char *const passes[] = {
        [VCL_CONV_TO_MAP] = "to maps",
        [VCL_CONV_TO_IMAGE] = "to images",
        [VCL_CONV_WEIGHTS] = "weights",
    };
    struct vcl_product p = {
        .def = def, .variant = variant, .gemm = vcl_conv_gemm(g, NULL, NULL, NULL)};
    enum vcl_status r = VCL_OK;
    if (!def->supports(c->ctx, &p.gemm))
        return r;
    vcl_product_begin(c, &p, "%s: %u x %u x %u x %u, %u x %u x %u, k%ux%u s%ux%u p%ux%u",
                      passes[g->pass], g->batch, g->height, g->width, g->channels, g->map_height,
                      g->map_width, g->features, g->kernel_height, g->kernel_width,
                      g->stride_height, g->stride_width, g->pad_height, g->pad_width);
    TRY(vcl_product_operands(c, &p, tolerance(def, &p.gemm), err));
    TRY(expect(c, &p, err));
    TRY(vcl_product_expect_b_sums(c, &p, err));
    TRY(vcl_product_run(c, &p, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* Batch, image, channels; map, features; kernel, stride, padding. First the few that cross a tile,
 * a chunk and a border. */
static const uint32_t shapes[][13] = {
    {2, 6, 5, 3, 3, 3, 5, 4, 4, 2, 2, 1, 1},
    {1, 3, 2, 32, 3, 2, 7, 3, 3, 1, 1, 1, 1},     /* a patch of 288 */
    {2, 13, 11, 2, 13, 11, 16, 3, 3, 1, 1, 1, 1}, /* 286 pixels */
    {1, 3, 2, 32, 3, 2, 300, 3, 3, 1, 1, 1, 1},   /* 300 features */
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
    {1, 7, 6, 17, 4, 3, 33, 5, 5, 2, 2, 2, 2},
    {2, 3, 4, 32, 3, 4, 16, 1, 1, 1, 1, 0, 0},
    {1, 5, 4, 33, 3, 2, 5, 1, 1, 2, 2, 0, 0},
    {2, 9, 9, 3, 3, 3, 16, 3, 3, 3, 3, 0, 0},
    {1, 9, 8, 1, 4, 3, 33, 3, 2, 2, 3, 1, 0},   /* rectangular in all */
    {3, 1, 31, 5, 1, 15, 17, 1, 5, 1, 2, 0, 1}, /* one row */
    {1, 31, 1, 3, 16, 1, 33, 4, 1, 2, 1, 1, 0}, /* one column */
    {2, 10, 11, 3, 3, 3, 16, 2, 2, 4, 5, 0, 0}, /* a stride beyond the kernel */
    {1, 3, 2, 9, 1, 1, 5, 2, 2, 7, 5, 0, 0},    /* and beyond the image */
    {2, 1, 1, 17, 1, 1, 5, 3, 3, 1, 1, 1, 1},   /* all but one tap outside */
    {1, 1, 1, 3, 2, 2, 16, 4, 4, 2, 2, 2, 2},   /* maps larger than images */
    {1, 4, 4, 3, 9, 7, 5, 3, 3, 1, 1, 1, 1},    /* and than what sees the image */
    {1, 9, 9, 3, 2, 2, 5, 3, 3, 2, 2, 1, 1},    /* and smaller */
    {1, 3, 3, 1, 9, 9, 1, 3, 3, 1, 1, 4, 4},    /* padding beyond the kernel */
    {1, 5, 5, 1, 3, 3, 256, 7, 7, 2, 2, 3, 3},
    {1, 4, 4, 257, 2, 2, 257, 4, 4, 2, 2, 1, 1},
    {4, 28, 28, 1, 14, 14, 32, 4, 4, 2, 2, 1, 1}, /* layers of models/mnist-conv.json */
    {2, 14, 14, 32, 7, 7, 64, 4, 4, 2, 2, 1, 1},
    {1, 32, 33, 3, 16, 17, 32, 3, 3, 2, 2, 1, 1},
    {1, 17, 16, 16, 17, 16, 16, 3, 3, 1, 1, 1, 1},
};

enum { TINY = 2, QUICK = 4 };

static struct vcl_conv geometry(const uint32_t n[13], enum vcl_conv_pass pass)
{
    return (struct vcl_conv){
        pass, n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7], n[8], n[9], n[10], n[11], n[12],
    };
}

/* As in training, and with everything else; few programs. */
static enum vcl_status all_shapes(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                  struct vcl_error *err)
{
    static const struct vcl_variant variants[2][3] = {
        {
            [VCL_CONV_TO_MAP] = {.bias = true, .activation = "relu"},
            [VCL_CONV_TO_IMAGE] = {.activation = "relu", .derivative = true},
            [VCL_CONV_WEIGHTS] = {.b_sums = true},
        },
        {
            [VCL_CONV_TO_MAP] = {.accumulate = true, .activation = "relu", .derivative = true},
            [VCL_CONV_TO_IMAGE] = {.accumulate = true, .bias = true, .activation = "relu"},
            [VCL_CONV_WEIGHTS] = {.accumulate = true, .b_sums = true},
        },
    };
    size_t count = vcl_case_count(c, TINY, QUICK, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        for (int pass = VCL_CONV_TO_MAP; pass <= VCL_CONV_WEIGHTS; pass++) {
            const struct vcl_conv g = geometry(shapes[i], (enum vcl_conv_pass)pass);
            TRY(convolution(c, def, &g, &variants[i % 2][pass], err));
            if (!vcl_case_quick(c))
                TRY(convolution(c, def, &g, &variants[1 - i % 2][pass], err));
        }
    }
out:
    return r;
}

/* Each activation to maps and to images, and each derivative. */
static enum vcl_status all_epilogues(struct vcl_checker *c, const struct vcl_gemm_def *def,
                                     struct vcl_error *err)
{
    static const uint32_t shape[13] = {2, 5, 6, 17, 3, 3, 33, 4, 3, 2, 2, 1, 1};
    const struct vcl_conv maps = geometry(shape, VCL_CONV_TO_MAP);
    const struct vcl_conv images = geometry(shape, VCL_CONV_TO_IMAGE);
    enum vcl_status r = VCL_OK;
    unsigned i = 0;
    for (const char *const *name = vcl_activation_names(); *name; name++, i++) {
        const struct vcl_variant variant = {i & 1, i & 2, *name};
        TRY(convolution(c, def, &maps, &variant, err));
        TRY(convolution(c, def, &images, &variant, err));
        if (vcl_activations[i]->needs_input)
            continue;
        const struct vcl_variant derivative = {i & 1, i & 2, *name, .derivative = true};
        TRY(convolution(c, def, &maps, &derivative, err));
        TRY(convolution(c, def, &images, &derivative, err));
    }
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if (!vcl_product_wanted(c, *def))
            continue;
        TRY(all_shapes(c, *def, err));
        if (vcl_case_count(c, 0, 0, 1))
            TRY(all_epilogues(c, *def, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_conv = {.name = "conv", .run = run};
