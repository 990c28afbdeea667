/* SPDX-License-Identifier: MIT */
#include "nn/optimiser.h"
#include "optimisers.rows.h"

static void configure(const struct vcl_optimiser_config *config, struct vcl_optimise *op)
{
    op->kernel = "sgd";
    op->a = (float)config->momentum;
}

const struct vcl_optimiser_def vcl_optimiser_sgd = {
    .name = "sgd",
    .help = "gradient descent with momentum",
    .states = 1,
    .configure = configure,
};
