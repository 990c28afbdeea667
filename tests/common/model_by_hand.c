/* SPDX-License-Identifier: MIT */
#include "common/model_by_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vcl_model *test_model_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                    struct vcl_shape shape, uint32_t rows)
{
    struct vcl_model *model;
    OK(vcl_model_create(ctx, config, shape, rows, true, &model, &test_error));
    OK(vcl_buf_create(ctx, (size_t)rows * model->latent * sizeof(float), &model->eps, &test_error));
    return model;
}

void test_model_give(struct vcl_model *model, uint32_t rows, const float *x, const float *eps)
{
    OK(vcl_buf_write(model->x, 0, (size_t)rows * model->data_size * sizeof *x, x, &test_error));
    int32_t *ids = malloc(rows * sizeof *ids);
    assert_non_null(ids);
    for (uint32_t i = 0; i < rows; i++)
        ids[i] = (int32_t)i;
    OK(vcl_buf_write(model->ids, 0, rows * sizeof *ids, ids, &test_error));
    free(ids);
    if (model->objective->stochastic)
        OK(vcl_buf_write(model->eps, 0, (size_t)rows * model->latent * sizeof *eps, eps,
                         &test_error));
}

static struct vcl_optimiser_config optimiser_config(const struct vcl_config *config)
{
    return (struct vcl_optimiser_config){.lr = config->lr,
                                         .momentum = config->momentum,
                                         .beta1 = config->beta1,
                                         .beta2 = config->beta2,
                                         .eps = config->eps,
                                         .weight_decay = config->weight_decay,
                                         .clip = config->clip};
}

static const struct vcl_optimiser_def *optimiser(const struct vcl_model *model)
{
    const struct vcl_optimiser_def *def;
    def = vcl_row_find("optimiser", vcl_optimiser_defs, model->config->optimiser, &test_error);
    assert_non_null(def);
    return def;
}

void test_model_step(struct vcl_model *model, uint64_t t)
{
    const struct vcl_optimiser_config config = optimiser_config(model->config);
    const struct vcl_optimiser_def *def = optimiser(model);
    struct vcl_step step = {.step = (uint32_t)t,
                            .lr = (float)model->config->lr,
                            .kl_weight = (float)model->config->beta};
    if (def->correct)
        def->correct(&config, t, &step);
    OK(vcl_model_send_step(model, &step, &test_error));
}

void test_model_pass(struct vcl_model *model, uint32_t rows)
{
    OK(vcl_model_forward(model, VCL_AT_ONCE(model->ctx), rows, true, &test_error));
    OK(vcl_model_backward(model, VCL_AT_ONCE(model->ctx), rows, &test_error));
}

void test_model_update(struct vcl_model *model, struct vcl_buf *health)
{
    const struct vcl_optimiser_config config = optimiser_config(model->config);
    OK(vcl_optimiser_update(VCL_AT_ONCE(model->ctx), optimiser(model), &config, &model->params,
                            model->step, health, &test_error));
}

struct vcl_buf *test_health_create(struct vcl_ctx *ctx)
{
    const struct vcl_health health = {.bad_index = UINT32_MAX};
    struct vcl_buf *buf;
    OK(vcl_buf_create(ctx, sizeof health, &buf, &test_error));
    OK(vcl_buf_write(buf, 0, sizeof health, &health, &test_error));
    return buf;
}

float *test_buf_floats(struct vcl_buf *buf, size_t n)
{
    float *values = malloc(n * sizeof *values);
    assert_non_null(values);
    OK(vcl_buf_read(buf, 0, n * sizeof *values, values, &test_error));
    return values;
}

struct vcl_config *test_config(const char *const *words)
{
    struct vcl_config *config;
    OK(vcl_config_create(&config, &test_error));
    for (; *words; words++) {
        char key[32];
        size_t len = strcspn(*words, "=");
        assert_true((*words)[len] == '=' && len < sizeof key);
        snprintf(key, sizeof key, "%.*s", (int)len, *words);
        OK(vcl_config_set(config, key, *words + len + 1, &test_error));
    }
    return config;
}
