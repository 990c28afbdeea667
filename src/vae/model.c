/* SPDX-License-Identifier: MIT */
#include "vae/model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/optimiser.h"
#include "vae/output_layer.h"

enum vcl_status vcl_model_prepare(struct vcl_ctx *ctx, const struct vcl_config *config,
                                  struct vcl_error *err)
{
    struct vcl_arena arena = {0};
    const void *likelihood;
    void *options;
    enum vcl_status r;
    TRY(vcl_config_choose(config, "likelihood", vcl_likelihoods, config->likelihood, &arena,
                          &likelihood, &options, err));
    TRY(vcl_ops_prepare(ctx, vcl_likelihood_form(likelihood, options).formula, err));
out:
    vcl_arena_finish(&arena);
    return r;
}

/* As many as any keeps if it is not known. */
static size_t optimiser_states(const struct vcl_config *config)
{
    struct vcl_arena arena = {0};
    const void *def;
    void *options;
    size_t states = VCL_OPTIMISER_STATES;
    if (vcl_config_choose(config, "optimiser", vcl_optimiser_defs, config->optimiser, &arena, &def,
                          &options, NULL) == VCL_OK)
        states = (size_t)((const struct vcl_optimiser_def *)def)->states;
    vcl_arena_finish(&arena);
    return states;
}

/* Floats an example of the largest value: kernels count in 32 bits. */
static size_t largest_row(const struct vcl_graph *graph)
{
    size_t most = 1;
    for (size_t i = 0; i < graph->n_values; i++) {
        size_t row = graph->values[i]->size * graph->values[i]->repeat;
        most = row > most ? row : most;
    }
    return most;
}

/* Bytes for batches of `batch`, and those of them in one buffer. */
struct need {
    size_t all, graph;
};

static enum vcl_status need_of(struct vcl_model *model, uint32_t batch, struct need *ret_need,
                               struct vcl_error *err)
{
    size_t states =
        model->params.n_groups > 1 ? VCL_OPTIMISER_STATES : optimiser_states(model->config);
    size_t copies = 1 + (model->trainable ? 1 + states : 0);
    size_t fixed = (model->params.floats * copies + model->params.states) * sizeof(float);
    size_t inputs = 2 * (size_t)model->data_size * batch * sizeof(float); /* x and raw */
    enum vcl_status r =
        vcl_graph_bytes(&model->objective_graph.graph, batch, &ret_need->graph, err);
    ret_need->all = fixed + inputs + ret_need->graph;
    return r;
}

static enum vcl_status fits(struct vcl_model *model, uint32_t batch, bool *ret_fits,
                            struct vcl_error *err)
{
    const struct vcl_device_info *device = vcl_ctx_device(model->ctx);
    struct need need;
    enum vcl_status r = need_of(model, batch, &need, err);
    *ret_fits = r == VCL_OK && need.all <= device->memory &&
                (!device->max_alloc || need.graph <= device->max_alloc) &&
                batch <= INT32_MAX / largest_row(&model->objective_graph.graph);
    return r;
}

/* Refuses a batch that cannot fit, and says which would. */
static enum vcl_status check_memory(struct vcl_model *model, struct vcl_error *err)
{
    const struct vcl_device_info *device = vcl_ctx_device(model->ctx);
    uint32_t low = 0, high = model->batch; /* low fits, high does not */
    struct need need;
    bool fit;
    enum vcl_status r;
    TRY(fits(model, high, &fit, err));
    if (fit)
        return VCL_OK;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        TRY(fits(model, middle, &fit, err));
        *(fit ? &low : &high) = middle;
    }
    TRY(need_of(model, model->batch, &need, err));
    r = ERR(err, VCL_E_DEVMEM,
            "this model with --batch %u needs %.1f MiB, '%s' has %.1f MiB "
            "(at most %.1f MiB a buffer)",
            model->batch, (double)need.all / (1 << 20), device->name,
            (double)device->memory / (1 << 20), (double)device->max_alloc / (1 << 20));
    return low ? vcl_error_hint(err, r, "--batch %u would fit", low)
               : vcl_error_hint(err, r, "the model itself is too large for this device");
out:
    return r;
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
    size_t labels_size = model->condition->build ? ids_size : 0;
    model->second_offset = round_up(sizeof(struct vcl_step), step);
    model->ids_offset = 2 * model->second_offset;
    model->labels_offset = model->ids_offset + round_up(ids_size, step);
    model->raw_offset = model->labels_offset + round_up(labels_size, step);
    size_t size = model->raw_offset + raw_size;
    TRY(vcl_buf_create(model->ctx, size, &model->input, err));
    TRY(vcl_buf_view(model->input, 0, sizeof(struct vcl_step), &model->step, err));
    TRY(vcl_buf_view(model->input, model->second_offset, sizeof(struct vcl_step),
                     &model->second_step, err));
    TRY(vcl_buf_view(model->input, model->ids_offset, ids_size, &model->ids, err));
    TRY(vcl_buf_view(model->input, model->raw_offset, raw_size, &model->raw, err));
    if (labels_size)
        TRY(vcl_buf_view(model->input, model->labels_offset, labels_size, &model->labels, err));
    TRY(vcl_upload_create(model->ctx, size, &model->upload, err));
    TRY(vcl_buf_create(model->ctx, raw_size, &model->x, err));
