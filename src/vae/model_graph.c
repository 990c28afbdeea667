/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gemm/gemm.h"
#include "vae/model.h"
#include "vaecl/tune.h"

/* ---- the objective's ---- */

enum vcl_status vcl_model_build(struct vcl_model *model, struct vcl_build *b, struct vcl_error *err)
{
    enum vcl_status r;
    b->model = model;
    vcl_graph_init(&b->graph, model->ctx, &model->params);
    b->beta = 1;
    TRY(model->objective->build(b, model->objective_config, err));
    b->q->is_kept = true;
out:
    return r;
}

enum vcl_status vcl_model_forward(struct vcl_model *model, const struct vcl_emit *emit,
                                  uint32_t rows, bool training, struct vcl_error *err)
{
    struct vcl_graph *graph = &model->objective_graph.graph;
    enum vcl_status r;
    if (!graph->batch)
        TRY(vcl_graph_place(graph, &(struct vcl_placing){.batch = model->batch}, err));
    TRY(vcl_build_run(&model->objective_graph, emit, rows, training, err));
out:
    return r;
}

static struct vcl_run run_of(const struct vcl_model *model, const struct vcl_emit *emit,
                             uint32_t rows, bool training)
{
    return (struct vcl_run){
        .emit = emit, .batch = rows, .training = training, .step = model->step, .ids = model->ids};
}

enum vcl_status vcl_model_backward(struct vcl_model *model, const struct vcl_emit *emit,
                                   uint32_t rows, struct vcl_error *err)
{
    const struct vcl_run run = run_of(model, emit, rows, true);
    return vcl_graph_backward(&model->objective_graph.graph, &run, err);
}

enum vcl_status vcl_build_run(struct vcl_build *b, const struct vcl_emit *emit, uint32_t rows,
                              bool training, struct vcl_error *err)
{
    const struct vcl_run run = run_of(b->model, emit, rows, training);
    return vcl_graph_forward(&b->graph, &run, err);
}

struct vcl_buf *vcl_build_term(const struct vcl_build *b, const char *name)
{
    const struct vcl_graph *graph = &b->graph;
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        if (strcmp(graph->terms[i].name, name) == 0)
            return graph->terms[i].value->data;
    }
    return NULL;
}

struct vcl_losses vcl_build_losses(const struct vcl_build *b, const double *sums, double count)
{
    const struct vcl_graph *graph = &b->graph;
    struct vcl_losses losses = {.count = graph->n_terms};
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        losses.terms[i].name = graph->terms[i].name;
        losses.terms[i].value = sums[i] / count;
        losses.loss += graph->terms[i].in_loss * losses.terms[i].value;
    }
    return losses;
}

double vcl_losses_term(const struct vcl_losses *losses, const char *name)
{
    for (uint32_t i = 0; i < losses->count; i++) {
        if (strcmp(losses->terms[i].name, name) == 0)
            return losses->terms[i].value;
    }
    return NAN;
}

/* ---- those for use ---- */

void vcl_build_destroy(struct vcl_build **b)
{
    if (!b || !*b)
        return;
    vcl_graph_finish(&(*b)->graph);
    free(*b);
    *b = NULL;
}

/* Builds a graph and gives it its memory. */
static enum vcl_status make(struct vcl_model *model, const struct vcl_placing *how,
                            enum vcl_status (*build)(struct vcl_build *b, const void *user,
                                                     struct vcl_error *err),
                            const void *user, struct vcl_build **ret_graph, struct vcl_error *err)
{
    struct vcl_build *b = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(1, sizeof *b, &b, err));
    b->model = model;
    vcl_graph_init(&b->graph, model->ctx, &model->params);
    TRY(build(b, user, err));
    vcl_graph_prepare(&b->graph, false);
    TRY(vcl_graph_place(&b->graph, how, err));
    *ret_graph = b;
    b = NULL;
out:
    vcl_build_destroy(&b);
    return r;
}

/* Encoder and decoder never run within a pass of the objective's graph: where that has memory for
 * training, it is large enough for them, too. */
static struct vcl_placing beside_training(const struct vcl_model *model)
{
    return (struct vcl_placing){.batch = model->batch,
                                .within = model->objective_graph.graph.memory};
}

static enum vcl_status build_encoder(struct vcl_build *b, const void *user, struct vcl_error *err)
{
    struct vcl_value *x, *q, *z, *log_q;
    enum vcl_status r;
    (void)user;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    q->is_kept = true;
    b->z = q;
    if (b->model->objective->stochastic)
        TRY(vcl_build_draws(b, q, 1, &z, &log_q, err));
    b->z->is_kept = true;
out:
    return r;
}

enum vcl_status vcl_model_encoder(struct vcl_model *model, struct vcl_build **ret_graph,
                                  struct vcl_error *err)
{
    const struct vcl_placing how = beside_training(model);
    enum vcl_status r = VCL_OK;
    if (!model->encode)
        r = make(model, &how, build_encoder, NULL, &model->encode, err);
    *ret_graph = model->encode;
    return r;
}

