/* SPDX-License-Identifier: MIT
 *
 * The inside of a model: its parameters, a likelihood, an objective, and the graphs over them. That
 * of the objective is trained and evaluated; the others, for using the model, are built at their
 * first use.
 */
#ifndef VCL_VAE_MODEL_H
#define VCL_VAE_MODEL_H

#include "base/philox.h"
#include "nn/layer.h"
#include "ops/ops.h"
#include "vae/condition.h"
#include "vae/config.h"
#include "vae/likelihood.h"
#include "vae/objective.h"
#include "vae/prior.h"
#include "vaecl/train.h"

/* Draws of z use this stream plus the sample's number. */
enum { VCL_STREAM_LATENT = 1 << 16 };

struct vcl_model {
    struct vcl_ctx *ctx;
    struct vcl_config *config; /* a copy */
    struct vcl_arena arena;    /* what they are configured with */
    const struct vcl_likelihood_def *likelihood;
    const struct vcl_objective_def *objective;
    const struct vcl_prior_def *prior;
    const struct vcl_condition_def *condition;
    void *likelihood_config, *objective_config, *prior_config, *condition_config;
    struct vcl_shape shape;
    uint32_t data_size, latent; /* D, Z */
    uint32_t batch;             /* most rows at once */
    bool trainable;
    uint64_t steps; /* of training, so far */

    struct vcl_params params;
    struct vcl_build objective_graph;
    struct vcl_build *encode, *decode, *elbo, *components; /* NULL until they are used */

    /* What the host sends before a step, in one write: step, ids (batch), with a condition labels
     * (batch), raw rows. */
    struct vcl_upload *upload;
    struct vcl_buf *input, *step, *second_step, *ids, *raw; /* second_step: of the second group */
    struct vcl_buf *labels;                                 /* int32; NULL without a condition */
    struct vcl_step second; /* the second group's step, sent with the step */
    size_t second_offset, ids_offset, labels_offset, raw_offset;

    struct vcl_buf *x;   /* (batch, D) */
    struct vcl_buf *eps; /* (batch, Z): noise given from outside (tests); NULL: drawn */
};

/* `rows` of the set, which the model accepts, by their indices, and the step's values, to the
 * device. */
enum vcl_status vcl_model_send(struct vcl_model *model, const struct vcl_step *step,
                               const struct vcl_dataset *set, const uint32_t *indices,
                               uint32_t rows, struct vcl_error *err) VCL_MUST_CHECK;
/* The step's values alone. */
enum vcl_status vcl_model_send_step(struct vcl_model *model, const struct vcl_step *step,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* raw -> x */
enum vcl_status vcl_model_unpack(struct vcl_model *model, const struct vcl_emit *emit,
                                 uint32_t rows, enum vcl_dtype dtype, enum vcl_binarise binarise,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* ---- model_graph.c ---- */

/* Builds the objective's graph, which declares all parameters. */
enum vcl_status vcl_model_build(struct vcl_model *model, struct vcl_build *b,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* x -> q and z, which are kept. */
enum vcl_status vcl_model_encoder(struct vcl_model *model, struct vcl_build **ret_graph,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* z -> E[x|z]; z is given, and y is the mean, which is kept. */
enum vcl_status vcl_model_decoder(struct vcl_model *model, struct vcl_build **ret_graph,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* The prior's components, kept as `z`: K rows mu | log sigma^2. NULL if it is N(0, I). */
enum vcl_status vcl_model_components(struct vcl_model *model, struct vcl_build **ret_graph,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* x -> q, which is kept, and the terms "recon" and, but for an autoencoder, "kl". */
enum vcl_status vcl_model_elbo(struct vcl_model *model, struct vcl_build **ret_graph,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* x and q, in buffers of the caller, -> for `samples` draws an example the log of each one's
 * importance weight as the term "log weights" (rows * samples). The caller destroys it. */
enum vcl_status vcl_model_weigher(struct vcl_model *model, struct vcl_buf *q, uint32_t rows,
                                  uint32_t samples, struct vcl_build **ret_graph,
                                  struct vcl_error *err) VCL_MUST_CHECK;
void vcl_build_destroy(struct vcl_build **b);

/* One pass over `rows` examples; in training, layers behave as in training, and what is needed for
 * going back is kept. */
enum vcl_status vcl_build_run(struct vcl_build *b, const struct vcl_emit *emit, uint32_t rows,
                              bool training, struct vcl_error *err) VCL_MUST_CHECK;

/* Forward over the objective's graph, whose memory is made at the first call. */
enum vcl_status vcl_model_forward(struct vcl_model *model, const struct vcl_emit *emit,
                                  uint32_t rows, bool training,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* And back, to the gradients of all parameters. */
enum vcl_status vcl_model_backward(struct vcl_model *model, const struct vcl_emit *emit,
                                   uint32_t rows, struct vcl_error *err) VCL_MUST_CHECK;

/* The value (rows, 1) of a graph's term of that name; NULL if it has none. */
struct vcl_buf *vcl_build_term(const struct vcl_build *b, const char *name);
/* Means over `count` examples, from the sums of a graph's terms. */
struct vcl_losses vcl_build_losses(const struct vcl_build *b, const double *sums, double count);

/* The matrix products of a training step: one block that the caller frees. */
enum vcl_status vcl_model_products(struct vcl_model *model, uint32_t rows,
                                   struct vcl_gemm **ret_products, size_t *ret_count,
                                   struct vcl_error *err) VCL_MUST_CHECK;

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