out:
    return r;
}

enum vcl_status vcl_model_create(struct vcl_ctx *ctx, const struct vcl_config *config,
                                 struct vcl_shape shape, uint32_t batch, bool trainable,
                                 struct vcl_model **ret_model, struct vcl_error *err)
{
    return vcl_model_create_for(ctx, config, shape, batch, trainable, NULL, ret_model, err);
}

static enum vcl_status find_parts(struct vcl_model *model, struct vcl_error *err)
{
    const struct vcl_config *config = model->config;
    const void *row;
    enum vcl_status r;
    TRY(vcl_config_choose(config, "likelihood", vcl_likelihoods, config->likelihood, &model->arena,
                          &row, &model->likelihood_config, err));
    model->likelihood = row;
    TRY(vcl_config_choose(config, "objective", vcl_objective_defs, config->objective, &model->arena,
                          &row, &model->objective_config, err));
    model->objective = row;
    TRY(vcl_config_choose(config, "prior", vcl_prior_defs, config->prior, &model->arena, &row,
                          &model->prior_config, err));
    model->prior = row;
    if (model->prior->components && !model->objective->stochastic)
        FAIL(err, VCL_E_ARG, "a model '%s' has no prior: '%s' is none for it",
             model->objective->name, config->prior);
    TRY(vcl_config_choose(config, "condition", vcl_condition_defs, config->condition, &model->arena,
                          &row, &model->condition_config, err));
    model->condition = row;
    if (model->condition->build && config->classes == 0) {
        r = ERR(err, VCL_E_ARG, "a model with the condition '%s' needs its number of classes",
                model->condition->name);
        r = vcl_error_hint(err, r, "set 'classes', as training does by the data's labels");
    }
out:
    return r;
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
    vcl_params_init(&model->params, ctx);
    TRY(vcl_config_copy(config, &model->config, err));
    TRY(find_parts(model, err));
    TRY(vcl_model_build(model, &model->objective_graph, err));
    if (weights)
        TRY(weights->check(weights, &model->params, err));
    vcl_graph_prepare(&model->objective_graph.graph, trainable);
    TRY(check_memory(model, err));
    TRY(vcl_params_allocate(&model->params, trainable, err));
    if (!weights)
        TRY(vcl_params_draw(&model->params, config->seed, err));
    TRY(make_input(model, err));
    if (trainable)
        TRY(vcl_graph_place(&model->objective_graph.graph, &(struct vcl_placing){.batch = batch},
                            err));
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
    struct vcl_buf **bufs[] = {&model->step, &model->second_step, &model->ids, &model->labels,
                               &model->raw,  &model->x,           &model->eps, &model->input};
    vcl_upload_destroy(&model->upload);
    for (size_t i = 0; i < sizeof bufs / sizeof *bufs; i++)
        vcl_buf_destroy(bufs[i]);
    vcl_build_destroy(&model->encode);
    vcl_build_destroy(&model->decode);
    vcl_build_destroy(&model->elbo);
    vcl_build_destroy(&model->components);
    vcl_graph_finish(&model->objective_graph.graph);
    vcl_params_finish(&model->params);
    vcl_config_destroy(&model->config);
    vcl_arena_finish(&model->arena);
    free(model);
    *ret_model = NULL;
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
        .likelihood = model->config->likelihood,
        .objective = model->config->objective,
        .has_density = model->likelihood->density && model->objective->stochastic,
        .stochastic = model->objective->stochastic,
        .seed = model->config->seed,
        .steps = model->steps,
        .binarize = model->config->binarize,
        .condition = model->config->condition,
        .classes = model->condition->build ? (uint32_t)model->config->classes : 0,
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
    enum vcl_status r;
    if (a.height != b.height || a.width != b.width || a.channels != b.channels)
        return ERR(err, VCL_E_SHAPE,
                   "'%s': examples are %u x %u x %u, the model was trained on %u x %u x %u",
                   set->name, a.height, a.width, a.channels, b.height, b.width, b.channels);
    TRY(vcl_condition_accepts(model->condition, model->config->classes, set, err));
    TRY(vcl_check_range(model->likelihood, set, err));
out:
    return r;
}
