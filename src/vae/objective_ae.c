/* SPDX-License-Identifier: MIT
 *
 * The plain autoencoder: z is the encoder's output.
 */
#include "objectives.rows.h"
#include "vae/objective.h"

static enum vcl_status build(struct vcl_build *b, const void *config, struct vcl_error *err)
{
    struct vcl_value *x, *z, *y, *recon;
    enum vcl_status r;
    (void)config;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &z, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_graph_term(&b->graph, VCL_RECON(recon), err));
out:
    return r;
}

const struct vcl_objective_def vcl_objective_ae = {
    .name = "ae",
    .help = "reconstruction alone: a plain autoencoder",
    .head_size = 1,
    .build = build,
};
