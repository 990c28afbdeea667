/* SPDX-License-Identifier: MIT */
#include "vae/model_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

enum { DEFAULT_BATCH = 256 };

static enum vcl_status metadata(const struct vcl_model *model, const json_t *extra,
                                json_t **ret_metadata, struct vcl_error *err)
{
    json_t *spec;
    enum vcl_status r = vcl_config_to_json(model->config, true, &spec, err);
    if (r < 0)
        return r;
    int bad = json_object_set_new(spec, "shape",
                                  json_pack("[I, I, I]", (json_int_t)model->shape.height,
                                            (json_int_t)model->shape.width,
                                            (json_int_t)model->shape.channels));
    char *text = bad ? NULL : vcl_json_dump(spec, JSON_COMPACT | vcl_config_digits(model->config));
    json_decref(spec);
    char steps[32];
    snprintf(steps, sizeof steps, "%llu", (unsigned long long)model->steps);
    /* Bytes are seen as value / 255 and floats as they are, whatever the file the data came from.
     */
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "format", "vae-cl", "version", "1", "spec",
                  text ? text : "", "normalisation", "bytes/255", "steps", steps);
    bad = !text || !object || (extra && json_object_update(object, (json_t *)extra) != 0);
    free(text);
    if (bad) {
        json_decref(object);
        return ERR(err, VCL_E_NOMEM, "cannot write the model's description");
    }
    *ret_metadata = object;
    return VCL_OK;
}

static enum vcl_status check_finite(const struct vcl_st_tensor *tensor, enum vcl_status status,
                                    struct vcl_error *err)
{
    for (size_t i = 0; i < tensor->count; i++) {
        if (!isfinite(tensor->values[i]))
            return ERR(err, status, "tensor '%s' holds a value that is not finite at %zu",
                       tensor->name, i);
    }
    return VCL_OK;
}

/* What model and checkpoint are made of. */
struct tensor_list {
    struct vcl_arena arena;
    struct vcl_st_tensor *tensors;
    size_t count;
};

/* Reads a flat buffer and adds a tensor for each parameter that lies in it; names are prefix +
 * parameter. */
static enum vcl_status add_tensors(const struct vcl_params *params, struct vcl_buf *flat,
                                   const char *prefix, struct tensor_list *list,
                                   struct vcl_error *err)
{
    float *values;
    size_t size = vcl_buf_size(flat);
    enum vcl_status r;
    TRY(vcl_arena_alloc(&list->arena, size, &values, err));
    TRY(vcl_buf_read(flat, 0, size, values, err));
    for (size_t i = 0; i < params->count; i++) {
        const struct vcl_param *p = &params->items[i];
        struct vcl_st_tensor *tensor = &list->tensors[list->count];
        char name[112], *copy;
        if (p->is_state && flat != params->value)
            continue;
        snprintf(name, sizeof name, "%s%s", prefix, p->name);
        TRY(vcl_arena_strdup(&list->arena, name, &copy, err));
        *tensor = (struct vcl_st_tensor){
            .name = copy, .dims = p->dims, .count = p->count, .values = values + p->offset};
        memcpy(tensor->shape, p->shape, sizeof p->shape);
        list->count++;
        /* Such a file could not be read back; the one that is there stays. */
        TRY(check_finite(tensor, VCL_E_NUMERIC, err));
    }
out:
    return r;
}

enum vcl_status vcl_model_write(struct vcl_model *model, const struct vcl_model_extra *extra,
                                struct vcl_writer *writer, struct vcl_error *err)
{
    const struct vcl_params *params = &model->params;
    struct tensor_list list = {0};
    json_t *meta = NULL;
    int states = extra ? extra->states : 0;
    size_t most = (size_t)(1 + states) * params->count + 1;
    enum vcl_status r;
    TRY(vcl_params_need_states(&model->params, states, err));
    TRY(metadata(model, extra ? extra->metadata : NULL, &meta, err));
    TRY(vcl_arena_alloc(&list.arena, most * sizeof *list.tensors, &list.tensors, err));
    TRY(add_tensors(params, params->value, "", &list, err));
    for (int i = 0; i < states; i++) {
        char prefix[24];
        snprintf(prefix, sizeof prefix, "state%d/", i);
        TRY(add_tensors(params, params->state[i], prefix, &list, err));
    }
    if (extra && extra->text)
        list.tensors[list.count++] = *extra->text;
    TRY(vcl_st_write(writer, list.tensors, list.count, meta, err));
out:
    json_decref(meta);
    vcl_arena_finish(&list.arena);
    return r;
}

