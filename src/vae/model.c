/* SPDX-License-Identifier: MIT */
#include "vae/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/optimiser.h"
#include "vae/output.h"

enum vcl_status vcl_model_prepare(struct vcl_ctx *ctx, const struct vcl_config *config,
                                  struct vcl_error *err)
{
    const struct vcl_likelihood_def *likelihood;
    enum vcl_status r;
    TRY(vcl_likelihood_find(config->likelihood, &likelihood, err));
    TRY(vcl_ops_prepare(ctx, likelihood->name, err));
out:
    return r;
}

static enum vcl_status build_chains(struct vcl_model *model, struct vcl_error *err)
{
    const struct vcl_config *config = model->config;
    char text[48];
    enum vcl_status r;
    vcl_chain_init(&model->encoder, model->ctx, &model->params, model->shape);
    TRY(vcl_chain_add_all(&model->encoder, "encoder", config->encoder, err));
    snprintf(text, sizeof text, "dense %u", model->latent * model->objective->head_size);
    TRY(vcl_chain_add(&model->encoder, "latent", text, err));
    vcl_chain_init(&model->decoder, model->ctx, &model->params,
                   (struct vcl_shape){1, model->latent, 1});
    TRY(vcl_chain_add_all(&model->decoder, "decoder", config->decoder, err));
    TRY(vcl_output_add(&model->decoder, config, model->shape, model->likelihood, err));
out:
    return r;
}

/* As many as any keeps where the name is not yet known to be one. */
static size_t optimiser_states(const struct vcl_config *config)
{
    const struct vcl_optimiser_def *def;
    return vcl_optimiser_find(config->optimiser, &def, NULL) == VCL_OK ? (size_t)def->states
                                                                       : VCL_OPTIMISER_STATES;
}

/* Refuses a batch that cannot fit, and says which would. */
static enum vcl_status check_memory(const struct vcl_model *model, struct vcl_error *err)
{
    const struct vcl_device_info *device = vcl_ctx_device(model->ctx);
    size_t copies = 1 + (model->trainable ? 1 + optimiser_states(model->config) : 0);
    size_t fixed = (model->params.floats * copies + model->params.states) * sizeof(float);
    size_t encoder = vcl_chain_row_floats(&model->encoder, model->trainable) * sizeof(float);
    size_t decoder = vcl_chain_row_floats(&model->decoder, model->trainable) * sizeof(float);
    size_t row = encoder + decoder + (2 * (size_t)model->data_size + 4 * model->latent) * 4;
    size_t largest = encoder > decoder ? encoder : decoder;
    size_t most = device->memory > fixed ? (device->memory - fixed) / row : 0;
    if (device->max_alloc && device->max_alloc / largest < most)
        most = device->max_alloc / largest;
    if (INT32_MAX / (largest / sizeof(float)) < most) /* kernels count in 32 bits */
        most = INT32_MAX / (largest / sizeof(float));
    if (model->batch <= most)
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_DEVMEM,
            "this model with --batch %u needs %.1f MiB, '%s' has %.1f MiB "
            "(at most %.1f MiB a buffer)",
            model->batch, ((double)fixed + (double)row * model->batch) / (1 << 20), device->name,
            (double)device->memory / (1 << 20), (double)device->max_alloc / (1 << 20));
    return most ? vcl_error_hint(err, r, "--batch %zu would fit", most)
                : vcl_error_hint(err, r, "the model itself is too large for this device");
}

static size_t round_up(size_t size, size_t step)
{
    return (size + step - 1) / step * step;
}

