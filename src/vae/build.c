/* SPDX-License-Identifier: MIT */
#include "vae/build.h"

#include <stdio.h>

#include "nn/layer.h"
#include "nn/node_activation.h"
#include "nn/node_labels.h"
#include "vae/model.h"
#include "vae/node_density.h"
#include "vae/node_latent.h"
#include "vae/node_likelihood.h"
#include "vae/node_scaled.h"
#include "vae/output_layer.h"

enum vcl_status vcl_build_data(struct vcl_build *b, struct vcl_value **ret_x, struct vcl_error *err)
{
    enum vcl_status r =
        vcl_graph_input(&b->graph, "the data", b->model->shape, &b->model->x, &b->x, err);
    *ret_x = b->x;
    return r;
}

/* What encoder and decoder are told, one for both. */
static enum vcl_status find_condition(struct vcl_build *b, struct vcl_error *err)
{
    struct vcl_model *model = b->model;
    struct vcl_value *labels, *one_hot;
    enum vcl_status r = VCL_OK;
    if (b->condition)
        return VCL_OK;
    TRY(vcl_graph_input(&b->graph, "the labels", (struct vcl_shape){1, 1, 1}, &model->labels,
                        &labels, err));
    TRY(vcl_graph_one_hot(&b->graph, "condition", labels, (uint32_t)model->config->classes,
                          &one_hot, err));
    TRY(model->condition->build(&b->graph, model->condition_config, one_hot, &b->condition, err));
out:
    return r;
}

/* `in` with what is told behind it. */
static enum vcl_status tell(struct vcl_build *b, const char *name, bool in_pixels,
                            struct vcl_value **in, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (!b->model->condition->build)
        return VCL_OK;
    if ((*in)->fixed)
        FAIL(err, VCL_E_ARG, "'%s' has no labels: the prior '%s' goes without --condition",
             (*in)->name, b->model->config->prior);
    TRY(find_condition(b, err));
    TRY(vcl_graph_concat(&b->graph, name, *in, b->condition, in_pixels, in, err));
out:
    return r;
}

enum vcl_status vcl_build_encoder(struct vcl_build *b, struct vcl_value *x,
                                  struct vcl_value **ret_q, struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    enum vcl_takes takes;
    struct vcl_value *hidden;
    char text[48];
    enum vcl_status r;
    TRY(vcl_net_takes("encoder", model->config->encoder, &takes, err));
    TRY(tell(b, "encoder.condition", takes == VCL_TAKES_PIXELS, &x, err));
    TRY(vcl_net_layers(&b->graph, "encoder", model->config->encoder, x, &hidden, err));
    snprintf(text, sizeof text, "dense %u", model->latent * model->objective->head_size);
    TRY(vcl_net_layer(&b->graph, "latent", text, hidden, ret_q, err));
    if (!b->q) /* the examples' comes first, then a prior's */
        b->q = *ret_q;
out:
    return r;
}

static enum vcl_status draw(struct vcl_build *b, const struct vcl_node_def *def,
                            struct vcl_value *q, uint32_t samples, double free_bits,
                            struct vcl_value **ret_z, struct vcl_value **ret_score,
                            struct vcl_error *err)
{
    const struct vcl_node_latent config = {
        .eps = &b->model->eps, .samples = samples, .free_bits = (float)free_bits};
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(&b->graph, def, "z", &config, &q, 1, &node, err));
    *ret_z = b->z = node->out[0];
    *ret_score = node->out[1];
out:
    return r;
}

/* The KL of a sample, where there is no closed form. */
static enum vcl_status draw_and_compare(struct vcl_build *b, struct vcl_value *q,
                                        struct vcl_value **ret_z, struct vcl_value **ret_kl,
                                        struct vcl_error *err)
{
    struct vcl_value *in[2];
    enum vcl_status r;
    TRY(vcl_build_draws(b, q, 1, ret_z, &in[0], err));
    TRY(vcl_build_log_prior(b, *ret_z, &in[1], err));
    TRY(vcl_graph_sum(&b->graph, "the KL term", 2, in, (const float[]){1, -1}, ret_kl, err));
out:
    return r;
}

enum vcl_status vcl_build_draw(struct vcl_build *b, struct vcl_value *q, double free_bits,
                               struct vcl_value **ret_z, struct vcl_value **ret_kl,
                               struct vcl_error *err)
{
    const struct vcl_prior_def *prior = b->model->prior;
    if (!prior->components)
        return draw(b, &vcl_node_draw, q, 1, free_bits, ret_z, ret_kl, err);
    if (free_bits > 0)
        return ERR(err, VCL_E_ARG, "free bits are for the prior 'normal', not for '%s'",
                   prior->name);
    return draw_and_compare(b, q, ret_z, ret_kl, err);
}

enum vcl_status vcl_build_draws(struct vcl_build *b, struct vcl_value *q, uint32_t samples,
                                struct vcl_value **ret_z, struct vcl_value **ret_log_q,
                                struct vcl_error *err)
{
    return draw(b, &vcl_node_draws, q, samples, 0, ret_z, ret_log_q, err);
}

