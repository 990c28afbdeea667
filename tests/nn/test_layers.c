/* SPDX-License-Identifier: MIT
 *
 * What layers are before anything runs: their shapes, where their parameters lie and begin, and the
 * memory that they say they need.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/devices.h"
#include "nn/layer.h"

struct net {
    struct vcl_params params;
    struct vcl_graph graph;
    struct vcl_value *out;
};

static enum vcl_status add(struct net *net, struct vcl_shape in, const char *layers)
{
    vcl_params_init(&net->params, test_target.ctx);
    vcl_graph_init(&net->graph, test_target.ctx, &net->params);
    OK(vcl_graph_input(&net->graph, "in", in, NULL, &net->out, &test_error));
    return vcl_net_layers(&net->graph, "net", layers, net->out, &net->out, &test_error);
}

static void finish(struct net *net)
{
    vcl_graph_finish(&net->graph);
    vcl_params_finish(&net->params);
}

/* ---- shapes ---- */

static void test_shapes(void **state)
{
    static const struct {
        const char *layer;
        struct vcl_shape in, out;
    } cases[] = {
        {"conv 7", {5, 6, 2}, {5, 6, 7}},
        /* Padded by half of what the kernel is wider than the stride, rounded up. */
        {"conv 7 k3 s2", {5, 6, 2}, {3, 3, 7}},
        {"conv 7 k4 s2", {6, 8, 2}, {3, 4, 7}},
        {"conv 7 k5 s2", {9, 10, 2}, {5, 5, 7}},
        {"conv 7 k2 s3", {6, 7, 2}, {2, 2, 7}},
        {"conv 7 k3x1 p0", {5, 6, 2}, {3, 6, 7}},
        {"conv1d 7 k4 s2", {1, 10, 2}, {1, 5, 7}},
        /* S times the input, unless a padding is given. */
        {"deconv 7 k4 s2", {3, 4, 2}, {6, 8, 7}},
        {"deconv 7 k3 s2", {3, 4, 2}, {6, 8, 7}},
        {"deconv 7 k5 s3", {3, 4, 2}, {9, 12, 7}},
        {"deconv 7 k3 s2 p0", {3, 4, 2}, {7, 9, 7}},
        {"deconv 7 k3 s2 p1", {3, 4, 2}, {5, 7, 7}},
        {"deconv 7 k3 s2 p1 o1", {3, 4, 2}, {6, 8, 7}},
        {"maxpool", {6, 7, 2}, {3, 3, 2}},
        {"maxpool k3 s1", {6, 7, 2}, {4, 5, 2}},
        {"avgpool k3 s2", {6, 7, 2}, {2, 3, 2}},
        {"avgpool k3", {1, 7, 2}, {1, 2, 2}},
        {"upsample 3", {2, 3, 4}, {6, 9, 4}},
        {"reshape 4 3", {2, 3, 4}, {4, 3, 2}},
        {"dense 9", {2, 3, 4}, {1, 9, 1}},
        {"dense 5 tanh; dense 7, dense 6", {2, 3, 4}, {1, 6, 1}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct net net;
        OK(add(&net, cases[i].in, cases[i].layer));
        const struct vcl_shape got = net.out->shape, want = cases[i].out;
        if (memcmp(&got, &want, sizeof got) != 0)
            fail_msg("%s makes %u x %u x %u of %u x %u x %u", cases[i].layer, got.height, got.width,
                     got.channels, cases[i].in.height, cases[i].in.width, cases[i].in.channels);
        finish(&net);
    }
}

/* What batch normalisation takes for a feature: a channel, or a value where there is but one. */
static void test_features(void **state)
{
    static const struct {
        struct vcl_shape in;
        size_t features;
    } cases[] = {{{1, 12, 1}, 12}, {{1, 12, 3}, 3}, {{4, 5, 3}, 3}, {{4, 5, 1}, 1}};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct net net;
        OK(add(&net, cases[i].in, "batchnorm"));
        for (size_t p = 0; p < net.params.count; p++)
            assert_int_equal(net.params.items[p].count, cases[i].features);
        finish(&net);
    }
}

/* Brackets in brackets end somewhere, or a file of a few bytes would take the stack. */
static void test_depth(void **state)
{
    (void)state;
    for (int depth = 8; depth <= 9; depth++) {
        char text[256] = "dense 3";
        for (int i = 0; i < depth; i++) {
            char inner[256];
            memcpy(inner, text, sizeof inner);
            snprintf(text, sizeof text, "residual [%.200s]", inner);
        }
        struct net net;
        enum vcl_status r = add(&net, (struct vcl_shape){1, 3, 1}, text);
        assert_int_equal(r, depth == 8 ? VCL_OK : VCL_E_ARG);
        finish(&net);
    }
}

/* ---- memory ---- */

/* Bytes of an example, without those that only keep places aligned. */
static size_t floats_of(const char *layers, bool trainable)
{
    struct net net;
    size_t bytes, batch = 1 << 14;
    OK(add(&net, (struct vcl_shape){1, 16, 1}, layers));
    OK(vcl_graph_term(&net.graph, (struct vcl_term){"out", net.out, 1}, &test_error));
    vcl_graph_prepare(&net.graph, trainable);
    OK(vcl_graph_bytes(&net.graph, (uint32_t)batch, &bytes, &test_error));
    finish(&net);
    return (bytes / sizeof(float) + batch / 2) / batch;
}

