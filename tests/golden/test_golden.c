/* SPDX-License-Identifier: MIT
 *
 * Losses, gradients and training curves against PyTorch's in double precision (generate.py), on
 * each device with each GEMM implementation.
 *
 * usage: test_golden FOLDER
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/model_by_hand.h"
#include "common/test_folder.h"
#include "common/worst.h"
#include "vae/safetensors.h"

static const double GRADIENT_ERROR = 1e-5, CURVE_ERROR = 1e-4;

static const char *folder;

/* A golden file and the model that it describes. */
struct golden {
    const char *name;
    struct vcl_st_file file;
    struct vcl_config *config;
    struct vcl_model *model;
    uint32_t rows;
};

static const struct vcl_st_tensor *tensor(const struct golden *g, const char *group,
                                          const char *name)
{
    char full[120];
    snprintf(full, sizeof full, "%s%s", group, name);
    const struct vcl_st_tensor *found = vcl_st_find(&g->file, full);
    if (!found)
        fail_msg("%s has no tensor %s", g->name, full);
    return found;
}

static json_t *metadata(const struct golden *g, const char *key)
{
    json_error_t problem;
    const char *text = vcl_st_metadata(&g->file, key);
    assert_non_null(text);
    json_t *value = json_loads(text, 0, &problem);
    assert_non_null(value);
    return value;
}

static struct vcl_shape read_shape(const struct golden *g)
{
    json_t *shape = metadata(g, "shape");
    uint32_t extent[3];
    for (size_t i = 0; i < 3; i++)
        extent[i] = (uint32_t)json_integer_value(json_array_get(shape, i));
    json_decref(shape);
    return (struct vcl_shape){extent[0], extent[1], extent[2]};
}

static void set_parameters(const struct golden *g)
{
    for (size_t i = 0; i < g->model->params.count; i++) {
        const struct vcl_param *p = &g->model->params.items[i];
        const struct vcl_st_tensor *t = tensor(g, "param/", p->name);
        assert_int_equal(t->count, p->count);
        assert_int_equal(t->dims, p->dims);
        assert_memory_equal(t->shape, p->shape, p->dims * sizeof *p->shape);
        OK(vcl_buf_write(p->value, 0, t->count * sizeof(float), t->values, &test_error));
    }
}

static struct golden golden_open(const char *name)
{
    struct golden g = {.name = name};
    char file[64];
    snprintf(file, sizeof file, "%s.safetensors", name);
    char *path = test_path_in(folder, file);
    OK(vcl_st_read(path, &g.file, &test_error));
    free(path);
    json_t *config = metadata(&g, "config");
    OK(vcl_config_create(&g.config, &test_error));
    OK(vcl_config_apply_json(g.config, config, NULL, &test_error));
    json_decref(config);
    g.rows = tensor(&g, "", "x")->shape[0];
    g.model = test_model_create(test_target.ctx, g.config, read_shape(&g), g.rows);
    set_parameters(&g);
    if (g.model->labels)
        test_model_label(g.model, g.rows, tensor(&g, "", "labels")->values);
    return g;
}

static void golden_close(struct golden *g)
{
    vcl_model_destroy(&g->model);
    vcl_config_destroy(&g->config);
    vcl_st_finish(&g->file);
}

static void compare(struct test_worst *worst, const struct golden *g, struct vcl_buf *buf,
                    const char *group, const char *name)
{
    const struct vcl_st_tensor *want = tensor(g, group, name);
    float *got = test_buf_floats(buf, want->count);
    test_worst_add(worst, test_error_l2_float(got, want->values, want->count), name);
    free(got);
}

static void compare_terms(struct test_worst *worst, const struct golden *g, const char *group)
{
    const struct vcl_graph *graph = &g->model->objective_graph.graph;
    for (uint32_t i = 0; i < graph->n_terms; i++)
        compare(worst, g, graph->terms[i].value->data, group, graph->terms[i].name);
}

static void test_gradients(void **state)
{
    struct golden g = golden_open(*state);
    struct test_worst worst = {0};
    test_model_give(g.model, g.rows, tensor(&g, "", "x")->values, tensor(&g, "", "eps")->values);
    test_model_step(g.model, 1);
    test_model_pass(g.model, g.rows);
    compare_terms(&worst, &g, "");
    for (size_t i = 0; i < g.model->params.count; i++) {
        const struct vcl_param *p = &g.model->params.items[i];
        if (!p->is_state)
            compare(&worst, &g, p->gradient, "grad/", p->name);
    }
    print_message("%s: worst error %.2g (%s)\n", g.name, worst.error, worst.name);
    golden_close(&g);
    assert_true(worst.error <= GRADIENT_ERROR);
}

