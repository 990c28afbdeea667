/* SPDX-License-Identifier: MIT */
#include "vae/build.h"

#include <stdio.h>

#include "nn/layer.h"
#include "nn/node_activation.h"
#include "vae/model.h"
#include "vae/node_density.h"
#include "vae/node_latent.h"
#include "vae/node_likelihood.h"
#include "vae/output_layer.h"

enum vcl_status vcl_build_data(struct vcl_build *b, struct vcl_value **ret_x, struct vcl_error *err)
{
    enum vcl_status r =
        vcl_graph_input(&b->graph, "the data", b->model->shape, &b->model->x, &b->x, err);
    *ret_x = b->x;
    return r;
}

enum vcl_status vcl_build_encoder(struct vcl_build *b, struct vcl_value *x,
                                  struct vcl_value **ret_q, struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    struct vcl_value *hidden;
    char text[48];
    enum vcl_status r;
    TRY(vcl_net_layers(&b->graph, "encoder", model->config->encoder, x, &hidden, err));
    snprintf(text, sizeof text, "dense %u", model->latent * model->objective->head_size);
    TRY(vcl_net_layer(&b->graph, "latent", text, hidden, &b->q, err));
    *ret_q = b->q;
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

enum vcl_status vcl_build_decoder(struct vcl_build *b, struct vcl_value *z,
                                  struct vcl_value **ret_y, struct vcl_error *err)
{
    const struct vcl_model *model = b->model;
    struct vcl_value *hidden;
    enum vcl_status r;
    TRY(vcl_net_layers(&b->graph, "decoder", model->config->decoder, z, &hidden, err));
    TRY(vcl_output_add(&b->graph, model->config, model->shape, model->likelihood, hidden, &b->y,
                       err));
    *ret_y = b->y;
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
    TRY(vcl_graph_add(&b->graph, &vcl_node_likelihood, "likelihood", &config, in, 2, &node, err));
    *ret_recon = node->out[0];
out:
    return r;
}

enum vcl_status vcl_build_mean(struct vcl_build *b, struct vcl_value *y,
                               struct vcl_value **ret_mean, struct vcl_error *err)
{
    return vcl_graph_activate(&b->graph, "mean", b->model->likelihood->mean, y, ret_mean, err);
}