/* Forward alone, a value is there until the next is made of it; for going back, what the layers
 * read then stays, and gradients take the place of what is no longer read. */
static void test_memory(void **state)
{
    (void)state;
    assert_int_equal(floats_of("dense 32, dense 64, dense 32, dense 16", false), 64 + 32);
    assert_int_equal(floats_of("dense 32 tanh, dense 64 gelu, dense 8", false), 64 + 64);
    assert_int_equal(floats_of("residual [dense 16, dense 16]", false), 3 * 16);
    assert_int_equal(floats_of("dense 32 relu, dense 64 relu, dense 8", true),
                     16 + 32 + 64 + 8 + 8 + 64);
    assert_int_equal(floats_of("dense 32, reshape 4 8, reshape 8 4", false), 16 + 32);
}

/* ---- parameters ---- */

/* The largest magnitude must be near `bound`, and not above it. */
static void check_scale(const struct net *net, const char *name, double bound)
{
    for (size_t i = 0; i < net->params.count; i++) {
        const struct vcl_param *p = &net->params.items[i];
        if (strcmp(p->name, name) != 0)
            continue;
        float *values = test_calloc(p->count, sizeof *values), most = 0;
        OK(vcl_buf_read(p->value, 0, p->count * sizeof *values, values, &test_error));
        for (size_t j = 0; j < p->count; j++)
            most = fmaxf(most, fabsf(values[j]));
        test_free(values);
        if (!((double)most <= bound * 1.000001 && (double)most > 0.9 * bound))
            fail_msg("%s reaches %g, its bound is %g", name, (double)most, bound);
        return;
    }
    fail_msg("there is no %s", name);
}

/* PyTorch's defaults: U(-1/sqrt(n), 1/sqrt(n)), n the values that one output sees; of a transposed
 * convolution, a patch of its output. */
static void test_scales(void **state)
{
    struct net net;
    (void)state;
    OK(add(&net, (struct vcl_shape){6, 6, 4},
           "conv 32 k3, deconv 20 k5 s1, reshape 1 720, dense 40, dense 500"));
    OK(vcl_params_allocate(&net.params, false, &test_error));
    OK(vcl_params_draw(&net.params, 7, &test_error));
    check_scale(&net, "net.0.weight", 1 / sqrt(3 * 3 * 4));
    check_scale(&net, "net.0.bias", 1 / sqrt(3 * 3 * 4));
    check_scale(&net, "net.1.weight", 1 / sqrt(5 * 5 * 20));
    check_scale(&net, "net.1.bias", 1 / sqrt(5 * 5 * 20));
    check_scale(&net, "net.3.weight", 1 / sqrt(720));
    check_scale(&net, "net.3.bias", 1 / sqrt(720));
    check_scale(&net, "net.4.weight", 1 / sqrt(40));
    check_scale(&net, "net.4.bias", 1 / sqrt(40));
    finish(&net);
}

/* No two layers begin alike, nor do two seeds of more than 32 bits. */
static void test_different(void **state)
{
    float values[4][30 * 30];
    struct net net;
    (void)state;
    OK(add(&net, (struct vcl_shape){1, 30, 1}, "dense 30, dense 30"));
    OK(vcl_params_allocate(&net.params, false, &test_error));
    for (int i = 0; i < 4; i++) {
        const struct vcl_param *p = &net.params.items[i % 2 * 2];
        OK(vcl_params_draw(&net.params, i < 2 ? 7 : 7 + ((uint64_t)1 << 32), &test_error));
        OK(vcl_buf_read(p->value, 0, sizeof values[i], values[i], &test_error));
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(values[i], values[j], sizeof values[i]);
    }
    finish(&net);
}

/* Tensors begin at the same places on every device: the gradient's norm is summed over the whole in
 * an order that must be one. */
static void test_places(void **state)
{
    struct net net;
    size_t end = 0;
    (void)state;
    OK(add(&net, (struct vcl_shape){1, 30, 1}, "dense 50, batchnorm, dense 3"));
    for (size_t i = 0; i < net.params.count; i++) {
        const struct vcl_param *p = &net.params.items[i];
        if (p->is_state)
            continue;
        assert_int_equal(p->offset, end);
        end += (p->count + 1023) / 1024 * 1024;
    }
    assert_int_equal(net.params.floats, end);
    finish(&net);
}

/* A place in the whole gradient is blamed on the tensor that lies there, or on none. */
static void test_at(void **state)
{
    struct net net;
    (void)state;
    OK(add(&net, (struct vcl_shape){1, 30, 1}, "dense 50, dense 3"));
    OK(vcl_params_allocate(&net.params, false, &test_error));
    for (size_t i = 0; i < net.params.count; i++) {
        const struct vcl_param *p = &net.params.items[i];
        assert_ptr_equal(vcl_params_at(&net.params, p->offset), p);
        assert_ptr_equal(vcl_params_at(&net.params, p->offset + p->count - 1), p);
        assert_null(vcl_params_at(&net.params, p->offset + p->count)); /* padding */
    }
    finish(&net);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),    cmocka_unit_test(test_depth),
        cmocka_unit_test(test_memory),    cmocka_unit_test(test_scales),
        cmocka_unit_test(test_different), cmocka_unit_test(test_places),
        cmocka_unit_test(test_at),        cmocka_unit_test(test_features),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
