/* SPDX-License-Identifier: MIT
 *
 * The evidence lower bound of Kingma and Welling (2014), with a weight on the KL (Higgins et al.
 * 2017), its warm-up and free bits.
 */
#include "objectives.rows.h"
#include "vae/objective.h"

static enum vcl_status build(struct vcl_build *b, struct vcl_error *err)
{
    struct vcl_value *x, *q, *z, *kl, *y, *recon;
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    TRY(vcl_build_draw(b, q, &z, &kl, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_graph_term(&b->graph, "recon", recon, 1, err));
    TRY(vcl_graph_term(&b->graph, "kl", kl, 1, err)); /* times the step's kl_weight */
out:
    return r;
}

const struct vcl_objective_def vcl_objective_elbo = {
    .name = "elbo",
    .help = "the evidence lower bound: a VAE, with beta, warm-up and free bits",
    .stochastic = true,
    .head_size = 2,
    .build = build,
};
