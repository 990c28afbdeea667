/* SPDX-License-Identifier: MIT */
#include "nn/convolution.h"

#include <math.h>
#include <stddef.h>

#include "gemm/gemm.h"
#include "nn/node_activation.h"

enum { WEIGHT, BIAS };

enum { MAX_SIDE = 4096, MAX_PAD = 4095 };
#define MAX_VALUES (1 << 28) /* an example: kernels count in 32 bits */

const struct vcl_conv_config vcl_conv_defaults = {
    .channels = 0,
    .activation = "identity",
    .kernel = {3, 3},
    .stride = {1, 1},
    .pad = {-1, -1},
    .extra = {-1, -1},
};

#define FIELD(name) .offset = offsetof(struct vcl_conv_config, name)
#define SHARED                                                                                     \
    {.key = "channels",                                                                            \
     .kind = VCL_OPT_INT,                                                                          \
     FIELD(channels),                                                                              \
     .min = 1,                                                                                     \
     .max = 1 << 20,                                                                               \
     .arg = "C",                                                                                   \
     .help = "channels of the output"},                                                            \
        VCL_ACTIVATION_OPTION(struct vcl_conv_config, activation),                                 \
        {.key = "kernel",                                                                          \
         .kind = VCL_OPT_PAIR,                                                                     \
         FIELD(kernel),                                                                            \
         .min = 1,                                                                                 \
         .max = MAX_SIDE,                                                                          \
         .letter = 'k',                                                                            \
         .arg = "kK",                                                                              \
         .help = "size of the kernel, k4 or k3x5 (height x width); 3 unless given"},               \
        {.key = "stride",                                                                          \
         .kind = VCL_OPT_PAIR,                                                                     \
         FIELD(stride),                                                                            \
         .min = 1,                                                                                 \
         .max = MAX_SIDE,                                                                          \
         .letter = 's',                                                                            \
         .arg = "sS",                                                                              \
         .help = "pixels from one place of the kernel to the next; 1 unless given"},               \
    {                                                                                              \
        .key = "pad", .kind = VCL_OPT_PAIR, FIELD(pad), .min = 0, .max = MAX_PAD, .letter = 'p',   \
        .arg = "pP", .help = "zeros around the larger side; (K - S + 1) / 2 unless given"          \
    }

const struct vcl_opt vcl_conv_options[] = {SHARED, {0}};

const struct vcl_opt vcl_deconv_options[] = {
    SHARED,
    {.key = "extra",
     .kind = VCL_OPT_PAIR,
     FIELD(extra),
     .min = 0,
     .max = MAX_SIDE,
     .letter = 'o',
     .arg = "oO",
     .help = "more output rows and columns; unless given what makes the output S times the input"},
    {0},
};

/* ---- shapes ---- */

/* One axis: from `in` pixels to *ret_out; `pad` and `extra` are -1 for their defaults. */
struct axis {
    int64_t in, kernel, stride, pad, extra, out;
};

static bool conv_axis(struct axis *axis)
{
    if (axis->pad < 0)
        axis->pad = axis->kernel > axis->stride ? (axis->kernel - axis->stride + 1) / 2 : 0;
    int64_t room = axis->in + 2 * axis->pad - axis->kernel;
    axis->out = room < 0 ? 0 : room / axis->stride + 1;
    return axis->out > 0;
}

static bool deconv_axis(struct axis *axis)
{
    bool given = axis->pad >= 0;
    if (!given)
        axis->pad = axis->kernel > axis->stride ? (axis->kernel - axis->stride + 1) / 2 : 0;
    if (axis->extra < 0)
        axis->extra = given ? 0 : axis->stride + 2 * axis->pad - axis->kernel;
    axis->out = (axis->in - 1) * axis->stride - 2 * axis->pad + axis->kernel + axis->extra;
    return axis->out > 0;
}

static void axes_of(const struct vcl_node *node, struct axis *height, struct axis *width)
{
    const struct vcl_conv_config *c = node->config;
    *height = (struct axis){.in = node->in[0]->shape.height,
                            .kernel = c->kernel.height,
                            .stride = c->stride.height,
                            .pad = c->pad.height,
                            .extra = c->extra.height};
    *width = (struct axis){.in = node->in[0]->shape.width,
                           .kernel = c->kernel.width,
                           .stride = c->stride.width,
                           .pad = c->pad.width,
                           .extra = c->extra.width};
}

