/* SPDX-License-Identifier: MIT
 *
 * The parts that a model's graphs are built of. Objectives, and what a trained model is used for,
 * are written in these; each appends nodes and hands on what they make. Shapes: B examples of D
 * values, codes of Z.
 */
#ifndef VCL_VAE_BUILD_H
#define VCL_VAE_BUILD_H

#include "nn/node_sum.h"
#include "nn/optimiser.h"

struct vcl_model;

/* A graph of a model, and the parts that it has. */
struct vcl_build {
    struct vcl_model *model;
    struct vcl_graph graph;
    struct vcl_value *x, *q, *z, *y; /* as below; NULL: not in this graph */
    struct vcl_optimiser second;     /* of the second group of parameters, if there is one */
    struct vcl_value *condition; /* what encoder and decoder are told of labels; NULL: not yet */
    double beta, warmup; /* the weight of scheduled terms, and the epochs in which it gets there */
};

/* x (B, D), the examples sent last. */
enum vcl_status vcl_build_data(struct vcl_build *b, struct vcl_value **ret_x,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* What the encoder makes of x: (B, 2Z) mu | log sigma^2 of q(z|x), or (B, Z) codes. It and the
 * decoder see the example's label behind what they are given, if the model has a condition. */
enum vcl_status vcl_build_encoder(struct vcl_build *b, struct vcl_value *x,
                                  struct vcl_value **ret_q, struct vcl_error *err) VCL_MUST_CHECK;
/* A draw z (B, Z) from q(z|x) and KL(q(z|x) || p(z)) (B), in which `free_bits` nats a dimension
 * cost nothing. */
enum vcl_status vcl_build_draw(struct vcl_build *b, struct vcl_value *q, double free_bits,
                               struct vcl_value **ret_z, struct vcl_value **ret_kl,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* `samples` draws an example, z (B * samples, Z), and log q(z|x) (B * samples). */
enum vcl_status vcl_build_draws(struct vcl_build *b, struct vcl_value *q, uint32_t samples,
                                struct vcl_value **ret_z, struct vcl_value **ret_log_q,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* log q(z|x) (rows of z) of any z. */
enum vcl_status vcl_build_log_posterior(struct vcl_build *b, struct vcl_value *q,
                                        struct vcl_value *z, struct vcl_value **ret_log_q,
                                        struct vcl_error *err) VCL_MUST_CHECK;
/* log p(z) (rows of z). */
enum vcl_status vcl_build_log_prior(struct vcl_build *b, struct vcl_value *z,
                                    struct vcl_value **ret_log_p,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* The log of an importance weight, log p(x|z) + log p(z) - log q(z|x), from -log p(x|z). */
enum vcl_status vcl_build_log_weight(struct vcl_build *b, struct vcl_value *recon,
                                     struct vcl_value *log_p, struct vcl_value *log_q,
                                     struct vcl_value **ret_log_w,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* log of the mean of exp(log_w) over the samples of an example (B), and the share of each sample in
 * the mean (B * samples). */
enum vcl_status vcl_build_log_mean_exp(struct vcl_build *b, struct vcl_value *log_w,
                                       struct vcl_value **ret_bound, struct vcl_value **ret_share,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* Parameters that are declared from now on are updated by an optimiser of their own: "adam
 * lr=1e-4". One that they have is not declared. */
enum vcl_status vcl_build_second_group(struct vcl_build *b, const char *optimiser,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* y (rows of z, D), the parameters of p(x|z). */
enum vcl_status vcl_build_decoder(struct vcl_build *b, struct vcl_value *z,
                                  struct vcl_value **ret_y, struct vcl_error *err) VCL_MUST_CHECK;
/* -log p(x|z) (rows of y). */
enum vcl_status vcl_build_reconstruction(struct vcl_build *b, struct vcl_value *x,
                                         struct vcl_value *y, struct vcl_value **ret_recon,
                                         struct vcl_error *err) VCL_MUST_CHECK;
/* E[x|z] (rows of y, D). */
enum vcl_status vcl_build_mean(struct vcl_build *b, struct vcl_value *y,
                               struct vcl_value **ret_mean, struct vcl_error *err) VCL_MUST_CHECK;

#endif
