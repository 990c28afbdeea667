/* SPDX-License-Identifier: MIT
 *
 * A VAE in plain C and double precision, forward and backward, written from the formulas and not
 * from the kernels: what device results are measured against. It behaves as in training.
 */
#ifndef REF_VAE_REF_H
#define REF_VAE_REF_H

#include "ref/conv_words.h"
#include "vaecl/data.h"
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

/* y = act(pre), where pre is what the layer makes of x. `at` is where its parameters begin among
 * the flat ones. The layers in a residual block's brackets come before it in the list. */
struct vae_ref_node {
    const struct vae_ref_layer *layer;
    const struct vae_ref_activation *activation;
    struct vcl_shape in_shape, shape;
    size_t in, units; /* values an example */
    size_t at, n_params;
    double number;        /* dropout: its probability */
    size_t size, stride;  /* windows of pixels, or the factor of upsampling */
    size_t features;      /* batchnorm */
    struct ref_conv conv; /* conv, deconv, conv1d */
    size_t from;          /* residual: its first inner node */
    uint32_t stream;      /* dropout: of random numbers */
    const double *x;      /* (rows, in), given by the node before */
    double *dx;           /* likewise, or NULL */
    double *pre, *y, *dy; /* (rows, units); dy becomes that of pre */
};

struct vae_ref;

/* A kind of layer, by its word. */
struct vae_ref_layer {
    const char *name;
    /* Fills shape, n_params and what it needs from the words after its own; false if they are
     * wrong. */
    bool (*read)(struct vae_ref_node *node, const char *words);
    void (*forward)(const struct vae_ref *ref, struct vae_ref_node *node); /* x -> pre */
    /* dy -> dx, if wanted, which is zero before, and the parameters' gradients. */
    void (*backward)(struct vae_ref *ref, const struct vae_ref_node *node);
};
const struct vae_ref_layer *vae_ref_layer(const char *name); /* or NULL */

struct vae_ref {
    size_t rows, data, latent; /* B, D, Z */
    bool stochastic;
    double sigma, beta, free_bits;
    uint32_t step, streams; /* dropout's masks: of the step, with seed 0 and the row as example */
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
struct vae_ref *vae_ref_create(const struct vcl_config *config, struct vcl_shape shape,
                               size_t rows);
void vae_ref_destroy(struct vae_ref **ref);

/* Fills recon, kl and what lies between; returns what is minimised: mean(recon) + beta times the
 * sum over latents of max(free bits, mean KL). */
double vae_ref_forward(struct vae_ref *ref);
/* After forward: fills `gradient`, that of what forward returned. */
void vae_ref_backward(struct vae_ref *ref);

#endif
