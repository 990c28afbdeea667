/* SPDX-License-Identifier: MIT
 *
 * Gradients. First the reference's own, against central differences of its loss in double
 * precision; then those of each device, against the reference's and against the same differences.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/model_by_hand.h"
#include "common/worst.h"
#include "grad/cases.h"
#include "nn/node_sum.h"

static const double REFERENCE_ERROR = 1e-6, DEVICE_ERROR = 1e-5;
enum { DIRECTIONS = 4 };

/* (f(p + h d) - f(p - h d)) / 2h. */
static double central_difference(struct vae_ref *ref, const double *direction)
{
    const double h = 1e-5;
    double *kept = malloc(ref->n_params * sizeof *kept), f[2];
    assert_non_null(kept);
    for (size_t i = 0; i < ref->n_params; i++)
        kept[i] = ref->params[i];
    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < ref->n_params; i++)
            ref->params[i] = kept[i] + (side ? -h : h) * direction[i];
        f[side] = vae_ref_forward(ref);
    }
    for (size_t i = 0; i < ref->n_params; i++)
        ref->params[i] = kept[i];
    free(kept);
    return (f[0] - f[1]) / (2 * h);
}

/* ---- along which directions ---- */

/* Is there something after it that changes gradients by design? That of dreg has the right mean
 * over the noise, which with noise that is given the loss's slopes are not. */
static bool is_changed(const struct vcl_graph *graph, const struct vcl_node *node)
{
    bool changed = node->def == &vcl_node_stop || node->def == &vcl_node_scaled_gradient;
    for (size_t i = 0; i < graph->n_nodes && !changed; i++) {
        const struct vcl_node *reader = graph->nodes[i];
        for (uint32_t j = 0; j < reader->n_in && !changed; j++)
            changed = reader->in[j]->from == node && is_changed(graph, reader);
    }
    return changed;
}

/* Are finite differences to be had of the node's parameters? Their numbers are at, at + 1 ... Not
 * if a node that has them, too, is changed or frozen: all of the loss depends on what is frozen,
 * and its gradient is that of a part. There is only the reference then. */
static size_t compared(const struct vae_ref *ref, const struct vcl_node *node, size_t *ret_at)
{
    const struct vcl_graph *graph = &ref->build.graph;
    size_t n = ref_trained_of(&ref->graph, node, ret_at);
    for (size_t i = 0; i < graph->n_nodes && n; i++) {
        const struct vcl_node *other = graph->nodes[i];
        bool same = other->n_trained && other->param[0] == node->param[0];
        if (same && (other->is_frozen || is_changed(graph, other)))
            n = 0;
    }
    return n;
}

/* Of length 1 among the parameters of `only`, or of all nodes. */
static void draw_direction(const struct vae_ref *ref, const struct vcl_node *only, uint32_t *index,
                           double *direction)
{
    const struct vcl_graph *graph = &ref->build.graph;
    double square = 0;
    for (size_t i = 0; i < ref->n_params; i++)
        direction[i] = 0;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        size_t at = 0, n = compared(ref, graph->nodes[i], &at);
        for (size_t k = at; k < at + n && (!only || only == graph->nodes[i]); k++)
            direction[k] = grad_number(index, -1, 1);
    }
    for (size_t i = 0; i < ref->n_params; i++)
        square += direction[i] * direction[i];
    for (size_t i = 0; i < ref->n_params; i++)
        direction[i] /= sqrt(square);
}

/* How far the slope of `gradient` along a direction is from the loss's, relative to the slope or,
 * if the direction happens to be nearly level, to a typical one. */
static double slope_error(struct vae_ref *ref, const double *direction, const double *gradient)
{
    double slope = 0, square = 0;
    for (size_t i = 0; i < ref->n_params; i++) {
        slope += direction[i] * gradient[i];
        square += gradient[i] * gradient[i];
    }
    double size = fabs(slope) + sqrt(square / (double)ref->n_params);
    double difference = fabs(central_difference(ref, direction) - slope);
    return size > 0 ? difference / size : difference;
}

/* Along directions in all parameters, and within each node's. */
static double worst_slope(struct vae_ref *ref, const double *gradient)
{
    double *direction = malloc(ref->n_params * sizeof *direction), worst = 0;
    uint32_t index = 1 << 30;
    assert_non_null(direction);
    for (int i = 0; i < DIRECTIONS; i++) {
        draw_direction(ref, NULL, &index, direction);
        worst = fmax(worst, slope_error(ref, direction, gradient));
    }
    for (size_t i = 0; i < ref->build.graph.n_nodes; i++) {
        size_t at;
        if (!compared(ref, ref->build.graph.nodes[i], &at))
            continue;
        draw_direction(ref, ref->build.graph.nodes[i], &index, direction);
        worst = fmax(worst, slope_error(ref, direction, gradient));
    }
    free(direction);
    return worst;
}

