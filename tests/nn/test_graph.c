/* SPDX-License-Identifier: MIT
 *
 * Graphs that no text of layers makes: values with several readers, weights that are used twice.
 * Gradients are compared with differences of the loss.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/devices.h"
#include "layers.rows.h"
#include "nn/layer.h"
#include "nn/node_activation.h"
#include "vae/node_likelihood.h"

enum { ROWS = 5, SIZE = 6 };

struct net {
    struct vcl_params params;
    struct vcl_graph graph;
    struct vcl_buf *x, *target;
    struct vcl_value *in, *out; /* out is what the test makes of in */
};

static struct vcl_buf *random_buf(size_t n, uint32_t seed)
{
    struct vcl_buf *buf;
    float *values = test_calloc(n, sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = sinf((float)(i * 7 + seed) * 1.7f);
    OK(vcl_buf_create(test_target.ctx, n * sizeof *values, &buf, &test_error));
    OK(vcl_buf_write(buf, 0, n * sizeof *values, values, &test_error));
    test_free(values);
    return buf;
}

static void begin(struct net *net)
{
    *net = (struct net){.x = random_buf(ROWS * SIZE, 1), .target = random_buf(ROWS * SIZE, 2)};
    vcl_params_init(&net->params, test_target.ctx);
    vcl_graph_init(&net->graph, test_target.ctx, &net->params);
    OK(vcl_graph_input(&net->graph, "x", (struct vcl_shape){1, SIZE, 1}, &net->x, &net->in,
                       &test_error));
}

static void end(struct net *net)
{
    vcl_graph_finish(&net->graph);
    vcl_params_finish(&net->params);
    vcl_buf_destroy(&net->x);
    vcl_buf_destroy(&net->target);
}

static struct vcl_value *layers(struct net *net, const char *name, const char *text,
                                struct vcl_value *in)
{
    struct vcl_value *out;
    OK(vcl_net_layers(&net->graph, name, text, in, &out, &test_error));
    return out;
}

static struct vcl_value *sum(struct net *net, struct vcl_value *a, struct vcl_value *b)
{
    struct vcl_value *const in[] = {a, b};
    struct vcl_node *node;
    OK(vcl_graph_add(&net->graph, &vcl_layer_residual, "sum", NULL, in, 2, &node, &test_error));
    return node->out[0];
}

/* The squared error between net->out and the target is minimised. */
static void plan(struct net *net, bool apart)
{
    const struct vcl_node_likelihood config = {.form = {.formula = "squared"}};
    struct vcl_value *target, *in[2];
    struct vcl_node *node;
    OK(vcl_graph_input(&net->graph, "target", (struct vcl_shape){1, SIZE, 1}, &net->target, &target,
                       &test_error));
    in[0] = target;
    in[1] = net->out;
    OK(vcl_graph_add(&net->graph, &vcl_node_likelihood, "loss", &config, in, 2, &node,
                     &test_error));
    OK(vcl_graph_term(&net->graph, (struct vcl_term){"loss", node->out[0], 1}, &test_error));
    OK(vcl_params_allocate(&net->params, true, &test_error));
    OK(vcl_params_draw(&net->params, 3, &test_error));
    vcl_graph_prepare(&net->graph, true);
    OK(vcl_graph_place(&net->graph, &(struct vcl_placing){.batch = ROWS, .apart = apart},
                       &test_error));
}

static const struct vcl_run *run(void)
{
    static struct vcl_emit emit;
    static struct vcl_run run;
    emit = (struct vcl_emit){.ctx = test_target.ctx};
    run = (struct vcl_run){.emit = &emit, .batch = ROWS, .training = true};
    return &run;
}

static double loss(struct net *net)
{
    float rows[ROWS];
    double total = 0;
    OK(vcl_graph_forward(&net->graph, run(), &test_error));
    OK(vcl_buf_read(net->graph.terms[0].value->data, 0, sizeof rows, rows, &test_error));
    for (int i = 0; i < ROWS; i++)
        total += (double)rows[i] / ROWS;
    return total;
}

static double loss_with(struct net *net, const struct vcl_param *p, size_t i, float value)
{
    OK(vcl_buf_write(p->value, i * sizeof value, sizeof value, &value, &test_error));
    return loss(net);
}

static void check_param(struct net *net, const struct vcl_param *p, const float *gradient)
{
    const float step = 1e-2f;
    for (size_t i = 0; i < p->count; i += 1 + p->count / 12) {
        float value;
        OK(vcl_buf_read(p->value, i * sizeof value, sizeof value, &value, &test_error));
        double up = loss_with(net, p, i, value + step), down = loss_with(net, p, i, value - step);
        double difference = (up - down) / (2 * (double)step);
        loss_with(net, p, i, value);
        if (fabs(difference - (double)gradient[i]) > 2e-2 * (1 + fabs(difference)))
            fail_msg("%s[%zu]: the gradient is %g, the loss differs by %g", p->name, i,
                     (double)gradient[i], difference);
    }
}

static void check_gradients(struct net *net)
{
    plan(net, false);
    loss(net);
    OK(vcl_graph_backward(&net->graph, run(), &test_error));
    for (size_t i = 0; i < net->params.count; i++) {
        const struct vcl_param *p = &net->params.items[i];
        if (p->is_state)
            continue;
        float *gradient = test_calloc(p->count, sizeof *gradient);
        OK(vcl_buf_read(p->gradient, 0, p->count * sizeof *gradient, gradient, &test_error));
        check_param(net, p, gradient);
        test_free(gradient);
    }
}

/* ---- tests ---- */

/* Two uses of one layer: its gradient is the sum of both. */
static void test_shared(void **state)
{
    struct net net;
    (void)state;
    begin(&net);
    struct vcl_value *once = layers(&net, "same", "dense 6 tanh", net.in);
    net.out = layers(&net, "same", "dense 6 tanh", once);
    assert_int_equal(net.params.count, 2);
    check_gradients(&net);
    end(&net);
}

/* A name stands for one shape. */
static void test_other_shape(void **state)
{
    struct vcl_value *out;
    struct net net;
    (void)state;
    begin(&net);
    layers(&net, "same", "dense 7", net.in);
    assert_int_equal(vcl_net_layers(&net.graph, "same", "dense 6", net.in, &out, &test_error),
                     VCL_E_SHAPE);
    assert_non_null(strstr(test_error.msg, "same.0.weight"));
    end(&net);
}

/* Readers that add to a gradient and others that can only overwrite it, in both orders; all of a
 * value with a folded derivative. */
static void test_fan_out(void **state)
{
    static const char *const readers[][3] = {
        {"dense 6", "dense 6 tanh", "dense 6"},         {"layernorm", "dense 6", "layernorm"},
        {"dense 6", "layernorm", "batchnorm"},          {"batchnorm", "layernorm", "dense 6"},
        {"reshape 2 3, dense 6", "dense 6", "dense 6"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++) {
        struct net net;
        begin(&net);
        struct vcl_value *h = layers(&net, "h", "dense 6 softplus", net.in);
        struct vcl_value *a = layers(&net, "a", readers[i][0], h);
        struct vcl_value *b = layers(&net, "b", readers[i][1], h);
        struct vcl_value *c = layers(&net, "c", readers[i][2], h);
        net.out = sum(&net, sum(&net, a, b), c);
        check_gradients(&net);
        end(&net);
    }
}

/* A value that is read beside its activation must stay; so must one that an activation reads which
 * is not folded. */
static void test_beside_activation(void **state)
{
    static const char *const activations[] = {"tanh", "gelu"};
    (void)state;
    for (size_t i = 0; i < sizeof activations / sizeof *activations; i++) {
        struct vcl_value *active;
        struct net net;
        begin(&net);
        struct vcl_value *h = layers(&net, "h", "dense 6", net.in);
        OK(vcl_graph_activate(&net.graph, "active", activations[i], h, &active, &test_error));
        net.out = sum(&net, layers(&net, "a", "dense 6", active), layers(&net, "b", "dense 6", h));
        check_gradients(&net);
        end(&net);
    }
}

/* With all values apart a pass makes the same, in more memory. */
static void test_apart(void **state)
{
    double losses[2];
    size_t sizes[2];
    (void)state;
    for (int apart = 0; apart < 2; apart++) {
        struct net net;
        begin(&net);
        net.out = layers(&net, "net",
                         "dense 20 tanh, residual [dense 8 gelu, dense 20], dense 6 elu", net.in);
        plan(&net, apart);
        losses[apart] = loss(&net);
        sizes[apart] = vcl_buf_size(net.graph.memory);
        end(&net);
    }
    assert_true(losses[0] == losses[1]);
    assert_true(sizes[0] < sizes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shared),  cmocka_unit_test(test_other_shape),
        cmocka_unit_test(test_fan_out), cmocka_unit_test(test_beside_activation),
        cmocka_unit_test(test_apart),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
