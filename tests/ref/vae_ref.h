/* SPDX-License-Identifier: MIT
 *
 * A dense VAE in plain C and double precision, forward and backward, written from the formulas and
 * not from the kernels: what device results are measured against.
 */
#ifndef REF_VAE_REF_H
#define REF_VAE_REF_H

#include "vaecl/model.h"

enum { VAE_REF_NODES = 24 };

/* act(x) and its derivative; NULL if the reference does not know the activation. */
struct vae_ref_activation {
    const char *name;
    double (*value)(double x), (*slope)(double x);
};
const struct vae_ref_activation *vae_ref_activation(const char *name);

/* -log p(x|y) of an element, or what stands for it, and its derivative by y. */
struct vae_ref_likelihood {
    const char *name;
    double (*loss)(double x, double y, double sigma), (*slope)(double x, double y, double sigma);
};
const struct vae_ref_likelihood *vae_ref_likelihood(const char *name);

/* y = act(in weight + bias); `at` is where its weight (in, units) and then its bias (units) begin
 * in the flat parameters. */
struct vae_ref_node {
    size_t in, units, at;
    const struct vae_ref_activation *activation;
    double *pre, *y, *dy; /* (rows, units) */
};

struct vae_ref {
    size_t rows, data, latent; /* B, D, Z */
    bool stochastic;
    double sigma, beta, free_bits;
    const struct vae_ref_likelihood *likelihood;
    struct vae_ref_node nodes[VAE_REF_NODES]; /* encoder with the latent's head, then decoder */
    size_t encoder_count, count;
    size_t n_params;
    double *params, *gradient;    /* flat, in the order of our files */
    double *x, *eps;              /* (B, D), (B, Z): the caller fills them */
    double *z, *dz, *kl_elements; /* (B, Z) */
    double *recon, *kl;           /* (B) */
};

/* Sized by `config`; NULL if it asks for what the reference does not know. */
struct vae_ref *vae_ref_create(const struct vcl_config *config, size_t data, size_t rows);
void vae_ref_destroy(struct vae_ref **ref);

/* Fills recon, kl and what lies between; returns what is minimised: mean(recon) + beta times the
 * sum over latents of max(free bits, mean KL). */
double vae_ref_forward(struct vae_ref *ref);
/* After forward: fills `gradient`, that of what forward returned. */
void vae_ref_backward(struct vae_ref *ref);

#endif
