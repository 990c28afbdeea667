/* SPDX-License-Identifier: MIT
 *
 * A model worked by hand: given parameters, data and noise, one stage after the other.
 */
#ifndef TEST_MODEL_BY_HAND_H
#define TEST_MODEL_BY_HAND_H

#include "common/devices.h"
#include "nn/optimiser.h"
#include "vae/model.h"

/* Trainable, with model->eps in place: its noise is given. */
struct vcl_model *test_model_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                    struct vcl_shape shape, uint32_t rows);

/* Writes x (rows, D) and, for a stochastic objective, eps (rows, Z). */
void test_model_give(struct vcl_model *model, uint32_t rows, const float *x, const float *eps);

/* Writes the labels (rows), whole numbers, of a model with a condition. */
void test_model_label(struct vcl_model *model, uint32_t rows, const float *labels);

/* Sends the values of update t = 1, 2 ... */
void test_model_step(struct vcl_model *model, uint64_t t);

/* Forward and backward over all rows. */
void test_model_pass(struct vcl_model *model, uint32_t rows);

/* The update of model->config's optimiser. `health` is as test_health_create made it. */
void test_model_update(struct vcl_model *model, struct vcl_buf *health);
struct vcl_buf *test_health_create(struct vcl_ctx *ctx);

/* The first `n` floats of a buffer; the caller frees them. */
float *test_buf_floats(struct vcl_buf *buf, size_t n);

/* The default configuration changed by "key=value" words; they end with NULL. */
struct vcl_config *test_config(const char *const *words);

#endif