static enum vcl_status check_channels(const struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_conv_config *config = node->config;
    const char *name = node->def->name;
    if (config->channels == 0)
        return ERR(err, VCL_E_ARG, "%s needs its number of channels, as in \"%s 32 k4 s2 relu\"",
                   name, name);
    return VCL_OK;
}

static enum vcl_status make_output(struct vcl_node *node, const struct axis *height,
                                   const struct axis *width, struct vcl_error *err)
{
    const struct vcl_conv_config *config = node->config;
    double values = (double)height->out * (double)width->out * (double)config->channels;
    if (values > MAX_VALUES)
        return ERR(err, VCL_E_ARG, "%s: %lld x %lld x %lld is too much for an example",
                   node->def->name, (long long)height->out, (long long)width->out,
                   (long long)config->channels);
    return vcl_node_output(
        node,
        (struct vcl_shape){(uint32_t)height->out, (uint32_t)width->out, (uint32_t)config->channels},
        err);
}

static struct vcl_conv geometry(struct vcl_shape image, struct vcl_shape map,
                                const struct axis *height, const struct axis *width)
{
    return (struct vcl_conv){
        .height = image.height,
        .width = image.width,
        .channels = image.channels,
        .map_height = map.height,
        .map_width = map.width,
        .features = map.channels,
        .kernel_height = (uint32_t)height->kernel,
        .kernel_width = (uint32_t)width->kernel,
        .stride_height = (uint32_t)height->stride,
        .stride_width = (uint32_t)width->stride,
        .pad_height = (uint32_t)height->pad,
        .pad_width = (uint32_t)width->pad,
    };
}

/* PyTorch's default for both kinds of layer: uniform, at most 1 / sqrt(values of a patch) away from
 * 0; for a transposed convolution too it takes the channels of the image. */
static enum vcl_status add_parameters(struct vcl_node *node, const struct vcl_conv *g,
                                      struct vcl_error *err)
{
    const uint32_t shape[4] = {g->kernel_height, g->kernel_width, g->channels, g->features};
    float patch = (float)g->kernel_height * (float)g->kernel_width * (float)g->channels;
    float bound = 1.0f / sqrtf(patch);
    enum vcl_status r;
    TRY(vcl_node_declare(node, WEIGHT, "weight", vcl_param_tensor(shape, bound), err));
    TRY(vcl_node_declare(node, BIAS, "bias",
                         vcl_param_vector(node->out[0]->shape.channels, 0, bound), err));
out:
    return r;
}

enum vcl_status vcl_conv_shape(struct vcl_node *node, struct vcl_error *err)
{
    struct vcl_conv_config *config = node->config;
    struct axis height, width;
    enum vcl_status r;
    TRY(check_channels(node, err));
    axes_of(node, &height, &width);
    bool is_high = conv_axis(&height), is_wide = conv_axis(&width);
    if (!is_high || !is_wide) {
        r = ERR(err, VCL_E_ARG,
                "%s: a kernel of %lld x %lld does not fit %lld x %lld pixels padded by %lld x %lld",
                node->def->name, (long long)height.kernel, (long long)width.kernel,
                (long long)height.in, (long long)width.in, (long long)height.pad,
                (long long)width.pad);
        return vcl_error_hint(err, r, "fewer strides before it, a smaller kernel or more padding");
    }
    TRY(make_output(node, &height, &width, err));
    config->geometry = geometry(node->in[0]->shape, node->out[0]->shape, &height, &width);
    TRY(add_parameters(node, &config->geometry, err));
out:
    return r;
}

enum vcl_status vcl_deconv_shape(struct vcl_node *node, struct vcl_error *err)
{
    struct vcl_conv_config *config = node->config;
    struct axis height, width;
    enum vcl_status r;
    TRY(check_channels(node, err));
    axes_of(node, &height, &width);
    bool is_high = deconv_axis(&height), is_wide = deconv_axis(&width);
    if (!is_high || !is_wide) {
        r = ERR(err, VCL_E_ARG, "%s: a padding of %lld x %lld leaves nothing of %lld x %lld pixels",
                node->def->name, (long long)height.pad, (long long)width.pad,
                (long long)(height.out + 2 * height.pad), (long long)(width.out + 2 * width.pad));
        return vcl_error_hint(err, r, "leave the padding out: it follows from kernel and stride");
    }
    if (height.extra >= height.stride || width.extra >= width.stride)
        FAIL(err, VCL_E_ARG, "%s: o%lldx%lld must be smaller than the stride, %lld x %lld",
             node->def->name, (long long)height.extra, (long long)width.extra,
             (long long)height.stride, (long long)width.stride);
    TRY(make_output(node, &height, &width, err));
    config->geometry = geometry(node->out[0]->shape, node->in[0]->shape, &height, &width);
    TRY(add_parameters(node, &config->geometry, err));
out:
    return r;
}

