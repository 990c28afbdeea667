/* SPDX-License-Identifier: MIT
 *
 * Training in plain C floats, every sum in the order that docs/same-bits.md fixes: a device must
 * agree with it bit for bit. One example, one element, one sum at a time; nothing of it is shared
 * with the kernels but kernels/math.cl and kernels/random.cl, compiled for the host.
 */
#ifndef REF_STEP_REF_H
#define REF_STEP_REF_H

#include "vaecl/model.h"

enum { STEP_REF_NODES = 12 };

struct step_ref_node {
    uint32_t in, units;
    const struct step_ref_activation *activation;
    uint32_t weight, bias; /* where they begin in the flat parameters: (in, units), (units) */
    float *pre, *y, *dy;   /* (batch, units) */
};

struct step_ref {
    const struct vcl_config *config;
    uint32_t data, latent; /* D, Z */
    bool stochastic;
    struct step_ref_node nodes[STEP_REF_NODES];
    size_t encoder_count, count;
    uint32_t floats; /* of a flat buffer; each tensor starts at a multiple of 1024 */
    float *value, *gradient, *state[2];
    float *x, *z, *dz, *spread, *kl_elements, *mask; /* (batch, D), (batch, Z) four times, (Z) */
    float *recon, *kl;                               /* (batch) */
    /* of the running step */
    uint32_t rows, step, epoch;
    float kl_weight;
};

/* `config` outlives it. Parameters are drawn from the seed. */
struct step_ref *step_ref_create(const struct vcl_config *config, uint32_t data);
void step_ref_destroy(struct step_ref **ref);

/* config->epochs epochs over the set; the last one's means of recon and kl. */
void step_ref_train(struct step_ref *ref, const struct vcl_dataset *set, double *ret_recon,
                    double *ret_kl);

#endif
