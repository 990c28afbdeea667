/* SPDX-License-Identifier: MIT
 *
 * Optimisers: constants and a kernel of kernels/optimiser.cl over the flat parameter buffer.
 * To add one: its kernel, src/nn/optimiser_x.c with its row, and the word in src/nn/meson.build.
 */
#ifndef VCL_NN_OPTIMISER_H
#define VCL_NN_OPTIMISER_H

#include "base/definition.h"
#include "nn/params.h"
#include "ops/ops.h"

/* The configuration of each optimiser, which reads what it needs. */
struct vcl_optimiser_config {
    double lr;
    double momentum;          /* SGD */
    double beta1, beta2, eps; /* Adam */
    double weight_decay;
    double clip; /* largest norm of the whole gradient; 0 for none */
};

#define VCL_OPTIMISER_OPT(key, field, min, max, help)                                              \
    {                                                                                              \
        key, VCL_OPT_FLOAT, offsetof(struct vcl_optimiser_config, field), min, max, NULL, "F",     \
            help                                                                                   \
    }
/* Rows that all of them have. */
#define VCL_OPTIMISER_OPTS                                                                         \
    VCL_OPTIMISER_OPT("lr", lr, 1e-12, 1e9, "learning rate"),                                      \
        VCL_OPTIMISER_OPT("weight-decay", weight_decay, 0, 1e9, "as a share of the weights"),      \
        VCL_OPTIMISER_OPT("clip", clip, 0, 1e9, "largest norm of the gradient; 0: any")

struct vcl_optimiser_def {
    VCL_DEFINITION;
    int states; /* flat state buffers used */
    /* Names the kernel and fills the constants. */
    void (*configure)(const struct vcl_optimiser_config *config, struct vcl_optimise *op);
    /* The factors that depend on the step t = 1, 2 ...; NULL if none do. */
    void (*correct)(const struct vcl_optimiser_config *config, uint64_t t, struct vcl_step *step);
};

extern const struct vcl_optimiser_def *const vcl_optimiser_defs[]; /* a table of base/row.h */

/* One that is chosen, with its options. */
struct vcl_optimiser {
    const struct vcl_optimiser_def *def;
    const struct vcl_optimiser_config *config;
};

/* Enqueues one update of all parameters of a group; `step` has its learning rate. */
enum vcl_status vcl_optimiser_update(const struct vcl_emit *emit,
                                     const struct vcl_optimiser *optimiser,
                                     struct vcl_params *params, uint32_t group,
                                     struct vcl_buf *step, struct vcl_buf *health,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
