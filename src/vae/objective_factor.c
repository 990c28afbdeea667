/* SPDX-License-Identifier: MIT
 *
 * FactorVAE (Kim and Mnih 2018): the ELBO and gamma times the total correlation of q(z), which a
 * discriminator estimates (eq. 3). It tells codes from codes whose dimensions are permuted over the
 * batch; both are learned at once, each with its own optimiser. Unlike in algorithm 2, the codes
 * that are permuted are those of the same batch.
 */
#include <stdio.h>

#include "base/c_locale.h"
#include "nn/layer.h"
#include "nn/node_activation.h"
#include "objectives.rows.h"
#include "vae/objective.h"

struct factor {
    double gamma;
    int64_t units, layers;
    double lr;
};

static const struct vcl_opt opts[] = {
    {"gamma", VCL_OPT_FLOAT, offsetof(struct factor, gamma), 0, 1e9, .arg = "F",
     .help = "weight of the total correlation"},
    {"units", VCL_OPT_INT, offsetof(struct factor, units), 1, 1 << 16, .arg = "N",
     .help = "of each of the discriminator's layers"},
    {"layers", VCL_OPT_INT, offsetof(struct factor, layers), 1, 20, .arg = "N",
     .help = "of the discriminator, before its output"},
    {"lr", VCL_OPT_FLOAT, offsetof(struct factor, lr), 1e-12, 1e9, .arg = "F",
     .help = "learning rate of the discriminator"},
    {0},
};

static const struct factor defaults = {.gamma = 10, .units = 1000, .layers = 5, .lr = 1e-4};

/* The logit of z being a code, (rows of z). */
static enum vcl_status discriminate(struct vcl_build *b, const struct factor *o,
                                    struct vcl_value *z, struct vcl_value **ret_logit,
                                    struct vcl_error *err)
{
    char name[32], layer[48];
    enum vcl_status r = VCL_OK;
    for (int i = 0; i < o->layers; i++) {
        snprintf(name, sizeof name, "discriminator.%d", i);
        snprintf(layer, sizeof layer, "dense %u leaky_relu", (unsigned)o->units);
        TRY(vcl_net_layer(&b->graph, name, layer, z, &z, err));
    }
    TRY(vcl_net_layer(&b->graph, "discriminator.logit", "dense 1", z, ret_logit, err));
out:
    return r;
}

/* What the discriminator minimises: half the cross-entropy of either kind. */
static enum vcl_status learn_to_discriminate(struct vcl_build *b, const struct factor *o,
                                             struct vcl_value *z, struct vcl_value **ret_loss,
                                             struct vcl_error *err)
{
    const float half[] = {0.5f, 0.5f}, minus[] = {-1};
    struct vcl_value *code, *permuted, *loss[2];
    enum vcl_status r;
    TRY(vcl_graph_stop(&b->graph, z, &code, err));
    TRY(vcl_graph_permuted(&b->graph, z, &permuted, err));
    TRY(discriminate(b, o, code, &code, err));
    TRY(discriminate(b, o, permuted, &permuted, err));
    TRY(vcl_graph_sum(&b->graph, "minus the logit", 1, &code, minus, &code, err));
    TRY(vcl_graph_activate(&b->graph, "of codes", "softplus", code, &loss[0], err));
    TRY(vcl_graph_activate(&b->graph, "of permuted codes", "softplus", permuted, &loss[1], err));
    TRY(vcl_graph_sum(&b->graph, "the discriminator's loss", 2, loss, half, ret_loss, err));
out:
    return r;
}

static enum vcl_status build(struct vcl_build *b, const void *config, struct vcl_error *err)
{
    const struct factor *o = config;
    struct vcl_value *x, *q, *z, *kl, *y, *recon, *tc, *loss;
    char optimiser[80];
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    TRY(vcl_build_draw(b, q, 0, &z, &kl, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    vcl_format(optimiser, sizeof optimiser, "adam lr=%.17g beta1=0.5 beta2=0.9", o->lr);
    TRY(vcl_build_second_group(b, optimiser, err));
    b->graph.is_freezing = true;
    TRY(discriminate(b, o, z, &tc, err));
    b->graph.is_freezing = false;
    TRY(learn_to_discriminate(b, o, z, &loss, err));
    TRY(vcl_graph_term(&b->graph, VCL_RECON(recon), err));
    TRY(vcl_graph_term(&b->graph, VCL_KL(kl), err));
    TRY(vcl_graph_term(&b->graph, (struct vcl_term){"tc", tc, (float)o->gamma}, err));
    TRY(vcl_graph_term(&b->graph, (struct vcl_term){"discriminator", loss, 1}, err));
out:
    return r;
}

const struct vcl_objective_def vcl_objective_factor = {
    .name = "factor",
    .help = "FactorVAE: the ELBO and gamma=F times the total correlation of the codes",
    .opts = opts,
    .config_size = sizeof(struct factor),
    .defaults = &defaults,
    .stochastic = true,
    .head_size = 2,
    .build = build,
};
