/* SPDX-License-Identifier: MIT
 *
 * Small models that between them have every layer, activation, likelihood and objective of the
 * library's tables, with parameters, data and noise.
 */
#ifndef GRAD_CASES_H
#define GRAD_CASES_H

#include "common/devices.h"
#include "ref/vae_ref.h"

struct grad_case {
    char name[64];
    char words[8][128]; /* "key=value" */
    size_t n_words;
    struct vcl_shape shape;
    size_t rows;
    bool clamped; /* some log-variances lie beyond their bound */
};

/* All of them; the caller frees the array. Fails the test where a table has what nothing here
 * covers. */
struct grad_case *grad_cases_create(size_t *ret_count);

/* The case's configuration. */
struct vcl_config *grad_case_config(const struct grad_case *c);

/* The reference with parameters, x and eps in place, all of them floats; for the graph that the
 * library builds on test_target.ctx. */
struct vae_ref *grad_case_reference(const struct grad_case *c, const struct vcl_config *config);

/* The next of a sequence of numbers in [low, high), the same on every machine; floats. */
double grad_number(uint32_t *index, double low, double high);

#endif
