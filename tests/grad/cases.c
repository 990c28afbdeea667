/* SPDX-License-Identifier: MIT */
#include "grad/cases.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "common/model_by_hand.h"
#include "nn/layer.h"
#include "vae/likelihood.h"
#include "vae/node_scaled.h"
#include "vae/objective.h"

enum { MOST_CASES = 128 };

struct list {
    struct grad_case *cases;
    size_t count;
};

static struct grad_case *add(struct list *list, const char *group, const char *name)
{
    assert_true(list->count < MOST_CASES);
    struct grad_case *c = &list->cases[list->count++];
    *c = (struct grad_case){.shape = {1, 17, 1}, .rows = 9};
    snprintf(c->name, sizeof c->name, "%s %s", group, name);
    return c;
}

static void set(struct grad_case *c, const char *key, const char *value)
{
    assert_true(c->n_words < sizeof c->words / sizeof *c->words);
    snprintf(c->words[c->n_words++], sizeof c->words[0], "%s=%s", key, value);
}

static void set_layers(struct grad_case *c, const char *encoder, const char *decoder)
{
    set(c, "encoder", encoder);
    set(c, "decoder", decoder);
}

/* ---- what the library's tables hold ---- */

static void add_activations(struct list *list)
{
    for (const char *const *name = vcl_activation_names(); *name; name++) {
        struct grad_case *c = add(list, "activation", *name);
        char text[40];
        snprintf(text, sizeof text, "dense 13 %s", *name);
        set_layers(c, text, text);
    }
}

/* Pictures of 6 x 5 with two channels as data; the decoder's are 1 pixel high. */
static void add_layers(struct list *list)
{
    static const struct {
        const char *name, *encoder, *decoder;
    } examples[] = {
        {"dense", "dense 13 tanh", "dense 13 tanh"},
        {"conv", "conv 3 k3x2 s2x1 p1x0 gelu, conv 4 k2 elu, dense 9 elu",
         "dense 24 tanh, reshape 3 4 2, conv 3 k4 s2 softplus, conv 2 k3"},
        {"deconv", "deconv 2 k4 s2 tanh, dense 9 elu",
         "dense 12 tanh, reshape 3 2 2, deconv 3 k3x4 s2x3 p0x1 o1x0 gelu, deconv 2 k3 s2 elu"},
        {"conv1d", "reshape 1 12 5, conv1d 4 k4 s2 tanh, conv1d 3 gelu, dense 9",
         "conv1d 3 k3 elu, conv1d 2 k2 s2 p1, dense 9 tanh"},
        {"reshape", "reshape 5 3 4, conv 3 k3 s2 tanh, reshape 1 18 1, dense 9 elu",
         "reshape 2 2 1, conv 3 tanh, reshape 1 12 1, reshape 3 2 2, dense 9"},
        {"maxpool", "maxpool k2 s2, dense 9 elu", "upsample 6, maxpool k3 s2, dense 9 tanh"},
        {"avgpool", "avgpool k3 s1, dense 9 elu", "upsample 6, avgpool k2 s3, dense 9 tanh"},
        {"upsample", "upsample 2, dense 9 elu", "dense 5 tanh, upsample 3, dense 9"},
        {"batchnorm", "batchnorm elu, dense 9 elu, batchnorm gelu, dense 7 tanh, batchnorm",
         "batchnorm, dense 9 tanh, batchnorm tanh"},
        {"layernorm", "layernorm, dense 9 tanh, layernorm silu", "layernorm tanh, dense 9"},
        {"dropout", "dropout 0.3, dense 20 elu, dropout 0.5", "dense 20 gelu, dropout 0.4"},
        {"residual", "dense 9 tanh, residual [dense 8 gelu, dense 9 softplus] elu",
         "residual [dense 4], residual [residual [dense 4 tanh], dense 4 tanh] gelu"},
    };
    for (const struct vcl_node_def *const *def = vcl_layer_defs; *def; def++) {
        size_t i = 0, count = sizeof examples / sizeof *examples;
        while (i < count && strcmp(examples[i].name, (*def)->name) != 0)
            i++;
        if (i == count)
            fail_msg("no gradient test for the layer %s: add an example to grad/cases.c",
                     (*def)->name);
        struct grad_case *c = add(list, "layer", (*def)->name);
        c->shape = (struct vcl_shape){6, 5, 2};
        set_layers(c, examples[i].encoder, examples[i].decoder);
    }
}