/* ---- passes ---- */

static struct vcl_conv pass_of(const struct vcl_node *node, const struct vcl_run *run,
                               enum vcl_conv_pass pass)
{
    struct vcl_conv conv = ((const struct vcl_conv_config *)node->config)->geometry;
    conv.pass = pass;
    conv.batch = vcl_value_rows(node->in[0], run);
    return conv;
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               enum vcl_conv_pass pass, struct vcl_error *err)
{
    const struct vcl_conv conv = pass_of(node, run, pass);
    struct vcl_gemm gemm = vcl_conv_gemm(&conv, node->in[0]->data,
                                         vcl_node_param(node, WEIGHT)->value, node->out[0]->data);
    gemm.bias = vcl_node_param(node, BIAS)->value;
    gemm.activation = node->activation;
    return vcl_gemm_emit(run->emit, &gemm, err);
}

enum vcl_status vcl_conv_forward(const struct vcl_node *node, const struct vcl_run *run,
                                 struct vcl_error *err)
{
    return forward(node, run, VCL_CONV_TO_MAP, err);
}

enum vcl_status vcl_deconv_forward(const struct vcl_node *node, const struct vcl_run *run,
                                   struct vcl_error *err)
{
    return forward(node, run, VCL_CONV_TO_IMAGE, err);
}

static enum vcl_status input_gradient(const struct vcl_node *node, const struct vcl_run *run,
                                      enum vcl_conv_pass pass, struct vcl_error *err)
{
    const struct vcl_want *want = &node->want[0];
    const struct vcl_conv conv = pass_of(node, run, pass);
    struct vcl_gemm gemm =
        vcl_conv_gemm(&conv, node->out[0]->grad, vcl_node_param(node, WEIGHT)->value, want->grad);
    if (!want->grad)
        return VCL_OK;
    gemm.accumulate = want->adds;
    gemm.activation = want->slope;
    gemm.derivative_at = want->slope ? node->in[0]->data : NULL;
    return vcl_gemm_emit(run->emit, &gemm, err);
}

/* Weights' gradient from both sides; with `bias_sums` the bias', the column sums of the map. */
static enum vcl_status weight_gradient(const struct vcl_node *node, const struct vcl_run *run,
                                       struct vcl_buf *image, struct vcl_buf *map,
                                       struct vcl_buf *bias_sums, struct vcl_error *err)
{
    const struct vcl_conv conv = pass_of(node, run, VCL_CONV_WEIGHTS);
    struct vcl_gemm gemm = vcl_conv_gemm(&conv, image, map, vcl_node_param(node, WEIGHT)->gradient);
    gemm.b_sums = bias_sums;
    gemm.accumulate = vcl_node_writes(node, WEIGHT);
    return vcl_gemm_emit(run->emit, &gemm, err);
}

enum vcl_status vcl_conv_backward(const struct vcl_node *node, const struct vcl_run *run,
                                  struct vcl_error *err)
{
    enum vcl_status r;
    TRY(weight_gradient(node, run, node->in[0]->data, node->out[0]->grad,
                        vcl_node_param(node, BIAS)->gradient, err));
    TRY(input_gradient(node, run, VCL_CONV_TO_IMAGE, err));
out:
    return r;
}

enum vcl_status vcl_deconv_backward(const struct vcl_node *node, const struct vcl_run *run,
                                    struct vcl_error *err)
{
    const struct vcl_value *out = node->out[0];
    size_t pixels = (size_t)out->shape.height * out->shape.width;
    enum vcl_status r;
    TRY(weight_gradient(node, run, out->grad, node->in[0]->data, NULL, err));
    TRY(vcl_column_sums(run->emit, vcl_value_rows(out, run) * pixels, out->shape.channels,
                        vcl_node_writes(node, BIAS), out->grad,
                        vcl_node_param(node, BIAS)->gradient, err));
    TRY(input_gradient(node, run, VCL_CONV_TO_MAP, err));
out:
    return r;
}