static enum vcl_status make_input(struct vcl_model *model, struct vcl_error *err)
{
    enum vcl_status r;
    size_t step = vcl_buf_alignment(model->ctx), ids_size = model->batch * sizeof(int32_t);
    size_t raw_size = (size_t)model->batch * model->data_size * sizeof(float);
    model->ids_offset = round_up(sizeof(struct vcl_step), step);
    model->raw_offset = model->ids_offset + round_up(ids_size, step);
    size_t size = model->raw_offset + raw_size;
    TRY(vcl_buf_create(model->ctx, size, &model->input, err));
    TRY(vcl_buf_view(model->input, 0, sizeof(struct vcl_step), &model->step, err));
    TRY(vcl_buf_view(model->input, model->ids_offset, ids_size, &model->ids, err));
    TRY(vcl_buf_view(model->input, model->raw_offset, raw_size, &model->raw, err));
    TRY(vcl_upload_create(model->ctx, size, &model->upload, err));
out:
    return r;
}

static enum vcl_status make_latent(struct vcl_model *model, struct vcl_error *err)
{
    enum vcl_status r;
    size_t row = model->batch * sizeof(float), rows = row * model->latent;
    TRY(vcl_buf_create(model->ctx, row, &model->kl, err));
    TRY(vcl_buf_create(model->ctx, row, &model->recon, err));
    if (!model->objective->stochastic)
        return VCL_OK;
    TRY(vcl_buf_create(model->ctx, rows, &model->own_z, err));
    TRY(vcl_buf_create(model->ctx, rows, &model->spread, err));
    if (model->trainable)
        TRY(vcl_buf_create(model->ctx, rows, &model->own_dz, err));
    if (model->config->free_bits > 0) {
        TRY(vcl_buf_create(model->ctx, rows, &model->kl_elements, err));
        TRY(vcl_buf_create(model->ctx, model->latent * sizeof(float), &model->mask, err));
    }
out:
    return r;
}

static enum vcl_status plan_chains(struct vcl_model *model, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_buf_create(model->ctx, (size_t)model->batch * model->data_size * sizeof(float),
                       &model->x, err));
    TRY(vcl_chain_plan(&model->encoder, model->batch, model->trainable, model->x, NULL, err));
    model->z = model->own_z ? model->own_z : vcl_chain_out(&model->encoder);
    model->dz = model->own_z ? model->own_dz : vcl_chain_dout(&model->encoder);
    TRY(vcl_chain_plan(&model->decoder, model->batch, model->trainable, model->z, model->dz, err));
out:
    return r;
}

enum vcl_status vcl_model_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                 struct vcl_shape shape, uint32_t batch, bool trainable,
                                 struct vcl_model **ret_model, struct vcl_error *err)
{
    return vcl_model_create_for(ctx, config, shape, batch, trainable, NULL, ret_model, err);
}

enum vcl_status vcl_model_create_for(struct vcl_ctx *ctx, const struct vcl_config *config,
                                     struct vcl_shape shape, uint32_t batch, bool trainable,
                                     const struct vcl_weights *weights,
                                     struct vcl_model **ret_model, struct vcl_error *err)
{
    struct vcl_model *model = NULL;
    enum vcl_status r;
    if (batch == 0 || vcl_shape_size(shape) == 0 || vcl_shape_size(shape) > 1 << 24)
        FAIL(err, VCL_E_SHAPE, "a model for batches of %u examples of %zu values", batch,
             vcl_shape_size(shape));
    TRY(vcl_alloc(1, sizeof *model, &model, err));
    *model = (struct vcl_model){.ctx = ctx,
                                .shape = shape,
                                .data_size = (uint32_t)vcl_shape_size(shape),
                                .latent = (uint32_t)config->latent,
                                .batch = batch,
                                .trainable = trainable};
    model->at_once.ctx = ctx;
    model->emit = &model->at_once;
    vcl_params_init(&model->params, ctx);
    TRY(vcl_config_copy(config, &model->config, err));
    TRY(vcl_likelihood_find(config->likelihood, &model->likelihood, err));
    TRY(vcl_objective_find(config->objective, &model->objective, err));
    TRY(build_chains(model, err));
    if (weights)
        TRY(weights->check(weights, &model->params, err));
    TRY(check_memory(model, err));
    TRY(vcl_params_allocate(&model->params, trainable, err));
    if (!weights)
        TRY(vcl_params_draw(&model->params, config->seed, err));
    TRY(make_input(model, err));
    TRY(make_latent(model, err));
    TRY(plan_chains(model, err));
    *ret_model = model;
    model = NULL;
out:
    vcl_model_destroy(&model);
    return r;
}

