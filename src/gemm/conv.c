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

double vcl_gemm_multiplies(const struct vcl_gemm *gemm)
{
    const struct vcl_conv *conv = gemm->conv;
    if (!conv)
        return (double)gemm->m * gemm->n * gemm->k;
    return (double)conv->batch * conv->map_height * conv->map_width * conv->features *
           conv->kernel_height * conv->kernel_width * conv->channels;
}
