/* SPDX-License-Identifier: MIT */
#include "common/model_by_hand.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t noise_size(const struct vcl_model *model, uint32_t rows)
{
    const struct vcl_value *z = model->objective_graph.z;
    return (z ? z->repeat : 1) * (size_t)rows * model->latent * sizeof(float);
}

struct vcl_model *test_model_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                    struct vcl_shape shape, uint32_t rows)
{
    struct vcl_model *model;
    OK(vcl_model_create(ctx, config, shape, rows, true, &model, &test_error));
    OK(vcl_buf_create(ctx, noise_size(model, rows), &model->eps, &test_error));
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
        OK(vcl_buf_write(model->eps, 0, noise_size(model, rows), eps, &test_error));
}

void test_model_label(struct vcl_model *model, uint32_t rows, const float *labels)
{
    int32_t *numbers = malloc(rows * sizeof *numbers);
    assert_non_null(numbers);
    for (uint32_t i = 0; i < rows; i++)
        numbers[i] = (int32_t)labels[i];
    OK(vcl_buf_write(model->labels, 0, rows * sizeof *numbers, numbers, &test_error));
    free(numbers);
}

/* The arena keeps *ret_config. */
static const struct vcl_optimiser_def *optimiser(const struct vcl_model *model,
                                                 struct vcl_arena *arena, void **ret_config)
{
    const void *def;
    OK(vcl_config_choose(model->config, "optimiser", vcl_optimiser_defs, model->config->optimiser,
                         arena, &def, ret_config, &test_error));
    return def;
}

/* Written to the device at once: what is sent with examples is not. */
static void give_second_step(struct vcl_model *model, struct vcl_step step, uint64_t t)
{
    const struct vcl_optimiser *second = &model->objective_graph.second;
    if (!second->def)
        return;
    step.lr = (float)second->config->lr;
    if (second->def->correct)
        second->def->correct(second->config, t, &step);
    OK(vcl_buf_write(model->second_step, 0, sizeof step, &step, &test_error));
}

void test_model_step(struct vcl_model *model, uint64_t t)
{
    struct vcl_arena arena = {0};
    void *config;
    const struct vcl_optimiser_def *def = optimiser(model, &arena, &config);
    struct vcl_step step = {.step = (uint32_t)t,
                            .lr = (float)model->config->lr,
                            .kl_weight = (float)model->config->beta};
    if (def->correct)
        def->correct(config, t, &step);
    vcl_arena_finish(&arena);
    give_second_step(model, step, t);
    OK(vcl_model_send_step(model, &step, &test_error));
}

void test_model_pass(struct vcl_model *model, uint32_t rows)
{
    OK(vcl_model_forward(model, VCL_AT_ONCE(model->ctx), rows, true, &test_error));
    OK(vcl_model_backward(model, VCL_AT_ONCE(model->ctx), rows, &test_error));
}

void test_model_update(struct vcl_model *model, struct vcl_buf *health)
{
    struct vcl_arena arena = {0};
    void *config;
    const struct vcl_optimiser_def *def = optimiser(model, &arena, &config);
    const struct vcl_optimiser first = {def, config};
    OK(vcl_optimiser_update(VCL_AT_ONCE(model->ctx), &first, &model->params, 0, model->step, health,
                            &test_error));
    if (model->params.n_groups > 1)
        OK(vcl_optimiser_update(VCL_AT_ONCE(model->ctx), &model->objective_graph.second,
                                &model->params, 1, model->second_step, health, &test_error));
    vcl_arena_finish(&arena);
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
