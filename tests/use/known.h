/* SPDX-License-Identifier: MIT
 *
 * A small model whose answers are known: the library's on a device, and the reference's in double
 * precision (ref/vae_ref.h) with the same parameters, data and noise. The noise is made here from
 * its definition, so that keys and streams are part of what is known.
 */
#ifndef TEST_USE_KNOWN_H
#define TEST_USE_KNOWN_H

#include "common/devices.h"
#include "ref/vae_ref.h"
#include "vae/model.h"

struct known {
    struct vcl_config *config;
    struct vcl_shape shape;
    size_t count;  /* of examples */
    float *values; /* (count, D) */
    struct vcl_dataset *set;
    struct vae_ref *ref; /* its rows are all examples, in order */
};

/* A configuration from "key=value" words (they end with NULL), random parameters, and a set of
 * random values in [0, 1). */
struct known known_create(const char *const *words, struct vcl_shape shape, size_t count);
void known_finish(struct known *known);

/* Values of one's own instead; (count, D). */
void known_set_values(struct known *known, const float *values);

/* The device's model, at most `batch` rows at once, with the reference's parameters. */
struct vcl_model *known_model(const struct known *known, uint32_t batch);
/* The other way round: the reference takes over a model's parameters. */
void known_take_parameters(struct known *known, struct vcl_model *model);

/* The step number of evaluations, which no training reaches; also their epoch. */
#define KNOWN_EVALUATION UINT32_MAX

/* The definition of a normal number: Box and Muller from Philox's words, in double precision. */
double known_normal(const struct vcl_philox *rng, uint32_t row, uint32_t col);
/* Noise of draw number `sample` of each example at a step, into ref->eps. */
void known_draw_noise(struct known *known, uint64_t seed, uint32_t step, uint32_t sample);
/* ref->x becomes 1 with the value as probability, else 0. */
void known_binarise(struct known *known, uint64_t seed, uint32_t epoch);

/* Of example `row`, after vae_ref_forward: (Z), log sigma^2 may be NULL. */
void known_posterior(const struct known *known, size_t row, double *mean, double *logvar);
/* The mean over the first n examples of -log (1/K sum of K weights p(x|z) p(z) / q(z|x)). */
double known_nll(struct known *known, uint64_t seed, uint32_t k, size_t n);

double known_mean(const double *values, size_t n);

/* Fails the test unless |got - want| <= error * |want|. */
void assert_near(double got, double want, double error, const char *what);

#endif
