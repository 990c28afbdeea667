/* SPDX-License-Identifier: MIT
 *
 * The importance-weighted bound with the doubly reparameterised gradient of Tucker, Lawson, Gu and
 * Maddison (2019), eq. 8: the encoder's gradient comes through the samples alone, and a sample with
 * the share s in the mean counts s^2 there. Its variance does not grow with k, as that of iwae
 * does.
 */
#include "objectives.rows.h"
#include "vae/objective.h"

struct dreg {
    int64_t k;
};

static const struct vcl_opt opts[] = {
    {"k", VCL_OPT_INT, offsetof(struct dreg, k), 1, 1000, .arg = "N", .help = "samples an example"},
    {0},
};

static const struct dreg defaults = {.k = 5};

static enum vcl_status build(struct vcl_build *b, const void *config, struct vcl_error *err)
{
    const struct dreg *o = config;
    struct vcl_value *x, *q, *z, *constant_q, *log_q, *y, *recon, *log_p, *log_w, *bound;
    struct vcl_value **share;
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    TRY(vcl_build_draws(b, q, (uint32_t)o->k, &z, &log_q, err));
    TRY(vcl_graph_scaled_gradient(&b->graph, z, &share, &z, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_build_log_prior(b, z, &log_p, err));
    TRY(vcl_graph_stop(&b->graph, q, &constant_q, err));
    TRY(vcl_build_log_posterior(b, constant_q, z, &log_q, err));
    TRY(vcl_build_log_weight(b, recon, log_p, log_q, &log_w, err));
    TRY(vcl_build_log_mean_exp(b, log_w, &bound, share, err));
    TRY(vcl_graph_term(&b->graph, VCL_BOUND(bound), err));
out:
    return r;
}

const struct vcl_objective_def vcl_objective_dreg = {
    .name = "dreg",
    .help = "iwae's bound with the doubly reparameterised gradient, of k=N samples",
    .opts = opts,
    .config_size = sizeof(struct dreg),
    .defaults = &defaults,
    .stochastic = true,
    .head_size = 2,
    .build = build,
};
