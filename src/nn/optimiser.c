/* SPDX-License-Identifier: MIT */
#include "nn/optimiser.h"

#include "optimisers.rows.h"

const struct vcl_optimiser_def *const vcl_optimiser_defs[] = {
#define X(name) &vcl_optimiser_##name,
    OPTIMISERS(X)
#undef X
        NULL,
};

enum vcl_status vcl_optimiser_update(const struct vcl_emit *emit,
                                     const struct vcl_optimiser *optimiser,
                                     struct vcl_params *params, uint32_t group,
                                     struct vcl_buf *step, struct vcl_buf *health,
                                     struct vcl_error *err)
{
    const struct vcl_optimiser_config *config = optimiser->config;
    const struct vcl_param_group *of = &params->groups[group];
    enum vcl_status r = vcl_params_need_states(params, optimiser->def->states, err);
    if (r < 0 || !of->floats)
        return r;
    struct vcl_optimise op = {
        .clip = (float)config->clip,
        .decay = (float)config->weight_decay,
        .first = of->first,
        .n = of->floats,
        .step = step,
        .health = health,
        .gradient = of->gradient,
        .value = of->value,
        /* A kernel that takes fewer is given what it does not touch. */
        .state0 = of->state[0] ? of->state[0] : of->gradient,
        .state1 = of->state[1] ? of->state[1] : of->gradient,
    };
    optimiser->def->configure(config, &op);
    return vcl_op_optimise(emit, &op, err);
}
