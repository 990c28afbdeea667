/* SPDX-License-Identifier: MIT
 *
 * The inside of a model: two chains (encoder with the latent's head, decoder with the output layer)
 * around a latent, a likelihood and an objective. The functions here enqueue (or record) one stage
 * each; objectives, training and use are made of them.
 */
#ifndef VCL_VAE_MODEL_H
#define VCL_VAE_MODEL_H

#include "base/philox.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "vae/config.h"
#include "vae/likelihood.h"
#include "vae/objective.h"
#include "vaecl/model.h"

/* Draws of z use this stream plus the sample's number. */
enum { VCL_STREAM_LATENT = 1 << 16 };

struct vcl_model {
    struct vcl_ctx *ctx;
    const struct vcl_emit *emit; /* what the functions below make launches for */
    struct vcl_emit at_once;
    struct vcl_config *config; /* a copy */
    const struct vcl_likelihood_def *likelihood;
    const struct vcl_objective_def *objective;
    struct vcl_shape shape;
    uint32_t data_size, latent; /* D, Z */
    uint32_t batch;             /* most rows at once */
    bool trainable;
    uint64_t steps; /* of training, so far */

    struct vcl_params params;
    struct vcl_chain encoder, decoder;

    /* What the host sends before a step, in one write: step, ids (batch), raw rows. */
    struct vcl_upload *upload;
    struct vcl_buf *input, *step, *ids, *raw;
    size_t ids_offset, raw_offset;

    struct vcl_buf *x;      /* (batch, D) */
    struct vcl_buf *z, *dz; /* (batch, Z), the decoder's input; the encoder's output for `ae` */
    struct vcl_buf *own_z, *own_dz;
    struct vcl_buf *spread;      /* (batch, Z) sigma * eps */
    struct vcl_buf *kl, *recon;  /* (batch) */
    struct vcl_buf *kl_elements; /* (batch, Z), with free bits */
    struct vcl_buf *mask;        /* (Z), with free bits */
    struct vcl_buf *eps;         /* (batch, Z): noise given from outside (tests); NULL: drawn */
};

/* `rows` of the set, by their indices, and the step's values, to the device. */
enum vcl_status vcl_model_send(struct vcl_model *model, const struct vcl_step *step,
                               const struct vcl_dataset *set, const uint32_t *indices,
                               uint32_t rows, struct vcl_error *err) VCL_MUST_CHECK;
/* The step's values alone. */
enum vcl_status vcl_model_send_step(struct vcl_model *model, const struct vcl_step *step,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* raw -> x */
enum vcl_status vcl_model_unpack(struct vcl_model *model, uint32_t rows, enum vcl_dtype dtype,
                                 enum vcl_binarise binarise, struct vcl_error *err) VCL_MUST_CHECK;
/* x -> heads -> z (rows * repeat) and kl. Here and in vcl_model_decode layers behave as in use, not
 * as in training. */
enum vcl_status vcl_model_encode(struct vcl_model *model, uint32_t rows,
                                 struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_model_draw(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                               uint32_t first_sample, struct vcl_error *err) VCL_MUST_CHECK;
/* z -> y */
enum vcl_status vcl_model_decode(struct vcl_model *model, uint32_t rows,
                                 struct vcl_error *err) VCL_MUST_CHECK;
/* x, y -> recon (rows), and the gradient of y if wanted */
enum vcl_status vcl_model_score(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                                bool gradient, struct vcl_error *err) VCL_MUST_CHECK;
/* y -> E[x|z], in place */
enum vcl_status vcl_model_mean(struct vcl_model *model, uint32_t rows,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* The stages up to recon and kl; in training also the gradient of y. */
enum vcl_status vcl_model_forward(struct vcl_model *model, uint32_t rows, bool training,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* From the gradient of y to those of all parameters. */
enum vcl_status vcl_model_backward(struct vcl_model *model, uint32_t rows,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* The matrix products of a training step: one block that the caller frees. */
enum vcl_status vcl_model_products(struct vcl_model *model, uint32_t rows,
                                   struct vcl_gemm **ret_products, size_t *ret_count,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* The latent's operands for `rows` examples with `repeat` samples each. */
struct vcl_latent vcl_model_latent(const struct vcl_model *model, uint32_t rows, uint32_t repeat,
                                   uint32_t first_sample);

struct vcl_buf *vcl_model_heads(const struct vcl_model *model); /* (batch, Z or 2Z) */
struct vcl_buf *vcl_model_y(const struct vcl_model *model);     /* (batch, D) */

enum vcl_status vcl_binarise_find(const char *name, enum vcl_binarise *ret_binarise,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* Checks the likelihood's range and NaN of a set that a configuration is to be trained on. */
enum vcl_status vcl_check_range(const struct vcl_likelihood_def *likelihood,
                                const struct vcl_dataset *set,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Weights that come from elsewhere. `check` sees which parameters the model will have, before
 * memory is made for them: a description may ask for more than its file holds. */
struct vcl_weights {
    enum vcl_status (*check)(const struct vcl_weights *weights, const struct vcl_params *params,
                             struct vcl_error *err);
    const void *user;
};

/* vcl_model_create; with `weights` not NULL, none are drawn. */
enum vcl_status vcl_model_create_for(struct vcl_ctx *ctx, const struct vcl_config *config,
                                     struct vcl_shape shape, uint32_t batch, bool trainable,
                                     const struct vcl_weights *weights,
                                     struct vcl_model **ret_model,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
