/* SPDX-License-Identifier: MIT
 *
 * The importance-weighted bound of Burda, Grosse and Salakhutdinov (2016), eq. 8: log of the mean
 * of k importance weights; k = 1 is the ELBO, with a KL of samples.
 */
#include "objectives.rows.h"
#include "vae/objective.h"

struct iwae {
    int64_t k;
};

static const struct vcl_opt opts[] = {
    {"k", VCL_OPT_INT, offsetof(struct iwae, k), 1, 1000, .arg = "N", .help = "samples an example"},
    {0},
};

static const struct iwae defaults = {.k = 5};

static enum vcl_status build(struct vcl_build *b, const void *config, struct vcl_error *err)
{
    const struct iwae *o = config;
    struct vcl_value *x, *q, *z, *log_q, *y, *recon, *log_p, *log_w, *bound, *share;
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    TRY(vcl_build_draws(b, q, (uint32_t)o->k, &z, &log_q, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_build_log_prior(b, z, &log_p, err));
    TRY(vcl_build_log_weight(b, recon, log_p, log_q, &log_w, err));
    TRY(vcl_build_log_mean_exp(b, log_w, &bound, &share, err));
    TRY(vcl_graph_term(&b->graph, VCL_BOUND(bound), err));
out:
    return r;
}

const struct vcl_objective_def vcl_objective_iwae = {
    .name = "iwae",
    .help = "the importance-weighted bound of k=N samples",
    .opts = opts,
    .config_size = sizeof(struct iwae),
    .defaults = &defaults,
    .stochastic = true,
    .head_size = 2,
    .build = build,
};
