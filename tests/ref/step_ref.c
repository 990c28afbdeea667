/* SPDX-License-Identifier: MIT */
#include "ref/step_ref.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "check/host_math.h"
#include "common/devices.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"

/* Who draws what, as in src/base/philox.h. */
enum { STREAM_INIT = 1, STREAM_SHUFFLE = 2, STREAM_BINARISE = 3 };
enum { TENSOR_STEP = 1024 };

static void add(void *to, const void *more, size_t n)
{
    float *sum = to;
    const float *addend = more;
    for (size_t i = 0; i < n; i++)
        sum[i] = sum[i] + addend[i];
}

static void fill(void *to, float weight, size_t n, double schedule)
{
    float *values = to;
    for (size_t i = 0; i < n; i++)
        values[i] = weight / (float)n * (float)schedule;
}

static const struct ref_numbers numbers = {
    .size = sizeof(float), .step = TENSOR_STEP, .kinds = step_ref_kinds, .add = add, .fill = fill};

/* ---- set-up ---- */

/* Each parameter is a step of the stream. */
static void draw_initial(struct step_ref *ref, const struct vcl_node *node)
{
    const struct ref_kind *kind = ref_kind_of(&ref->graph, node);
    const struct ref_pass pass = ref_pass_of(&ref->graph, node);
    float bound = kind->bound ? kind->bound(node) : 0;
    for (uint32_t k = 0; k < kind->n_params; k++) {
        bool is_value = node->out[0]->leaf == node; /* who makes it says how it begins */
        float initial = is_value ? vcl_node_param(node, k)->initial : kind->initial[k];
        float *values = pass.param[k];
        for (uint32_t j = 0; j < vcl_node_param(node, k)->count; j++) {
            float u =
                vcl_host_uniform(ref->config->seed, STREAM_INIT, (uint32_t)node->param[k], 0, j);
            values[j] = (2.0f * u - 1.0f) * bound + initial;
        }
    }
}

struct step_ref *step_ref_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                 struct vcl_shape shape)
{
    struct step_ref *ref = ref_zeros(1, sizeof *ref);
    struct vcl_graph *graph = &ref->build.graph;
    uint32_t batch = (uint32_t)config->batch;
    OK(vcl_model_create(ctx, config, shape, batch, false, &ref->model, &test_error));
    OK(vcl_model_build(ref->model, &ref->build, &test_error));
    ref_graph_init(&ref->graph, &numbers, graph, batch);
    ref->config = config;
    ref->graph.seed = config->seed;
    for (int i = 0; i < 2; i++)
        ref->state[i] = ref_zeros(ref->graph.n_trained, sizeof(float));
    for (size_t i = 0; i < graph->n_nodes; i++)
        draw_initial(ref, graph->nodes[i]);
    return ref;
}

void step_ref_destroy(struct step_ref **ret_ref)
{
    if (!ret_ref || !*ret_ref)
        return;
    struct step_ref *ref = *ret_ref;
    ref_graph_finish(&ref->graph);
    vcl_graph_finish(&ref->build.graph);
    vcl_model_destroy(&ref->model);
    free(ref->state[0]);
    free(ref->state[1]);
    free(ref);
    *ret_ref = NULL;
}

/* ---- steps ---- */

static float see(const struct step_ref *ref, const struct vcl_dataset *set, uint32_t example,
                 uint32_t column)
{
    size_t at = (size_t)example * ref->model->data_size + column;
    float v = set->dtype == VCL_U8
                  ? vcl_host_div((float)((const unsigned char *)set->values)[at], 255)
                  : ((const float *)set->values)[at];
    if (strcmp(ref->config->binarize, "dynamic") == 0)
        return vcl_host_uniform(ref->config->seed, STREAM_BINARISE, ref->epoch, example, column) <
               v;
    return strcmp(ref->config->binarize, "threshold") == 0 ? v > 0.5f : v;
}

/* Where the parameters of a group begin among the flat ones, and how many numbers they are. */
static size_t group_of(const struct step_ref *ref, uint32_t group, size_t *ret_floats)
{
    const struct vcl_params *params = ref->build.graph.params;
    size_t first = ref->graph.n_trained, end = 0;
    for (size_t i = 0; i < params->count; i++) {
        const struct vcl_param *p = &params->items[i];
        size_t at = ref->graph.params[i].at;
        if (p->is_state || p->group != group)
            continue;
        first = at < first ? at : first;
        end = at + (p->count + TENSOR_STEP - 1) / TENSOR_STEP * TENSOR_STEP;
    }
    *ret_floats = end > first ? end - first : 0;
    return first;
}

