/* SPDX-License-Identifier: MIT
 *
 * What a trained model is for. Arrays are the caller's, row-major; D = vcl_shape_size(info.shape),
 * Z = info.latent. Results do not depend on the model's batch size or the device. Where one is not
 * a finite number, VCL_E_NUMERIC is returned and names it.
 *
 * A model with a condition (info.classes > 0) takes examples with their labels: a set without them,
 * or of other classes, is VCL_E_ARG.
 */
#ifndef VAECL_USE_H
#define VAECL_USE_H

#include "vaecl/model.h"
#include "vaecl/train.h"

#ifdef __cplusplus
extern "C" {
#endif

struct vcl_eval_params {
    uint32_t nll_samples; /* importance samples an example for `nll`; 0: none */
    uint64_t seed;        /* of the noise */
    const char *binarize; /* NULL: as the model was trained */
    size_t nll_limit;     /* use the first so many examples for `nll`; 0: all */
    bool (*progress)(void *user, double done); /* done in [0, 1]; true stops; may be NULL */
    void *user;
};

struct vcl_eval {
    size_t count;
    struct vcl_losses losses; /* nats an example; loss is the negative ELBO with one sample */
    double nll;               /* importance-weighted bound on -log p(x) (Burda et al. 2016) */
    double bits_per_dim;      /* of nll if there, else of the negative ELBO; NaN without density */
    uint32_t active_units;    /* latent dimensions whose mean varies: Var_x E[z|x] > 0.01 */
};

VCL_API enum vcl_status vcl_evaluate(struct vcl_model *model, const struct vcl_dataset *set,
                                     const struct vcl_eval_params *params,
                                     struct vcl_eval *ret_eval,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* ret_z (n, Z) from the prior. */
VCL_API enum vcl_status vcl_prior(struct vcl_model *model, size_t n, uint64_t seed, float *ret_z,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* ret_x (n, D): the likelihood's mean (probabilities for Bernoulli) for z (n, Z). VCL_E_ARG for a
 * model with a condition, which needs labels. */
VCL_API enum vcl_status vcl_decode(struct vcl_model *model, size_t n, const float *z, float *ret_x,
                                   struct vcl_error *err) VCL_MUST_CHECK;
/* The same with labels (n) for a model with a condition: VCL_E_RANGE if one is not in 0 ..
 * info.classes - 1. VCL_E_ARG for another model, unless they are NULL: then it is vcl_decode. */
VCL_API enum vcl_status vcl_decode_labelled(struct vcl_model *model, size_t n, const float *z,
                                            const int32_t *labels, float *ret_x,
                                            struct vcl_error *err) VCL_MUST_CHECK;

/* vcl_prior, then vcl_decode: ret_x (n, D). A model with a condition makes its classes in turn:
 * example i is of class i % info.classes, so that in a grid of as many columns each has its own. */
VCL_API enum vcl_status vcl_sample(struct vcl_model *model, size_t n, uint64_t seed, float *ret_x,
                                   struct vcl_error *err) VCL_MUST_CHECK;
/* The same with labels (n), as in vcl_decode_labelled; with NULL it is vcl_sample. */
VCL_API enum vcl_status vcl_sample_labelled(struct vcl_model *model, size_t n, uint64_t seed,
                                            const int32_t *labels, float *ret_x,
                                            struct vcl_error *err) VCL_MUST_CHECK;

/* For examples first .. first+n-1: ret_mean (n, Z), and where not NULL ret_logvar (n, Z) and
 * ret_z (n, Z), a draw from q(z|x) with `seed`. For a plain autoencoder log-variances are -Inf. */
VCL_API enum vcl_status vcl_encode(struct vcl_model *model, const struct vcl_dataset *set,
                                   size_t first, size_t n, uint64_t seed, float *ret_mean,
                                   float *ret_logvar, float *ret_z,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* Examples first .. first+n-1 as the model sees them, ret_x (n, D). */
VCL_API enum vcl_status vcl_examples(struct vcl_model *model, const struct vcl_dataset *set,
                                     size_t first, size_t n, float *ret_x,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* Points from a to b (Z each), ret_z (steps, Z): spherical if `spherical`, else straight. */
VCL_API void vcl_interpolate(const float *a, const float *b, uint32_t latent, size_t steps,
                             bool spherical, float *ret_z);

#ifdef __cplusplus
}
#endif
#endif
