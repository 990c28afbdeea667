/* SPDX-License-Identifier: MIT */
#include "vae/objective.h"

#include "objectives.rows.h"

const struct vcl_objective_def *const vcl_objective_defs[] = {
#define X(name) &vcl_objective_##name,
    OBJECTIVES(X)
#undef X
        NULL,
};
