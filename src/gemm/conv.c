/* SPDX-License-Identifier: MIT
 *
 * Convolutions as matrix products.
 */
#include "gemm/gemm.h"

struct vcl_gemm vcl_conv_gemm(const struct vcl_conv *conv, struct vcl_buf *a, struct vcl_buf *b,
                              struct vcl_buf *c)
{
    uint32_t patch = conv->kernel_height * conv->kernel_width * conv->channels;
    uint32_t pixels = conv->batch * conv->map_height * conv->map_width;
    struct vcl_gemm gemm = {.a = a, .b = b, .c = c, .conv = conv};
    switch (conv->pass) {
    case VCL_CONV_TO_MAP:
        gemm.m = pixels;
        gemm.n = conv->features;
        gemm.k = patch;
        break;
    case VCL_CONV_TO_IMAGE:
        gemm.m = conv->batch * conv->height * conv->width;
        gemm.n = conv->channels;
        gemm.k = conv->kernel_height * conv->kernel_width * conv->features;
        break;
    case VCL_CONV_WEIGHTS:
        gemm.m = patch;
        gemm.n = conv->features;
        gemm.k = pixels;
        break;
    }
    return gemm;
}

void vcl_conv_args(const struct vcl_conv *c, struct vcl_launch *launch)
{
    const uint32_t values[] = {c->height,        c->width,        c->channels,      c->map_height,
                               c->map_width,     c->features,     c->kernel_height, c->kernel_width,
                               c->stride_height, c->stride_width, c->pad_height,    c->pad_width};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        vcl_arg_add(launch, VCL_ARG((int32_t)values[i]));
}

uint32_t vcl_conv_phases(const struct vcl_conv *c)
{
    uint32_t rows = c->stride_height < c->height ? c->stride_height : c->height;
    return rows * (c->stride_width < c->width ? c->stride_width : c->width);
}

double vcl_gemm_multiplies(const struct vcl_gemm *gemm)
{
    const struct vcl_conv *conv = gemm->conv;
    if (!conv)
        return (double)gemm->m * gemm->n * gemm->k;
    return (double)conv->batch * conv->map_height * conv->map_width * conv->features *
           conv->kernel_height * conv->kernel_width * conv->channels;
}

void vcl_conv_operands(const struct vcl_conv *conv, double floats[3])
{
    double image = (double)conv->batch * conv->height * conv->width * conv->channels;
    double map = (double)conv->batch * conv->map_height * conv->map_width * conv->features;
    double weights =
        (double)conv->kernel_height * conv->kernel_width * conv->channels * conv->features;
    floats[0] = conv->pass == VCL_CONV_TO_IMAGE ? map : image;
    floats[1] = conv->pass == VCL_CONV_WEIGHTS ? map : weights;
    floats[2] = conv->pass == VCL_CONV_TO_MAP     ? map
                : conv->pass == VCL_CONV_TO_IMAGE ? image
                                                  : weights;
}

/* Do places along an axis, as kernels compute them, fit 32 bits? */
static bool is_axis(uint32_t map, uint32_t kernel, uint32_t stride, uint32_t pad, uint32_t image)
{
    return stride && (double)map * stride + kernel + pad + image <= INT32_MAX;
}

static bool is_count(double n)
{
    return n >= 1 && n <= INT32_MAX;
}

enum vcl_status vcl_conv_check(const struct vcl_gemm *gemm, struct vcl_error *err)
{
    const struct vcl_conv *c = gemm->conv;
    const struct vcl_gemm want = vcl_conv_gemm(c, gemm->a, gemm->b, gemm->c);
    double taps = (double)c->kernel_height * c->kernel_width;
    if (is_axis(c->map_height, c->kernel_height, c->stride_height, c->pad_height, c->height) &&
        is_axis(c->map_width, c->kernel_width, c->stride_width, c->pad_width, c->width) &&
        is_count((double)c->batch * c->map_height * c->map_width) &&
        is_count((double)c->batch * c->height * c->width) && is_count(taps * c->channels) &&
        is_count(taps * c->features) && !gemm->trans_a && !gemm->trans_b && gemm->m == want.m &&
        gemm->n == want.n && gemm->k == want.k)
        return VCL_OK;
    return ERR(err, VCL_E_SHAPE,
               "a convolution of %u images of %u x %u x %u with %u x %u x %u x %u weights to maps "
               "of %u x %u",
               c->batch, c->height, c->width, c->channels, c->kernel_height, c->kernel_width,
               c->channels, c->features, c->map_height, c->map_width);
}
