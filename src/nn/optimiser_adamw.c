/* SPDX-License-Identifier: MIT */
#include "nn/adam.h"
#include "optimisers.rows.h"

static void configure(const struct vcl_optimiser_config *config, struct vcl_optimise *op)
{
    vcl_adam_configure(config, op);
    op->kernel = "adamw";
}

const struct vcl_optimiser_def vcl_optimiser_adamw = {
    .name = "adamw",
    .help = "Adam with decoupled weight decay",
    .opts = vcl_adam_opts,
    .config_size = sizeof(struct vcl_optimiser_config),
    .defaults = &vcl_adam_defaults,
    .states = 2,
    .configure = configure,
    .correct = vcl_adam_correct,
};
