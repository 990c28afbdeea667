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
                                     const struct vcl_optimiser_def *def,
                                     const struct vcl_optimiser_config *config,
                                     struct vcl_params *params, struct vcl_buf *step,
                                     struct vcl_buf *health, struct vcl_error *err)
{
    enum vcl_status r = vcl_params_need_states(params, def->states, err);
    if (r < 0)
        return r;
    struct vcl_optimise op = {
        .clip = (float)config->clip,
        .decay = (float)config->weight_decay,
        .n = params->floats,
        .step = step,
        .health = health,
        .gradient = params->gradient,
        .value = params->value,
        /* A kernel that takes fewer is given what it does not touch. */
        .state0 = params->state[0] ? params->state[0] : params->gradient,
        .state1 = params->state[1] ? params->state[1] : params->gradient,
    };
    def->configure(config, &op);
    return vcl_op_optimise(emit, &op, err);
}