static enum vcl_status log_mean_exp(struct vcl_build *b, const char *name, bool over_rows,
                                    struct vcl_value *in, struct vcl_value **ret_bound,
                                    struct vcl_value **ret_share, struct vcl_error *err)
{
    const struct vcl_node_log_mean_exp config = {over_rows};
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(&b->graph, &vcl_node_log_mean_exp, name, &config, &in, 1, &node, err));
    *ret_bound = node->out[0];
    *ret_share = node->out[1];
out:
    return r;
}

enum vcl_status vcl_build_log_posterior(struct vcl_build *b, struct vcl_value *q,
                                        struct vcl_value *z, struct vcl_value **ret_log_q,
                                        struct vcl_error *err)
{
    return vcl_graph_log_normal(&b->graph, "log q(z|x)", q, z, ret_log_q, err);
}

enum vcl_status vcl_build_log_prior(struct vcl_build *b, struct vcl_value *z,
                                    struct vcl_value **ret_log_p, struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    struct vcl_value *in[2] = {z}, *share;
    struct vcl_node *node;
    enum vcl_status r;
    if (!model->prior->components)
        return vcl_graph_log_normal(&b->graph, "log p(z)", NULL, z, ret_log_p, err);
    TRY(model->prior->components(b, model->prior_config, &in[1], err));
    TRY(vcl_graph_add(&b->graph, &vcl_node_log_components, "log p(z) of each component", NULL, in,
                      2, &node, err));
    TRY(log_mean_exp(b, "log p(z)", false, node->out[0], ret_log_p, &share, err));
out:
    return r;
}

enum vcl_status vcl_build_log_weight(struct vcl_build *b, struct vcl_value *recon,
                                     struct vcl_value *log_p, struct vcl_value *log_q,
                                     struct vcl_value **ret_log_w, struct vcl_error *err)
{
    struct vcl_value *const in[] = {recon, log_p, log_q};
    return vcl_graph_sum(&b->graph, "log weights", 3, in, (const float[]){-1, 1, -1}, ret_log_w,
                         err);
}

enum vcl_status vcl_build_log_mean_exp(struct vcl_build *b, struct vcl_value *log_w,
                                       struct vcl_value **ret_bound, struct vcl_value **ret_share,
                                       struct vcl_error *err)
{
    return log_mean_exp(b, "bound", true, log_w, ret_bound, ret_share, err);
}

enum vcl_status vcl_build_second_group(struct vcl_build *b, const char *optimiser,
                                       struct vcl_error *err)
{
    const void *def;
    void *config;
    enum vcl_status r;
    TRY(vcl_definition_read("optimiser", vcl_optimiser_defs, NULL, optimiser, &b->graph.arena, &def,
                            &config, err));
    b->second = (struct vcl_optimiser){def, config};
    if (b->graph.params->n_groups == 1)
        TRY(vcl_params_begin_group(b->graph.params, err));
out:
    return r;
}

enum vcl_status vcl_build_decoder(struct vcl_build *b, struct vcl_value *z,
                                  struct vcl_value **ret_y, struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    struct vcl_value *hidden;
    enum vcl_status r;
    TRY(tell(b, "decoder.condition", false, &z, err));
    TRY(vcl_net_layers(&b->graph, "decoder", model->config->decoder, z, &hidden, err));
    TRY(vcl_output_add(&b->graph, model, hidden, &b->y, err));
    *ret_y = b->y;
out:
    return r;
}

static enum vcl_status scaled_reconstruction(struct vcl_build *b, bool shares_scale,
                                             struct vcl_value *x, struct vcl_value *y,
                                             struct vcl_value **ret_recon, struct vcl_error *err)
{
    struct vcl_param scale = vcl_param_matrix(1, 1, 0);
    struct vcl_value *in[3] = {x, y};
    struct vcl_node *node;
    enum vcl_status r;
    snprintf(scale.name, sizeof scale.name, "likelihood.log_variance");
    if (shares_scale)
        TRY(vcl_graph_parameter(&b->graph, scale, (struct vcl_shape){1, 1, 1}, &in[2], err));
    TRY(vcl_graph_add(&b->graph, &vcl_node_scaled, "likelihood", NULL, in, shares_scale ? 3 : 2,
                      &node, err));
    *ret_recon = node->out[0];
out:
    return r;
}

enum vcl_status vcl_build_reconstruction(struct vcl_build *b, struct vcl_value *x,
                                         struct vcl_value *y, struct vcl_value **ret_recon,
                                         struct vcl_error *err)
{
    const struct vcl_node_likelihood config = {
        .form = vcl_likelihood_form(b->model->likelihood, b->model->likelihood_config)};
    struct vcl_value *const in[] = {x, y};
    struct vcl_node *node;
    enum vcl_status r;
    if (!config.form.formula)
        return scaled_reconstruction(b, config.form.shares_scale, x, y, ret_recon, err);
    TRY(vcl_graph_add(&b->graph, &vcl_node_likelihood, "likelihood", &config, in, 2, &node, err));
    *ret_recon = node->out[0];
out:
    return r;
}

enum vcl_status vcl_build_mean(struct vcl_build *b, struct vcl_value *y,
                               struct vcl_value **ret_mean, struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    if (vcl_likelihood_form(model->likelihood, model->likelihood_config).outputs == 2)
        return vcl_graph_scaled_mean(&b->graph, y, model->shape, ret_mean, err);
    return vcl_graph_activate(&b->graph, "mean", model->likelihood->mean, y, ret_mean, err);
}