static void add_objectives(struct list *list)
{
    for (const struct vcl_objective_def *const *def = vcl_objective_defs; *def; def++) {
        for (const struct vcl_likelihood_def *const *p = vcl_likelihoods; *p; p++) {
            const struct vcl_likelihood_def *row = *p;
            struct grad_case *c = add(list, (*def)->name, row->name);
            set_layers(c, "dense 13 gelu", "dense 12 silu");
            /* its discriminator is large */
            set(c, "objective",
                strcmp((*def)->name, "factor") == 0 ? "factor units=9 layers=2" : (*def)->name);
            set(c, "likelihood", row->name);
            set(c, "sigma", "0.6");
            set(c, "latent", "5");
        }
    }
}

/* ---- what no table names ---- */

static void add_others(struct list *list)
{
    struct grad_case *c = add(list, "no", "hidden layers");
    set_layers(c, "", "");
    c = add(list, "three", "hidden layers");
    set_layers(c, "dense 13 gelu, dense 11 tanh, dense 6 elu",
               "dense 8 selu, dense 12 softplus, dense 14 relu");
    c = add(list, "beta", "4");
    set(c, "beta", "4");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "beta", "0");
    set(c, "beta", "0");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "free bits", "0.4");
    set(c, "free-bits", "0.4");
    set(c, "beta", "2");
    set(c, "latent", "8");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "clamped", "log-variance");
    c->clamped = true;
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "one", "of each");
    c->shape.width = 1;
    c->rows = 1;
    set(c, "latent", "1");
    set_layers(c, "dense 1 tanh", "dense 1 gelu");
    c = add(list, "chunks", "of sums");
    c->shape.width = 270;
    c->rows = 260;
    set(c, "latent", "2");
    set_layers(c, "layernorm, dense 3 tanh", "batchnorm, dense 3 tanh");
    c = add(list, "output", "deconv");
    c->shape = (struct vcl_shape){6, 8, 3};
    set(c, "output", "deconv k4 s2");
    set_layers(c, "conv 4 k4 s2 elu, conv 5 k3 silu", "dense 24 elu, reshape 3 4 2, conv 4 gelu");
    c = add(list, "output", "conv1d");
    c->shape = (struct vcl_shape){1, 11, 2};
    set(c, "output", "conv1d k3 tanh");
    set(c, "likelihood", "gaussian");
    set_layers(c, "conv1d 4 k5 s2 relu", "dense 11 elu");
    c = add(list, "conv", "in residual blocks");
    c->shape = (struct vcl_shape){5, 4, 2};
    set(c, "output", "conv k3x1");
    set_layers(
        c, "residual [conv 3 k3 elu, conv 2 k1] elu, conv 3 k2 p0 tanh",
        "dense 20 tanh, reshape 5 4 1, residual [reshape 4 5 1, conv 1 k3 tanh, reshape 5 4 1]");
    c = add(list, "all", "together");
    c->shape = (struct vcl_shape){8, 8, 3};
    set_layers(
        c, "batchnorm relu, maxpool k2 s2, residual [batchnorm tanh, dropout 0.2], avgpool k2 s1",
        "dense 6, residual [layernorm elu, dense 6 elu, dropout 0.5] elu, layernorm");
}