void vcl_model_destroy(struct vcl_model **ret_model)
{
    if (!ret_model || !*ret_model)
        return;
    struct vcl_model *model = *ret_model;
    struct vcl_buf **bufs[] = {&model->step,  &model->ids,         &model->raw,    &model->x,
                               &model->own_z, &model->own_dz,      &model->spread, &model->kl,
                               &model->recon, &model->kl_elements, &model->mask,   &model->eps,
                               &model->input};
    vcl_upload_destroy(&model->upload);
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        vcl_buf_destroy(bufs[i]);
    vcl_chain_finish(&model->encoder);
    vcl_chain_finish(&model->decoder);
    vcl_params_finish(&model->params);
    vcl_config_destroy(&model->config);
    free(model);
    *ret_model = NULL;
}

struct vcl_buf *vcl_model_heads(const struct vcl_model *model)
{
    return vcl_chain_out(&model->encoder);
}

struct vcl_buf *vcl_model_y(const struct vcl_model *model)
{
    return vcl_chain_out(&model->decoder);
}

struct vcl_latent vcl_model_latent(const struct vcl_model *model, uint32_t rows, uint32_t repeat,
                                   uint32_t first_sample)
{
    return (struct vcl_latent){
        .batch = rows,
        .dim = model->latent,
        .repeat = repeat,
        .stream = VCL_STREAM_LATENT + first_sample,
        .free_bits = (float)model->config->free_bits,
        .step = model->step,
        .ids = model->ids,
        .eps = model->eps,
        .heads = vcl_model_heads(model),
        .z = model->z,
        .spread = model->spread,
        .kl = model->kl,
        .kl_elements = model->kl_elements,
        .mask = model->mask,
    };
}

static struct vcl_run run_of(const struct vcl_model *model, uint32_t rows, bool training)
{
    return (struct vcl_run){.emit = model->emit,
                            .rows = rows,
                            .training = training,
                            .step = model->step,
                            .ids = model->ids};
}

enum vcl_status vcl_model_encode(struct vcl_model *model, uint32_t rows, struct vcl_error *err)
{
    const struct vcl_run run = run_of(model, rows, false);
    return vcl_chain_forward(&model->encoder, &run, err);
}

enum vcl_status vcl_model_draw(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                               uint32_t first_sample, struct vcl_error *err)
{
    return model->objective->draw(model, rows, repeat, first_sample, err);
}

enum vcl_status vcl_model_decode(struct vcl_model *model, uint32_t rows, struct vcl_error *err)
{
    const struct vcl_run run = run_of(model, rows, false);
    return vcl_chain_forward(&model->decoder, &run, err);
}

enum vcl_status vcl_model_score(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                                bool gradient, struct vcl_error *err)
{
    return vcl_op_likelihood(model->emit,
                             &(struct vcl_likelihood_op){
                                 .name = model->likelihood->name,
                                 .parameter = (float)model->config->sigma,
                                 .rows = rows,
                                 .cols = model->data_size,
                                 .repeat = repeat,
                                 .x = model->x,
                                 .y = vcl_model_y(model),
                                 .loss = model->recon,
                                 .dy = gradient ? vcl_chain_dout(&model->decoder) : NULL,
                             },
                             err);
}

enum vcl_status vcl_model_mean(struct vcl_model *model, uint32_t rows, struct vcl_error *err)
{
    return vcl_op_activation(model->emit, model->likelihood->mean, (size_t)rows * model->data_size,
                             vcl_model_y(model), vcl_model_y(model), err);
}