enum vcl_status vcl_model_save(struct vcl_model *model, const char *path, bool replace,
                               struct vcl_error *err)
{
    struct vcl_writer writer;
    enum vcl_status r = vcl_writer_init(&writer, path, replace, err);
    if (r < 0)
        return r;
    TRY(vcl_model_write(model, NULL, &writer, err));
    TRY(vcl_writer_commit(&writer, err));
out:
    vcl_writer_finish(&writer);
    return r;
}

static enum vcl_status wrong_shape(const struct vcl_st_tensor *tensor,
                                   const struct vcl_param *param, struct vcl_error *err)
{
    struct vcl_str needed = {0};
    for (uint32_t i = 0; i < param->dims; i++)
        vcl_str_add(&needed, "%s%u", i ? " x " : "", param->shape[i]);
    enum vcl_status r =
        ERR(err, VCL_E_FORMAT, "tensor '%s' has %zu values in %u dimensions, the model needs %s",
            tensor->name, tensor->count, tensor->dims, needed.text ? needed.text : "others");
    vcl_str_finish(&needed);
    return r;
}

static enum vcl_status find_tensor(const struct vcl_st_file *file, const char *prefix,
                                   const struct vcl_param *param,
                                   const struct vcl_st_tensor **ret_tensor, struct vcl_error *err)
{
    char name[112];
    snprintf(name, sizeof name, "%s%s", prefix, param->name);
    const struct vcl_st_tensor *tensor = vcl_st_find(file, name);
    if (!tensor)
        return ERR(err, VCL_E_FORMAT, "tensor '%s' is missing", name);
    if (tensor->is_text || tensor->dims != param->dims || tensor->count != param->count ||
        memcmp(tensor->shape, param->shape, param->dims * sizeof *param->shape) != 0)
        return wrong_shape(tensor, param, err);
    *ret_tensor = tensor;
    return check_finite(tensor, VCL_E_FORMAT, err);
}

static enum vcl_status read_flat(struct vcl_model *model, const struct vcl_st_file *file,
                                 const char *prefix, struct vcl_buf *flat, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *p = &model->params.items[i];
        const struct vcl_st_tensor *tensor = NULL;
        if (p->is_state && flat != model->params.value)
            continue;
        TRY(find_tensor(file, prefix, p, &tensor, err));
        TRY(vcl_buf_write(flat, p->offset * sizeof(float), p->count * sizeof(float), tensor->values,
                          err));
    }
out:
    return r;
}

enum vcl_status vcl_model_read_states(struct vcl_model *model, const struct vcl_st_file *file,
                                      int states, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_params_need_states(&model->params, states, err));
    for (int i = 0; i < states; i++) {
        char prefix[24];
        snprintf(prefix, sizeof prefix, "state%d/", i);
        TRY(read_flat(model, file, prefix, model->params.state[i], err));
    }
out:
    return r;
}