/* How many latents use less than the free bits. */
static size_t count_free(const struct vae_ref *ref)
{
    const double *elements = ref_data(&ref->graph, ref->build.z->from->out[3]);
    size_t count = 0;
    for (size_t j = 0; j < ref->latent; j++) {
        double sum = 0;
        for (size_t r = 0; r < ref->rows; r++)
            sum += elements[r * ref->latent + j];
        count += sum / (double)ref->rows < ref->model->config->free_bits;
    }
    return count;
}

/* The reference's own gradient. */
static void check_reference(struct vae_ref *ref)
{
    vae_ref_forward(ref);
    vae_ref_backward(ref);
    double worst = worst_slope(ref, ref->gradient);
    print_message("reference: %.2g\n", worst);
    if (ref->model->config->free_bits > 0) /* both sides are there */
        assert_in_range(count_free(ref), 1, ref->latent - 1);
    assert_true(worst <= REFERENCE_ERROR);
    vae_ref_forward(ref); /* of the parameters themselves again */
}

/* ---- on a device ---- */

static float *floats(const double *values, size_t n)
{
    float *copy = malloc(n * sizeof *copy);
    assert_non_null(copy);
    for (size_t i = 0; i < n; i++)
        copy[i] = (float)values[i];
    return copy;
}

static void give(struct vcl_model *model, const struct vae_ref *ref)
{
    float *params = floats(ref->params, ref->n_params);
    float *x = floats(ref->x, ref->rows * ref->data), *eps = floats(ref->eps, ref->n_eps);
    const float *at = params;
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *p = &model->params.items[i];
        if (p->is_state)
            continue;
        OK(vcl_buf_write(p->value, 0, p->count * sizeof *at, at, &test_error));
        at += p->count;
    }
    assert_true(at == params + ref->n_params);
    test_model_give(model, (uint32_t)ref->rows, x, eps);
    if (model->labels) {
        float *labels = floats(ref_labels(&ref->graph), ref->rows);
        test_model_label(model, (uint32_t)ref->rows, labels);
        free(labels);
    }
    test_model_step(model, 1);
    free(params);
    free(x);
    free(eps);
}

static void compare(struct test_worst *worst, struct vcl_buf *buf, const double *want, size_t n,
                    const char *name)
{
    float *got = test_buf_floats(buf, n);
    test_worst_add(worst, test_error_l2(got, want, n), name);
    free(got);
}

/* Each term of what is minimised or reported. */
static void compare_terms(struct test_worst *worst, const struct vcl_model *model,
                          const struct vae_ref *ref)
{
    const struct vcl_graph *got = &model->objective_graph.graph, *want = &ref->build.graph;
    assert_int_equal(got->n_terms, want->n_terms);
    for (uint32_t i = 0; i < got->n_terms; i++) {
        struct vcl_value *value = want->terms[i].value;
        compare(worst, got->terms[i].value->data, ref_data(&ref->graph, value),
                ref->rows * value->repeat, want->terms[i].name);
    }
}

/* Each tensor, and the device's whole gradient, which replaces the reference's. */
static void compare_gradients(struct test_worst *worst, const struct vcl_model *model,
                              struct vae_ref *ref)
{
    double *want = ref->gradient;
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *p = &model->params.items[i];
        if (p->is_state)
            continue;
        compare(worst, p->gradient, want, p->count, p->name);
        float *got = test_buf_floats(p->gradient, p->count);
        for (size_t j = 0; j < p->count; j++)
            *want++ = (double)got[j];
        free(got);
    }
    test_worst_add(worst, worst_slope(ref, ref->gradient), "a slope");
}

static void test_gradient(void **state)
{
    const struct grad_case *c = *state;
    struct vcl_config *config = grad_case_config(c);
    struct vae_ref *ref = grad_case_reference(c, config);
    struct test_worst worst = {0};
    struct vcl_model *model =
        test_model_create(test_target.ctx, config, c->shape, (uint32_t)c->rows);
    check_reference(ref);
    give(model, ref);
    test_model_pass(model, (uint32_t)c->rows);
    compare_terms(&worst, model, ref);
    compare_gradients(&worst, model, ref);
    print_message("%s: %.2g (%s)\n", c->name, worst.error, worst.name);
    vcl_model_destroy(&model);
    vae_ref_destroy(&ref);
    vcl_config_destroy(&config);
    assert_true(worst.error <= DEVICE_ERROR);
}

int main(void)
{
    size_t count;
    test_begin();
    struct grad_case *cases = grad_cases_create(&count);
    struct CMUnitTest *tests = calloc(count, sizeof *tests);
    if (!tests)
        abort();
    for (size_t i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){
            .name = cases[i].name, .test_func = test_gradient, .initial_state = &cases[i]};
    int failed = test_on_devices(tests, count, false);
    free(tests);
    free(cases);
    return failed;
}