/* Samples, several an example, and priors that are trained. */
static void add_samples(struct list *list)
{
    struct grad_case *c = add(list, "mixture", "elbo");
    set(c, "prior", "mog 4");
    set(c, "beta", "1.5");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "mixture", "iwae");
    set(c, "prior", "mog 4");
    set(c, "objective", "iwae k=3");
    set(c, "latent", "17");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "mixture of one", "iwae");
    set(c, "prior", "mog 1");
    set(c, "objective", "iwae k=3");
    set_layers(c, "", "");
    c = add(list, "mixture", "dreg");
    set(c, "prior", "mog 2");
    set(c, "objective", "dreg k=4");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "samples", "decoder with layernorm and dropout");
    set(c, "objective", "iwae k=3");
    set_layers(c, "dropout 0.2, dense 9 tanh",
               "dropout 0.3, dense 18 tanh, layernorm gelu, residual [dropout 0.4, dense 18]");
    c = add(list, "samples", "conv encoder, batchnorm");
    c->shape = (struct vcl_shape){5, 6, 2};
    set(c, "objective", "iwae k=2");
    set(c, "output", "conv k3");
    set_layers(c, "conv 3 k3 s2 elu, conv 4 k2 gelu",
               "dense 30 tanh, batchnorm, reshape 5 6 1, conv 3 k3 elu");
    c = add(list, "one sample", "iwae");
    set(c, "objective", "iwae k=1");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "clamped", "samples");
    c->clamped = true;
    set(c, "objective", "iwae k=3");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "clamped", "mixture");
    c->clamped = true;
    set(c, "prior", "mog 3");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
}

/* A log sigma^2 that is learned. */
static void add_scales(struct list *list)
{
    static const char *const sigmas[] = {"gaussian sigma=auto", "gaussian sigma=learned"};
    for (size_t i = 0; i < 2; i++) {
        struct grad_case *c = add(list, sigmas[i], "elbo");
        set(c, "likelihood", sigmas[i]);
        set_layers(c, "dense 10 tanh", "dense 10 tanh");
        c = add(list, sigmas[i], "iwae");
        set(c, "likelihood", sigmas[i]);
        set(c, "objective", "iwae k=3");
        set_layers(c, "dense 10 tanh", "dense 10 tanh");
        c = add(list, sigmas[i], "output conv");
        c->shape = (struct vcl_shape){4, 5, 3};
        set(c, "likelihood", sigmas[i]);
        set(c, "output", "conv k3");
        set_layers(c, "dense 10 tanh", "dense 40 tanh, reshape 4 5 2");
    }
    struct grad_case *c = add(list, "clamped", "learned sigma");
    c->clamped = true;
    set(c, "likelihood", "gaussian sigma=learned");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "clamped", "shared sigma");
    c->clamped = true;
    set(c, "likelihood", "gaussian sigma=auto");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
}

static void add_conditions(struct list *list)
{
    struct grad_case *c = add(list, "condition", "one-hot");
    set(c, "condition", "one-hot");
    set(c, "classes", "5");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "condition", "one-hot, iwae");
    set(c, "condition", "one-hot");
    set(c, "classes", "3");
    set(c, "objective", "iwae k=3");
    set_layers(c, "dense 10 tanh", "");
    c = add(list, "condition", "embed, conv encoder");
    c->shape = (struct vcl_shape){5, 4, 2};
    set(c, "condition", "embed 3");
    set(c, "classes", "4");
    set_layers(c, "conv 3 k3 s2 elu, dense 9 tanh", "dense 10 tanh");
    c = add(list, "condition", "embed, dreg");
    set(c, "condition", "embed 2");
    set(c, "classes", "4");
    set(c, "objective", "dreg k=3");
    set_layers(c, "dense 9 tanh", "dense 10 tanh");
}

/* Encoders that are applied twice. */
static void add_pseudo_inputs(struct list *list)
{
    struct grad_case *c = add(list, "pseudo-inputs", "elbo");
    set(c, "prior", "vamp 4");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
    c = add(list, "pseudo-inputs", "gaussian, conv encoder, iwae");
    c->shape = (struct vcl_shape){5, 4, 2};
    set(c, "prior", "vamp 3");
    set(c, "likelihood", "gaussian");
    set(c, "objective", "iwae k=2");
    set_layers(c, "conv 3 k3 s2 elu, layernorm", "dense 10 tanh");
    c = add(list, "pseudo-inputs", "dreg");
    set(c, "prior", "vamp 2");
    set(c, "objective", "dreg k=3");
    set_layers(c, "dense 10 tanh", "dense 10 tanh");
}