static double mean_term(const struct golden *g, const struct vcl_term *term)
{
    double sum = 0;
    float *values = test_buf_floats(term->value->data, g->rows);
    for (size_t i = 0; i < g->rows; i++)
        sum += (double)values[i];
    free(values);
    return sum / (double)g->rows;
}

/* The means of all terms at a point of the curve, added up. */
static void compare_point(struct test_worst *worst, const struct golden *g, size_t t)
{
    const struct vcl_graph *graph = &g->model->objective_graph.graph;
    double found = 0, wanted = 0;
    char point[32];
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        found += mean_term(g, &graph->terms[i]);
        wanted += (double)tensor(g, "curve/", graph->terms[i].name)->values[t];
    }
    snprintf(point, sizeof point, "step %zu", t);
    test_worst_add(worst, test_error_of(found, wanted), point);
}

/* In use after training: with running averages for the batch's, and nothing dropped. */
static void compare_in_use(struct test_worst *worst, const struct golden *g)
{
    struct vcl_model *model = g->model;
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *p = &model->params.items[i];
        if (p->is_state)
            compare(worst, g, p->value, "after/", p->name);
    }
    test_model_give(model, g->rows, tensor(g, "", "x")->values, tensor(g, "", "eps")->values);
    OK(vcl_model_forward(model, VCL_AT_ONCE(model->ctx), g->rows, false, &test_error));
    compare_terms(worst, g, "after/");
}

static void test_curve(void **state)
{
    struct golden g = golden_open(*state);
    struct test_worst worst = {0};
    const struct vcl_term *first = g.model->objective_graph.graph.terms;
    const size_t all = tensor(&g, "curve/", first->name)->count;
    const struct vcl_st_tensor *eps = tensor(&g, "curve/", "eps");
    struct vcl_buf *health = test_health_create(test_target.ctx);
    size_t points = test_small() ? 4 : all;
    assert_int_equal(all, 11);
    for (size_t t = 0; t < points; t++) {
        test_model_give(g.model, g.rows, tensor(&g, "", "x")->values,
                        eps->values + t % eps->shape[0] * eps->shape[1] * eps->shape[2]);
        test_model_step(g.model, t + 1);
        test_model_pass(g.model, g.rows);
        compare_point(&worst, &g, t);
        if (t + 1 < points)
            test_model_update(g.model, health);
    }
    if (points == all && vcl_st_find(&g.file, "after/recon"))
        compare_in_use(&worst, &g);
    vcl_buf_destroy(&health);
    print_message("%s: %zu steps, worst error %.2g (%s)\n", g.name, points - 1, worst.error,
                  worst.name);
    golden_close(&g);
    assert_true(worst.error <= CURVE_ERROR);
}

#define FILES(X)                                                                                   \
    X(adam)                                                                                        \
    X(adamw)                                                                                       \
    X(sgd)                                                                                         \
    X(clip)                                                                                        \
    X(ae)                                                                                          \
    X(ae_bernoulli)                                                                                \
    X(linear)                                                                                      \
    X(wide)                                                                                        \
    X(tall)                                                                                        \
    X(norm)                                                                                        \
    X(dropout)                                                                                     \
    X(pool)                                                                                        \
    X(conv)                                                                                        \
    X(rows)                                                                                        \
    X(iwae)                                                                                        \
    X(iwae_gaussian)                                                                               \
    X(dreg)                                                                                        \
    X(mog)                                                                                         \
    X(mog_iwae)                                                                                    \
    X(vamp)                                                                                        \
    X(sigma_auto)                                                                                  \
    X(sigma_auto_iwae)                                                                             \
    X(sigma_learned)                                                                               \
    X(sigma_learned_conv)                                                                          \
    X(factor)                                                                                      \
    X(condition)                                                                                   \
    X(condition_embed)

static const struct CMUnitTest tests[] = {
#define GRADIENTS(file) {#file " gradients", test_gradients, NULL, NULL, (void *)#file},
    FILES(GRADIENTS)
#undef GRADIENTS
#define CURVE(file) {#file " curve", test_curve, NULL, NULL, (void *)#file},
        FILES(CURVE)
#undef CURVE
};

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: test_golden FOLDER\n");
        return 2;
    }
    folder = argv[1];
    test_begin();
    return test_on_gemms(tests, sizeof tests / sizeof *tests, false);
}