static void update(struct step_ref *ref, uint32_t group, const char *name,
                   const struct vcl_optimiser_config *c)
{
    step_ref_optimiser optimiser = step_ref_optimiser_find(name);
    double beta1 = (double)(float)c->beta1, beta2 = (double)(float)c->beta2;
    size_t floats, first = group_of(ref, group, &floats);
    float *value = ref->graph.trained, *gradient = ref->graph.gradient;
    uint64_t t = (uint64_t)ref->steps + 1;
    struct step_ref_update u = {
        .lr = (float)c->lr,
        .momentum = (float)c->momentum,
        .beta1 = (float)c->beta1,
        .beta2 = (float)c->beta2,
        .eps = (float)c->eps,
        .decay = (float)c->weight_decay,
        .correction1 = (float)(1 / (1 - step_ref_power(beta1, t))),
        .correction2 = (float)(1 / sqrt(1 - step_ref_power(beta2, t))),
        .clip_scale = 1,
    };
    assert_non_null(optimiser);
    if (c->clip > 0)
        u.clip_scale = step_ref_clip_scale(gradient + first, (uint32_t)floats, (float)c->clip);
    for (size_t i = first; i < first + floats; i++)
        optimiser(&u, gradient[i], &value[i], &ref->state[0][i], &ref->state[1][i]);
}

/* Each group of parameters by its optimiser: the model's, and the objective's. */
static void update_all(struct step_ref *ref)
{
    const struct vcl_config *c = ref->config;
    const struct vcl_optimiser *second = &ref->build.second;
    const struct vcl_optimiser_config first = {.lr = c->lr,
                                               .momentum = c->momentum,
                                               .beta1 = c->beta1,
                                               .beta2 = c->beta2,
                                               .eps = c->eps,
                                               .weight_decay = c->weight_decay,
                                               .clip = c->clip};
    update(ref, 0, c->optimiser, &first);
    if (second->def)
        update(ref, 1, second->def->name, second->config);
}

static void one_step(struct step_ref *ref, const struct vcl_dataset *set)
{
    struct ref_graph *graph = &ref->graph;
    float *x = ref_data(graph, ref->build.x), *labels = ref_labels(graph);
    for (size_t r = 0; r < graph->rows; r++) {
        for (uint32_t j = 0; j < ref->model->data_size; j++)
            x[r * ref->model->data_size + j] = see(ref, set, graph->ids[r], j);
    }
    for (size_t r = 0; labels && r < graph->rows; r++)
        labels[r] = (float)set->labels[graph->ids[r]];
    graph->step = ref->steps;
    ref_graph_forward(graph);
    ref_graph_backward(graph);
    update_all(ref);
}

/* Fisher-Yates from the end; the swap of place i draws word i. */
static void shuffle(uint64_t seed, uint32_t epoch, uint32_t *order, uint32_t n)
{
    const struct vcl_philox rng = {.seed = seed, .stream = STREAM_SHUFFLE, .step = epoch};
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)((uint64_t)vcl_philox_word(&rng, 0, i) * i >> 32);
        uint32_t swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

static float kl_weight(const struct vcl_config *c, uint32_t step, uint32_t epoch_steps)
{
    double rise = c->warmup * epoch_steps, done = (double)step + 1;
    return (float)(done < rise ? c->beta * (done / rise) : c->beta);
}

void step_ref_train(struct step_ref *ref, const struct vcl_dataset *set,
                    double ret_terms[VCL_TERMS])
{
    const struct vcl_graph *graph = &ref->build.graph;
    uint32_t n = (uint32_t)set->count, batch = (uint32_t)ref->config->batch, rows;
    uint32_t *order = ref_zeros(n, sizeof *order);
    for (ref->epoch = 0, ref->steps = 0; ref->epoch < ref->config->epochs; ref->epoch++) {
        shuffle(ref->config->seed, ref->epoch, order, n);
        memset(ret_terms, 0, VCL_TERMS * sizeof *ret_terms);
        for (uint32_t done = 0; done < n; done += rows, ref->steps++) {
            rows = n - done < batch ? n - done : batch;
            ref->graph.rows = rows;
            ref->graph.ids = order + done;
            ref->graph.kl_weight =
                (double)kl_weight(ref->config, ref->steps, (n + batch - 1) / batch);
            one_step(ref, set);
            for (uint32_t i = 0; i < graph->n_terms; i++)
                ret_terms[i] +=
                    (double)step_ref_row_sum(ref_data(&ref->graph, graph->terms[i].value), rows);
        }
        for (uint32_t i = 0; i < graph->n_terms; i++)
            ret_terms[i] /= n;
    }
    free(order);
}
