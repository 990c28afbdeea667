/* SPDX-License-Identifier: MIT
 *
 * The evidence lower bound of Kingma and Welling (2014), with a weight on the KL (Higgins et al.
 * 2017), its warm-up and free bits.
 */
#include "objectives.rows.h"
#include "vae/objective.h"

struct elbo {
    double beta, warmup, free_bits;
};

static const struct vcl_opt opts[] = {
    {"beta", VCL_OPT_FLOAT, offsetof(struct elbo, beta), 0, 1e9, .arg = "F",
     .help = "weight of the KL term"},
    {"warmup", VCL_OPT_FLOAT, offsetof(struct elbo, warmup), 0, 1e9, .arg = "EPOCHS",
     .help = "beta rises from 0 over so many epochs"},
    {"free-bits", VCL_OPT_FLOAT, offsetof(struct elbo, free_bits), 0, 1e9, .arg = "NATS",
     .help = "KL a latent dimension may use without penalty"},
    {0},
};

static const struct elbo defaults = {.beta = 1};

static enum vcl_status build(struct vcl_build *b, const void *config, struct vcl_error *err)
{
    const struct elbo *o = config;
    struct vcl_value *x, *q, *z, *kl, *y, *recon;
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    TRY(vcl_build_draw(b, q, o->free_bits, &z, &kl, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_graph_term(&b->graph, VCL_RECON(recon), err));
    TRY(vcl_graph_term(&b->graph, VCL_KL(kl), err));
    b->beta = o->beta;
    b->warmup = o->warmup;
out:
    return r;
}

const struct vcl_objective_def vcl_objective_elbo = {
    .name = "elbo",
    .help = "the evidence lower bound: a VAE, with beta, warmup and free-bits",
    .opts = opts,
    .config_size = sizeof(struct elbo),
    .defaults = &defaults,
    .stochastic = true,
    .head_size = 2,
    .build = build,
};
