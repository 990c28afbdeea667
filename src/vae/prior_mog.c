/* SPDX-License-Identifier: MIT
 *
 * A mixture of Gaussians with means and variances of their own, of equal weights: the prior that
 * Tomczak and Welling (2018) call MoG.
 */
#include <stdio.h>

#include "priors.rows.h"
#include "vae/model.h"

struct mog {
    int64_t components;
};

static const struct vcl_opt opts[] = {
    {"components", VCL_OPT_INT, offsetof(struct mog, components), 1, 10000, .arg = "K",
     .help = "Gaussians"},
    {0},
};

static const struct mog defaults = {.components = 10};

static enum vcl_status components(struct vcl_build *b, const void *config,
                                  struct vcl_value **ret_heads, struct vcl_error *err)
{
    const struct mog *mog = config;
    const uint32_t size = 2 * b->model->latent;
    struct vcl_param heads = vcl_param_matrix((uint32_t)mog->components, size, 1);
    snprintf(heads.name, sizeof heads.name, "prior.components");
    return vcl_graph_parameter(&b->graph, heads, (struct vcl_shape){1, size, 1}, ret_heads, err);
}

const struct vcl_prior_def vcl_prior_mog = {
    .name = "mog",
    .help = "a mixture of K Gaussians, learned: mog K",
    .opts = opts,
    .config_size = sizeof(struct mog),
    .defaults = &defaults,
    .components = components,
};