static enum vcl_status build_decoder(struct vcl_build *b, const void *user, struct vcl_error *err)
{
    struct vcl_value *y;
    enum vcl_status r;
    (void)user;
    TRY(vcl_graph_input(&b->graph, "z", (struct vcl_shape){1, b->model->latent, 1}, NULL, &b->z,
                        err));
    TRY(vcl_build_decoder(b, b->z, &y, err));
    TRY(vcl_build_mean(b, y, &b->y, err));
    b->y->is_kept = true;
out:
    return r;
}

enum vcl_status vcl_model_decoder(struct vcl_model *model, struct vcl_build **ret_graph,
                                  struct vcl_error *err)
{
    const struct vcl_placing how = beside_training(model);
    enum vcl_status r = VCL_OK;
    if (!model->decode)
        r = make(model, &how, build_decoder, NULL, &model->decode, err);
    *ret_graph = model->decode;
    return r;
}

static enum vcl_status build_elbo(struct vcl_build *b, const void *user, struct vcl_error *err)
{
    struct vcl_value *x, *q, *z, *kl = NULL, *y, *recon;
    enum vcl_status r;
    (void)user;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    z = q;
    if (b->model->objective->stochastic)
        TRY(vcl_build_draw(b, q, 0, &z, &kl, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_graph_term(&b->graph, VCL_RECON(recon), err));
    if (kl)
        TRY(vcl_graph_term(&b->graph, VCL_KL(kl), err));
    q->is_kept = true;
out:
    return r;
}

enum vcl_status vcl_model_elbo(struct vcl_model *model, struct vcl_build **ret_graph,
                               struct vcl_error *err)
{
    const struct vcl_placing how = beside_training(model);
    enum vcl_status r = VCL_OK;
    if (!model->elbo)
        r = make(model, &how, build_elbo, NULL, &model->elbo, err);
    *ret_graph = model->elbo;
    return r;
}

static enum vcl_status build_components(struct vcl_build *b, const void *user,
                                        struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    enum vcl_status r;
    (void)user;
    TRY(model->prior->components(b, model->prior_config, &b->z, err));
    b->z->is_kept = true;
out:
    return r;
}

enum vcl_status vcl_model_components(struct vcl_model *model, struct vcl_build **ret_graph,
                                     struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (!model->components && model->prior->components)
        r = make(model, &(struct vcl_placing){.batch = 1}, build_components, NULL,
                 &model->components, err);
    *ret_graph = model->components;
    return r;
}

struct weigher {
    struct vcl_buf *q;
    uint32_t samples;
};

static enum vcl_status build_weigher(struct vcl_build *b, const void *user, struct vcl_error *err)
{
    const struct weigher *weigher = user;
    struct vcl_value *x, *z, *y, *recon, *log_p, *log_q, *log_w;
    const struct vcl_shape q = {1, 2 * b->model->latent, 1};
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_graph_input(&b->graph, "q", q, &weigher->q, &b->q, err));
    TRY(vcl_build_draws(b, b->q, weigher->samples, &z, &log_q, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_build_log_prior(b, z, &log_p, err));
    TRY(vcl_build_log_weight(b, recon, log_p, log_q, &log_w, err));
    TRY(vcl_graph_term(&b->graph, (struct vcl_term){"log weights", log_w}, err));
out:
    return r;
}

enum vcl_status vcl_model_weigher(struct vcl_model *model, struct vcl_buf *q, uint32_t rows,
                                  uint32_t samples, struct vcl_build **ret_graph,
                                  struct vcl_error *err)
{
    const struct weigher weigher = {q, samples};
    return make(model, &(struct vcl_placing){.batch = rows}, build_weigher, &weigher, ret_graph,
                err);
}

/* ---- for the tuner ---- */

enum vcl_status vcl_model_products(struct vcl_model *model, uint32_t rows,
                                   struct vcl_gemm **ret_products, size_t *ret_count,
                                   struct vcl_error *err)
{
    struct vcl_products products = {0};
    const struct vcl_emit emit = {.ctx = model->ctx, .dry_run = &products};
    enum vcl_status r;
    TRY(vcl_model_forward(model, &emit, rows, true, err));
    TRY(vcl_model_backward(model, &emit, rows, err));
    TRY(vcl_products_copy(&products, ret_products, ret_count, err));
out:
    vcl_products_finish(&products);
    return r;
}

enum vcl_status vcl_config_products(struct vcl_ctx *ctx, const struct vcl_config *config,
                                    struct vcl_shape shape, struct vcl_gemm **ret_products,
                                    size_t *ret_count, struct vcl_error *err)
{
    struct vcl_model *model = NULL;
    uint32_t batch = (uint32_t)config->batch;
    enum vcl_status r;
    TRY(vcl_model_create(ctx, config, shape, batch, true, &model, err));
    TRY(vcl_model_products(model, batch, ret_products, ret_count, err));
out:
    vcl_model_destroy(&model);
    return r;
}
