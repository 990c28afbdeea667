/* SPDX-License-Identifier: MIT
 *
 * Configurations and models. A configuration is a flat set of keys ("encoder", "latent", "lr" ...)
 * that the command line, preset files and --set share; a model is what it describes, on a device.
 */
#ifndef VAECL_MODEL_H
#define VAECL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vaecl/data.h"
#include "vaecl/device.h"
#include "vaecl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Read the fields freely; change them by vcl_config_set, which checks. Strings live as long as the
 * configuration. Losses are sums over pixels and latents, means over the batch, in nats. */
struct vcl_config {
    const char *name; /* of the preset, or "custom" */
    /* the model */
    const char *encoder, *decoder; /* layers: "dense 400 relu, dense 200 relu" */
    const char *output;            /* the layer after the decoder's, without its number of outputs:
                                      "dense", "deconv k4 s2" */
    int64_t latent;                /* dimensions of z */
    const char *condition;         /* what encoder and decoder are told of labels: "none",
                                      "one-hot", "embed 8" */
    int64_t classes;               /* how many labels there are; 0: training takes the data's */
    const char *likelihood;        /* "bernoulli", "gaussian", "squared" */
    double sigma;                  /* standard deviation of the Gaussian likelihood */
    const char *objective;         /* "elbo", "ae" */
    const char *prior;             /* "normal", "mog 10", "vamp 100" */
    double beta;                   /* weight of the KL term */
    double warmup;                 /* epochs over which beta rises linearly from 0 */
    double free_bits;              /* nats a latent dimension may use without penalty */
    /* training */
    const char *optimiser; /* "adam", "adamw", "sgd" */
    double lr, momentum, beta1, beta2, eps, weight_decay, clip;
    int64_t epochs, batch;
    const char *binarize; /* "none", "dynamic", "threshold" */
    uint64_t seed;
    double valid;             /* fraction of the training set held out for validation */
    int64_t checkpoint_every; /* steps between checkpoints within an epoch; 0: only after epochs */
};

/* The caller owns *ret_config, filled with defaults (the preset "mnist-fc"). */
VCL_API enum vcl_status vcl_config_create(struct vcl_config **ret_config,
                                          struct vcl_error *err) VCL_MUST_CHECK;
VCL_API void vcl_config_destroy(struct vcl_config **config);

/* Applies a preset by its name or a JSON file by its path (it ends in .json or has a slash). */
VCL_API enum vcl_status vcl_config_load(struct vcl_config *config, const char *preset,
                                        struct vcl_error *err) VCL_MUST_CHECK;
/* Sets one key from text. VCL_E_ARG if there is no such key, or the text is no value of it: a
 * number out of range, a likelihood, objective, optimiser, layer or activation that does not exist.
 * Whether layers fit each other and the data is seen when a model is created. On failure the key is
 * as it was. */
VCL_API enum vcl_status vcl_config_set(struct vcl_config *config, const char *key,
                                       const char *value, struct vcl_error *err) VCL_MUST_CHECK;
/* All keys as a JSON object, indented; a string that the caller frees. */
VCL_API enum vcl_status vcl_config_json(const struct vcl_config *config, char **ret_json,
                                        struct vcl_error *err) VCL_MUST_CHECK;

/* Names of the presets compiled in, ending with NULL. */
VCL_API const char *const *vcl_preset_names(void);

/* A model on a device. */
struct vcl_model;

struct vcl_model_info {
    struct vcl_shape shape; /* of an example */
    uint32_t latent;
    size_t parameters;
    const char *name, *encoder, *decoder, *output, *likelihood, *objective;
    bool has_density;     /* the likelihood is one: bits/dim and NLL have a meaning */
    bool stochastic;      /* false for a plain autoencoder */
    uint64_t seed, steps; /* of the training so far */
    const char *binarize;
    const char *condition;
    uint32_t classes; /* labels that encoder and decoder are told, 0 .. classes - 1; 0: none are */
};

/* Compiles kernels that the model will need, for a host that still waits for the data. Need not be
 * called: kernels are compiled at their first use. */
VCL_API enum vcl_status vcl_model_prepare(struct vcl_ctx *ctx, const struct vcl_config *config,
                                          struct vcl_error *err) VCL_MUST_CHECK;

/* A new model for examples of `shape`, weights drawn from config->seed. `batch` is the largest
 * number of examples worked on at once; `trainable` also makes gradients. The caller
 * owns *ret_model; the context outlives it. */
VCL_API enum vcl_status vcl_model_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                         struct vcl_shape shape, uint32_t batch, bool trainable,
                                         struct vcl_model **ret_model,
                                         struct vcl_error *err) VCL_MUST_CHECK;
VCL_API void vcl_model_destroy(struct vcl_model **model);

/* `path` is a .safetensors file or a run folder holding model.safetensors. Anything malformed is
 * refused with VCL_E_FORMAT. batch 0 chooses one. */
VCL_API enum vcl_status vcl_model_load(struct vcl_ctx *ctx, const char *path, uint32_t batch,
                                       struct vcl_model **ret_model,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* Never leaves a partial file; fails with VCL_E_EXISTS unless `replace`. */
VCL_API enum vcl_status vcl_model_save(struct vcl_model *model, const char *path, bool replace,
                                       struct vcl_error *err) VCL_MUST_CHECK;

/* Strings live as long as the model. */
VCL_API void vcl_model_describe(const struct vcl_model *model, struct vcl_model_info *ret_info);

/* Name, shape as a matrix (rows 0: a vector) and values of parameter `index` below
 * vcl_model_tensors. */
VCL_API size_t vcl_model_tensors(const struct vcl_model *model);
VCL_API const char *vcl_model_tensor_shape(const struct vcl_model *model, size_t index,
                                           uint32_t *ret_rows, uint32_t *ret_cols);
/* Its shape as saved: returns the number of dimensions, 1 to 4. A convolution's weights have four
 * (kernel height, kernel width, channels of the image, of the map); as a matrix, the first three
 * are its rows. */
VCL_API uint32_t vcl_model_tensor_dims(const struct vcl_model *model, size_t index,
                                       uint32_t ret_shape[4]);
VCL_API enum vcl_status vcl_model_tensor_read(struct vcl_model *model, size_t index,
                                              float *ret_values,
                                              struct vcl_error *err) VCL_MUST_CHECK;

/* Can the model be used with this data set? Checks the shape, the likelihood's range and, for a
 * model with a condition, the labels. */
VCL_API enum vcl_status vcl_model_accepts(const struct vcl_model *model,
                                          const struct vcl_dataset *set,
                                          struct vcl_error *err) VCL_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
