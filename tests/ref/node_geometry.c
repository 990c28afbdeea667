/* SPDX-License-Identifier: MIT */
#include "ref/node_geometry.h"

#include <string.h>

#include "common/devices.h"
#include "nn/convolution.h"
#include "nn/pooling.h"

static bool is_called(const struct vcl_node *node, const char *name)
{
    return strcmp(node->def->name, name) == 0;
}

struct ref_conv ref_conv_of(const struct vcl_node *node)
{
    bool transposed = is_called(node, "deconv");
    const struct vcl_conv_config *words = node->config;
    const int64_t kernel[2] = {words->kernel.height, words->kernel.width};
    const int64_t stride[2] = {words->stride.height, words->stride.width};
    const int64_t pad[2] = {words->pad.height, words->pad.width};
    struct ref_conv c = {.image = (transposed ? node->out : node->in)[0]->shape,
                         .map = (transposed ? node->in : node->out)[0]->shape};
    for (int s = 0; s < 2; s++) {
        c.kernel[s] = (uint32_t)kernel[s];
        c.stride[s] = (uint32_t)stride[s];
        c.pad[s] = (uint32_t)pad[s];
        if (pad[s] < 0) /* so that strides divide sizes */
            c.pad[s] = kernel[s] > stride[s] ? (c.kernel[s] - c.stride[s] + 1) / 2 : 0;
    }
    return c;
}

uint32_t ref_conv_weights(const struct ref_conv *c)
{
    return c->kernel[0] * c->kernel[1] * c->image.channels * c->map.channels;
}

bool ref_conv_sees(const struct ref_conv *c, uint32_t i, uint32_t j, uint32_t kh, uint32_t kw,
                   uint32_t *ret_pixel)
{
    long y = (long)(i * c->stride[0] + kh) - (long)c->pad[0];
    long x = (long)(j * c->stride[1] + kw) - (long)c->pad[1];
    if (y < 0 || x < 0 || y >= (long)c->image.height || x >= (long)c->image.width)
        return false;
    *ret_pixel = (uint32_t)y * c->image.width + (uint32_t)x;
    return true;
}

/* ---- windows ---- */

static struct ref_windows pool(const struct vcl_pool_config *words, bool flat)
{
    const struct vcl_opt_pair size = words->size;
    const struct vcl_opt_pair stride = words->stride.height < 0 ? size : words->stride;
    return (struct ref_windows){
        .size = {flat ? 1 : (uint32_t)size.height, (uint32_t)size.width},
        .stride = {flat ? 1 : (uint32_t)stride.height, (uint32_t)stride.width},
        .factor = 1};
}

struct ref_windows ref_windows_of(const struct vcl_node *node)
{
    const struct vcl_shape in = node->in[0]->shape, out = node->out[0]->shape;
    struct ref_windows w = {.size = {1, 1}, .stride = {1, 1}, .factor = out.height / in.height};
    if (!is_called(node, "upsample"))
        w = pool(node->config, in.height == 1); /* where "k4" means 1 x 4 */
    w.in = in;
    w.out = out;
    w.count = w.size[0] * w.size[1];
    assert_true((out.height - 1) / w.factor * w.stride[0] + w.size[0] <= in.height);
    assert_true((out.width - 1) / w.factor * w.stride[1] + w.size[1] <= in.width);
    return w;
}

size_t ref_seen(const struct ref_windows *w, size_t o, size_t k)
{
    size_t c = o % w->out.channels, pixel = o / w->out.channels, line = pixel / w->out.width;
    size_t j = pixel % w->out.width / w->factor * w->stride[1] + k % w->size[1];
    size_t i = line % w->out.height / w->factor * w->stride[0] + k / w->size[1];
    size_t row = line / w->out.height;
    return ((row * w->in.height + i) * w->in.width + j) * w->in.channels + c;
}

uint32_t ref_features_of(const struct vcl_node *node)
{
    const struct vcl_shape in = node->in[0]->shape;
    uint32_t features = in.height == 1 && in.channels == 1 ? in.width : in.channels;
    assert_int_equal(vcl_node_param(node, 0)->count, features);
    return features;
}

size_t ref_mean_at(const struct vcl_value *x, const struct vcl_value *y, size_t j,
                   size_t *ret_logvar)
{
    size_t run = x->size; /* so many means, then as many log sigma^2 */
    if (y->shape.height == x->shape.height && y->shape.width == x->shape.width &&
        y->shape.channels == 2 * x->shape.channels)
        run = x->shape.channels;
    size_t at = j / run * 2 * run + j % run;
    *ret_logvar = at + run;
    return at;
}
