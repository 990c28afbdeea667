/* SPDX-License-Identifier: MIT */
#include "nn/optimiser.h"
#include "optimisers.rows.h"

static const struct vcl_opt opts[] = {
    VCL_OPTIMISER_OPTS,
    VCL_OPTIMISER_OPT("momentum", momentum, 0, 0.999999, "share of the last step that is kept"),
    {0},
};

static const struct vcl_optimiser_config defaults = {.lr = 1e-3, .momentum = 0.9};

static void configure(const struct vcl_optimiser_config *config, struct vcl_optimise *op)
{
    op->kernel = "sgd";
    op->a = (float)config->momentum;
}

const struct vcl_optimiser_def vcl_optimiser_sgd = {
    .name = "sgd",
    .help = "gradient descent with momentum",
    .opts = opts,
    .config_size = sizeof(struct vcl_optimiser_config),
    .defaults = &defaults,
    .states = 1,
    .configure = configure,
};