struct grad_case *grad_cases_create(size_t *ret_count)
{
    struct list list = {.cases = calloc(MOST_CASES, sizeof *list.cases)};
    assert_non_null(list.cases);
    add_layers(&list);
    add_activations(&list);
    add_objectives(&list);
    add_others(&list);
    add_samples(&list);
    add_pseudo_inputs(&list);
    add_scales(&list);
    add_conditions(&list);
    *ret_count = list.count;
    return list.cases;
}

struct vcl_config *grad_case_config(const struct grad_case *c)
{
    const char *words[16] = {"latent=4"};
    for (size_t i = 0; i < c->n_words; i++)
        words[i + 1] = c->words[i];
    return test_config(words);
}

double grad_number(uint32_t *index, double low, double high)
{
    const struct vcl_philox rng = {.seed = 7, .stream = 1000};
    return (double)(float)(low + (high - low) * (double)vcl_philox_uniform(&rng, 0, (*index)++));
}

static void draw_parameters(struct vae_ref *ref, const struct vcl_node *node, uint32_t *index)
{
    size_t at = 0, n = ref_trained_of(&ref->graph, node, &at);
    size_t in = node->n_in ? node->in[0]->size : 1;
    bool normalises = strstr(node->def->name, "norm");
    double bound = normalises ? 0.8 : 1.5 / (in > 4 ? (double)in / 4 : 1);
    for (size_t j = 0; j < n; j++)
        ref->params[at + j] = grad_number(index, -bound, bound) + (normalises && j < n / 2);
}

/* Where a likelihood learns log sigma^2: the shared one, or some of the decoder's. */
static void clamp_scale(struct vae_ref *ref, const struct vcl_node *likelihood)
{
    double *shared = likelihood->n_in > 2 ? ref_data(&ref->graph, likelihood->in[2]) : NULL;
    double *bias = ref_pass_of(&ref->graph, ref->build.y->from).param[1];
    if (shared)
        *shared = 25;
    for (size_t j = ref->data; !shared && j < 2 * ref->data; j += 3)
        bias[j] = 25;
}

/* Every second log-variance of q(z|x), and of a component of the prior. */
static void clamp(struct vae_ref *ref)
{
    const struct vcl_graph *graph = &ref->build.graph;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i]->def == &vcl_node_scaled) {
            clamp_scale(ref, graph->nodes[i]);
            return;
        }
    }
    double *bias = ref_pass_of(&ref->graph, ref->build.q->from).param[1];
    for (size_t j = ref->latent; j < 2 * ref->latent; j += 2)
        bias[j] = -25;
    for (size_t i = 0; i < graph->n_values; i++) {
        double *component = graph->values[i]->leaf ? ref_data(&ref->graph, graph->values[i]) : NULL;
        for (size_t j = ref->latent; component && j < 2 * ref->latent; j += 2)
            component[j] = 25;
    }
}

struct vae_ref *grad_case_reference(const struct grad_case *c, const struct vcl_config *config)
{
    struct vae_ref *ref = vae_ref_create(test_target.ctx, config, c->shape, c->rows);
    const struct vcl_graph *graph = &ref->build.graph;
    uint32_t index = 0;
    double low = strcmp(config->likelihood, "bernoulli") == 0 ? 0 : -2;
    ref->step = 1; /* that of test_model_step(model, 1) */
    for (size_t i = 0; i < graph->n_nodes; i++)
        draw_parameters(ref, graph->nodes[i], &index);
    for (size_t i = 0; i < c->rows * ref->data; i++)
        ref->x[i] = grad_number(&index, low, low + 1 - 1.5 * low);
    double *labels = ref_labels(&ref->graph);
    for (size_t i = 0; labels && i < c->rows; i++)
        labels[i] = floor(grad_number(&index, 0, (double)config->classes));
    for (size_t i = 0; i < ref->n_eps; i++)
        ref->eps[i] = grad_number(&index, -2, 2);
    if (c->clamped)
        clamp(ref);
    return ref;
}
