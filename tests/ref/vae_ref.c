/* SPDX-License-Identifier: MIT */
#include "ref/vae_ref.h"

#include <stdlib.h>
#include <string.h>

#include "common/devices.h"
#include "ref/vae_ref_rows.h"

static void add(void *to, const void *more, size_t n)
{
    double *sum = to;
    const double *addend = more;
    for (size_t i = 0; i < n; i++)
        sum[i] += addend[i];
}

static void fill(void *to, float weight, size_t n, double schedule)
{
    double *values = to;
    for (size_t i = 0; i < n; i++)
        values[i] = (double)weight / (double)n * schedule;
}

static const struct ref_numbers numbers = {
    .size = sizeof(double), .step = 1, .kinds = vae_ref_kinds, .add = add, .fill = fill};

/* A term's values, or zeros if the objective has none of that name. */
static double *term(const struct vae_ref *ref, const char *name)
{
    const struct vcl_graph *graph = &ref->build.graph;
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        if (strcmp(graph->terms[i].name, name) == 0)
            return ref_data(&ref->graph, graph->terms[i].value);
    }
    return ref->no_term;
}

struct vae_ref *vae_ref_create_for(struct vcl_ctx *ctx, const struct vcl_config *config,
                                   struct vcl_shape shape, size_t rows,
                                   enum vcl_status (*build)(struct vcl_build *b,
                                                            struct vcl_error *err))
{
    struct vae_ref *ref = ref_zeros(1, sizeof *ref);
    struct ref_graph *graph = &ref->graph;
    OK(vcl_model_create(ctx, config, shape, (uint32_t)rows, false, &ref->model, &test_error));
    ref->build.model = ref->model;
    vcl_graph_init(&ref->build.graph, ctx, &ref->model->params);
    OK(build ? build(&ref->build, &test_error)
             : vcl_model_build(ref->model, &ref->build, &test_error));
    ref_graph_init(graph, &numbers, &ref->build.graph, rows);
    ref->rows = rows;
    ref->data = ref->model->data_size;
    ref->latent = ref->model->latent;
    ref->stochastic = ref->model->objective->stochastic;
    ref->beta = (double)(float)config->beta;
    ref->n_params = graph->n_trained;
    ref->params = graph->trained;
    ref->gradient = graph->gradient;
    size_t repeat = ref->build.z ? ref->build.z->repeat : 1;
    ref->n_eps = rows * repeat * ref->latent;
    ref->eps = ref_zeros(ref->n_eps, sizeof *ref->eps);
    ref->x = ref_data(graph, ref->build.x);
    ref->q = ref_data(graph, ref->build.q);
    ref->z = ref->build.z ? ref_data(graph, ref->build.z) : ref->q;
    ref->y = ref_data(graph, ref->build.y);
    ref->no_term = ref_zeros(rows * repeat, sizeof *ref->no_term);
    ref->recon = term(ref, "recon");
    ref->kl = term(ref, "kl");
    return ref;
}

struct vae_ref *vae_ref_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                               struct vcl_shape shape, size_t rows)
{
    return vae_ref_create_for(ctx, config, shape, rows, NULL);
}

void vae_ref_destroy(struct vae_ref **ret_ref)
{
    if (!ret_ref || !*ret_ref)
        return;
    struct vae_ref *ref = *ret_ref;
    ref_graph_finish(&ref->graph);
    vcl_graph_finish(&ref->build.graph);
    vcl_model_destroy(&ref->model);
    free(ref->eps);
    free(ref->no_term);
    free(ref);
    *ret_ref = NULL;
}

/* What a term adds to the loss for its weight of 1. */
static double loss_of(const struct ref_graph *graph, struct vcl_value *value)
{
    const struct ref_kind *kind = ref_kind_of(graph, value->from);
    const double *rows = ref_data(graph, value);
    size_t n = graph->rows * value->repeat;
    double sum = 0;
    if (kind->loss) {
        const struct ref_pass pass = ref_pass_of(graph, value->from);
        return kind->loss(&pass);
    }
    for (size_t r = 0; r < n; r++)
        sum += rows[r] / (double)n;
    return sum;
}

double vae_ref_forward(struct vae_ref *ref)
{
    struct ref_graph *graph = &ref->graph;
    double loss = 0;
    graph->step = ref->step;
    graph->eps = ref->eps;
    graph->kl_weight = ref->beta;
    ref_graph_forward(graph);
    for (uint32_t i = 0; i < ref->build.graph.n_terms; i++) {
        const struct vcl_term *term = &ref->build.graph.terms[i];
        if (term->weight != 0)
            loss += (double)term->weight * ref_schedule(graph, term) * loss_of(graph, term->value);
    }
    return loss;
}

void vae_ref_backward(struct vae_ref *ref)
{
    ref_graph_backward(&ref->graph);
}