static enum vcl_status read_spec(const struct vcl_st_file *file, struct vcl_config *config,
                                 struct vcl_shape *ret_shape, struct vcl_error *err)
{
    static const char *const not_options[] = {"shape", NULL};
    const char *format = vcl_st_metadata(file, "format"), *text = vcl_st_metadata(file, "spec");
    const char *version = vcl_st_metadata(file, "version");
    enum vcl_status r;
    json_error_t problem;
    if (!format || strcmp(format, "vae-cl") != 0 || !text)
        return ERR(err, VCL_E_FORMAT, "not a model of vae-cl: its metadata has no description");
    if (!version || strcmp(version, "1") != 0)
        return ERR(err, VCL_E_FORMAT, "the model's format version is %s, this program reads 1",
                   version ? version : "missing");
    json_t *spec = vcl_json_load(text, strlen(text), &problem);
    if (!spec)
        return ERR(err, VCL_E_FORMAT, "the model's description is not JSON: %s", problem.text);
    TRY(vcl_shape_from_json(spec, ret_shape, err));
    TRY(vcl_config_apply_json(config, spec, not_options, err));
out:
    json_decref(spec);
    return r;
}

static enum vcl_status check_weights(const struct vcl_weights *weights,
                                     const struct vcl_params *params, struct vcl_error *err)
{
    const struct vcl_st_tensor *tensor;
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < params->count; i++)
        TRY(find_tensor(weights->user, "", &params->items[i], &tensor, err));
out:
    return r;
}

/* Without a batch of the caller's, the largest that fits of a few. */
static enum vcl_status make_model(struct vcl_ctx *ctx, const struct vcl_config *config,
                                  const struct vcl_st_file *file, struct vcl_shape shape,
                                  uint32_t batch, bool trainable, struct vcl_model **ret_model,
                                  struct vcl_error *err)
{
    const struct vcl_weights weights = {.check = check_weights, .user = file};
    uint32_t rows = batch ? batch : DEFAULT_BATCH;
    enum vcl_status r;
    do
        r = vcl_model_create_for(ctx, config, shape, rows, trainable, &weights, ret_model, err);
    while (!batch && r == VCL_E_DEVMEM && (rows /= 4) > 0);
    return r;
}

enum vcl_status vcl_model_from_file(struct vcl_ctx *ctx, const struct vcl_st_file *file,
                                    uint32_t batch, bool trainable, struct vcl_model **ret_model,
                                    struct vcl_error *err)
{
    struct vcl_config *config = NULL;
    struct vcl_model *model = NULL;
    struct vcl_shape shape;
    const char *steps = vcl_st_metadata(file, "steps");
    enum vcl_status r;
    TRY(vcl_config_create(&config, err));
    TRY(read_spec(file, config, &shape, err));
    TRY(make_model(ctx, config, file, shape, batch, trainable, &model, err));
    TRY(read_flat(model, file, "", model->params.value, err));
    if (!steps || !vcl_parse_u64(steps, &model->steps))
        FAIL(err, VCL_E_FORMAT, "the metadata's number of steps is missing");
    *ret_model = model;
    model = NULL;
out:
    vcl_model_destroy(&model);
    vcl_config_destroy(&config);
    if (r == VCL_E_ARG || r == VCL_E_SHAPE) { /* it came from the file, not from the user */
        r = VCL_E_FORMAT;
        if (err)
            err->status = r;
    }
    return r;
}

enum vcl_status vcl_model_path(const char *path, char **ret_file, struct vcl_error *err)
{
    if (vcl_is_folder(path))
        return vcl_path_join(path, "model.safetensors", ret_file, err);
    char *copy;
    enum vcl_status r = vcl_alloc(strlen(path) + 1, 1, &copy, err);
    if (r < 0)
        return r;
    strcpy(copy, path);
    *ret_file = copy;
    return VCL_OK;
}

enum vcl_status vcl_model_load(struct vcl_ctx *ctx, const char *path, uint32_t batch,
                               struct vcl_model **ret_model, struct vcl_error *err)
{
    struct vcl_st_file file = {0};
    char *name = NULL;
    enum vcl_status r;
    TRY(vcl_model_path(path, &name, err));
    TRY(vcl_st_read(name, &file, err));
    r = vcl_model_from_file(ctx, &file, batch, false, ret_model, err);
    if (r < 0)
        vcl_error_wrap(err, r, "'%s'", name);
out:
    vcl_st_finish(&file);
    free(name);
    return r;
}