enum vcl_status vcl_model_forward(struct vcl_model *model, uint32_t rows, bool training,
                                  struct vcl_error *err)
{
    const struct vcl_run run = run_of(model, rows, training);
    enum vcl_status r;
    TRY(vcl_chain_forward(&model->encoder, &run, err));
    TRY(vcl_model_draw(model, rows, 1, 0, err));
    TRY(vcl_chain_forward(&model->decoder, &run, err));
    TRY(vcl_model_score(model, rows, 1, training, err));
out:
    return r;
}

enum vcl_status vcl_model_backward(struct vcl_model *model, uint32_t rows, struct vcl_error *err)
{
    const struct vcl_run run = run_of(model, rows, true);
    enum vcl_status r;
    for (size_t i = 0; i < model->params.count; i++)
        model->params.items[i].gradient_written = false;
    TRY(vcl_chain_backward(&model->decoder, &run, err));
    TRY(model->objective->backward(model, rows, err));
    TRY(vcl_chain_backward(&model->encoder, &run, err));
out:
    return r;
}

void vcl_model_describe(const struct vcl_model *model, struct vcl_model_info *ret_info)
{
    *ret_info = (struct vcl_model_info){
        .shape = model->shape,
        .latent = model->latent,
        .parameters = vcl_params_total(&model->params),
        .name = model->config->name,
        .encoder = model->config->encoder,
        .decoder = model->config->decoder,
        .output = model->config->output,
        .likelihood = model->likelihood->name,
        .objective = model->objective->name,
        .has_density = model->likelihood->density && model->objective->stochastic,
        .stochastic = model->objective->stochastic,
        .seed = model->config->seed,
        .steps = model->steps,
        .binarize = model->config->binarize,
    };
}

size_t vcl_model_tensors(const struct vcl_model *model)
{
    return model->params.count;
}

const char *vcl_model_tensor_shape(const struct vcl_model *model, size_t index, uint32_t *ret_rows,
                                   uint32_t *ret_cols)
{
    const struct vcl_param *param = &model->params.items[index];
    *ret_rows = param->rows;
    *ret_cols = param->cols;
    return param->name;
}

uint32_t vcl_model_tensor_dims(const struct vcl_model *model, size_t index, uint32_t ret_shape[4])
{
    const struct vcl_param *param = &model->params.items[index];
    memcpy(ret_shape, param->shape, sizeof param->shape);
    return param->dims;
}

enum vcl_status vcl_model_tensor_read(struct vcl_model *model, size_t index, float *ret_values,
                                      struct vcl_error *err)
{
    const struct vcl_param *param = &model->params.items[index];
    return vcl_buf_read(param->value, 0, param->count * sizeof(float), ret_values, err);
}

enum vcl_status vcl_check_range(const struct vcl_likelihood_def *likelihood,
                                const struct vcl_dataset *set, struct vcl_error *err)
{
    struct vcl_data_summary summary;
    if (!likelihood->unit_interval || set->dtype == VCL_U8)
        return VCL_OK; /* opening a set has refused NaN and Inf already */
    enum vcl_status r = vcl_dataset_summarise(set, &summary, err);
    if (r < 0 || (summary.min >= 0 && summary.max <= 1))
        return r;
    r = ERR(err, VCL_E_RANGE, "'%s': values lie in %g to %g, the likelihood '%s' takes 0 to 1",
            set->name, summary.min, summary.max, likelihood->name);
    return vcl_error_hint(err, r, "scale the data to 0..1, or train with --likelihood gaussian");
}

enum vcl_status vcl_model_accepts(const struct vcl_model *model, const struct vcl_dataset *set,
                                  struct vcl_error *err)
{
    const struct vcl_shape a = set->shape, b = model->shape;
    if (a.height != b.height || a.width != b.width || a.channels != b.channels)
        return ERR(err, VCL_E_SHAPE,
                   "'%s': examples are %u x %u x %u, the model was trained on %u x %u x %u",
                   set->name, a.height, a.width, a.channels, b.height, b.width, b.channels);
    return vcl_check_range(model->likelihood, set, err);
}
