/* SPDX-License-Identifier: MIT
 *
 * A VAE in plain C and double precision, forward and backward, written from the formulas and not
 * from the kernels: what device results are measured against. It behaves as in training.
 */
#ifndef REF_VAE_REF_H
#define REF_VAE_REF_H

#include "ref/graph_ref.h"
#include "vae/model.h"

struct vae_ref {
    struct vcl_model *model; /* which builds the graph */
    struct vcl_build build;
    struct ref_graph graph;
    size_t rows, data, latent; /* B, D, Z */
    size_t n_eps;              /* B samples Z */
    bool stochastic;
    double beta;
    uint32_t step; /* dropout's masks: of the step, with seed 0 and the row as example */
    size_t n_params;
    double *params, *gradient; /* flat, in the order of our files */
    double *x, *eps;           /* (B, D), (B samples, Z): the caller fills them */
    double *q, *z, *y;         /* the encoder's output, (B samples, Z), and the decoder's output */
    double *recon, *kl;        /* (B), 0 if the objective has no such term */
    double *no_term;           /* those zeros */
};

/* Sized by `config`, for the same graph as a model of it on `ctx`. Fails the test if it asks for
 * what the reference does not know. */
struct vae_ref *vae_ref_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                               struct vcl_shape shape, size_t rows);
/* Of another graph over the same parameters, which `build` builds; of draws, rows of eps are those
 * of z. */
struct vae_ref *vae_ref_create_for(struct vcl_ctx *ctx, const struct vcl_config *config,
                                   struct vcl_shape shape, size_t rows,
                                   enum vcl_status (*build)(struct vcl_build *b,
                                                            struct vcl_error *err));
void vae_ref_destroy(struct vae_ref **ref);

/* Fills recon, kl and what lies between; returns what is minimised: the sum over terms of weight
 * times mean, where that of the KL is beta times the sum over latents of max(free bits, mean KL).
 */
double vae_ref_forward(struct vae_ref *ref);
/* After forward: fills `gradient`, that of what forward returned. */
void vae_ref_backward(struct vae_ref *ref);

#endif
