/* SPDX-License-Identifier: MIT
 *
 * Training in plain C floats, every sum in the order that docs/same-bits.md fixes: a device must
 * agree with it bit for bit. One example, one element, one sum at a time; nothing of it is shared
 * with the kernels but kernels/math.cl and kernels/random.cl, compiled for the host.
 */
#ifndef REF_STEP_REF_H
#define REF_STEP_REF_H

#include "ref/conv_words.h"
#include "vaecl/data.h"
#include "vaecl/model.h"

enum { STEP_REF_NODES = 24, STEP_REF_TENSORS = 4 };

/* A parameter, where it begins in `value` and `gradient`; or state, where it begins in `kept`. */
struct step_ref_tensor {
    uint32_t at, count;
    float initial, bound; /* drawn uniformly around `initial` */
    bool is_state;
};

/* y = act(pre), where pre is what the layer makes of x. The layers in a residual block's brackets
 * come before it in the list. */
struct step_ref_node {
    const struct step_ref_layer *layer;
    const struct step_ref_activation *activation;
    struct vcl_shape in_shape, shape;
    uint32_t in, units; /* values an example */
    struct step_ref_tensor tensors[STEP_REF_TENSORS];
    uint32_t n_tensors;
    float number;          /* dropout: its probability */
    uint32_t stream;       /* dropout: of random numbers */
    uint32_t size, stride; /* windows of pixels, or the factor of upsampling */
    uint32_t features;     /* batchnorm */
    struct ref_conv conv;  /* conv, deconv, conv1d */
    uint32_t from;         /* residual: its first inner node */
    const float *x;        /* (batch, in), given by the node before */
    float *dx;             /* likewise, or NULL */
    float *pre, *y, *dy;   /* (batch, units); dy becomes that of pre */
};

struct step_ref;

/* A kind of layer, by its word. */
struct step_ref_layer {
    const char *name;
    /* Fills shape, tensors and what it needs from the words after its own; false if they are wrong.
     */
    bool (*read)(struct step_ref_node *node, const char *words);
    void (*forward)(struct step_ref *ref, struct step_ref_node *node);
    /* Writes dx, if wanted, and the parameters' gradients. */
    void (*backward)(struct step_ref *ref, const struct step_ref_node *node);
};
const struct step_ref_layer *step_ref_layer(const char *name); /* or NULL */

struct step_ref {
    const struct vcl_config *config;
    uint32_t data, latent; /* D, Z */
    bool stochastic;
    struct step_ref_node nodes[STEP_REF_NODES];
    size_t encoder_count, count;
    uint32_t floats; /* of a flat buffer; each tensor starts at a multiple of 1024 */
    uint32_t states; /* floats of `kept` */
    uint32_t streams;
    float *value, *gradient, *state[2], *kept;
    float *x, *z, *dz, *spread, *kl_elements, *mask; /* (batch, D), (batch, Z) four times, (Z) */
    float *recon, *kl;                               /* (batch) */
    /* of the running step */
    const uint32_t *ids; /* the examples' numbers */
    uint32_t rows, step, epoch;
    float kl_weight;
};

/* `config` outlives it. Parameters are drawn from the seed. */
struct step_ref *step_ref_create(const struct vcl_config *config, struct vcl_shape shape);
void step_ref_destroy(struct step_ref **ref);

/* config->epochs epochs over the set; the last one's means of recon and kl. */
void step_ref_train(struct step_ref *ref, const struct vcl_dataset *set, double *ret_recon,
                    double *ret_kl);

#endif
