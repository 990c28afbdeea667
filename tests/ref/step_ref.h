/* SPDX-License-Identifier: MIT
 *
 * Training in plain C floats, every sum in the order that docs/same-bits.md fixes: a device must
 * agree with it bit for bit. One example, one element, one sum at a time; nothing of it is shared
 * with the kernels but kernels/math.cl and kernels/random.cl, compiled for the host.
 */
#ifndef REF_STEP_REF_H
#define REF_STEP_REF_H

#include "ref/graph_ref.h"
#include "vae/model.h"

struct step_ref {
    struct vcl_model *model; /* which builds the graph */
    struct vcl_build build;
    struct ref_graph graph; /* each parameter starts at a multiple of 1024, as the norm needs it */
    const struct vcl_config *config;
    float *state[2]; /* the optimiser's, beside graph.trained */
    uint32_t steps, epoch;
};

/* `config` outlives it. For the same graph as a model of it on `ctx`. Parameters are drawn from the
 * seed. */
struct step_ref *step_ref_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                 struct vcl_shape shape);
void step_ref_destroy(struct step_ref **ref);

/* config->epochs epochs over the set; the last one's means of each term, in their order. */
void step_ref_train(struct step_ref *ref, const struct vcl_dataset *set,
                    double ret_terms[VCL_TERMS]);

#endif
