/* SPDX-License-Identifier: MIT
 *
 * Descriptions of models, a line each for encoder, latent, decoder, output and likelihood: from
 * text to a model on a device. What can be made can be made again from what it says of itself; a
 * model file that has the description alone is refused.
 */
#include <stdlib.h>
#include <string.h>

#include "on_device.h"
#include "vae/config.h"
#include "vae/model.h"
#include "vae/model_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Small enough for a thousand models. */
static const struct vcl_shape shape = {6, 6, 2};
enum { BATCH = 3 };

static const char *const not_options[] = {"shape", NULL};

static struct vcl_model *make(const json_t *spec)
{
    struct vcl_error err = {0};
    struct vcl_config *config;
    struct vcl_model *model = NULL;
    if (vcl_config_create(&config, NULL) < 0)
        abort();
    enum vcl_status r = vcl_config_apply_json(config, spec, not_options, &err);
    if (r == VCL_OK)
        r = vcl_model_create(fuzz_context(), config, shape, BATCH, true, &model, &err);
    fuzz_check_status(r, &err);
    if ((r == VCL_OK) != (model != NULL))
        abort();
    vcl_config_destroy(&config);
    return model;
}

static void make_again(const struct vcl_model *model)
{
    json_t *spec;
    if (vcl_config_to_json(model->config, true, &spec, NULL) < 0)
        abort();
    struct vcl_model *again = make(spec);
    if (!again || again->params.count != model->params.count)
        abort();
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *one = &model->params.items[i], *two = &again->params.items[i];
        if (one->count == 0 || one->count != two->count || strcmp(one->name, two->name) != 0)
            abort();
    }
    vcl_model_destroy(&again);
    json_decref(spec);
}

/* A safetensors file that holds a description and nothing else. */
static unsigned char *file_of(json_t *spec, size_t *ret_size)
{
    json_object_set_new(spec, "shape",
                        json_pack("[i, i, i]", shape.height, shape.width, shape.channels));
    char *text = json_dumps(spec, 0);
    json_t *header = json_pack("{s:{s:s, s:s, s:s, s:s}}", "__metadata__", "format", "vae-cl",
                               "version", "1", "steps", "1", "spec", text);
    char *json = json_dumps(header, 0);
    size_t len = strlen(json);
    unsigned char *file = malloc(len + 8);
    if (!file)
        abort();
    for (int i = 0; i < 8; i++)
        file[i] = (unsigned char)(len >> 8 * i);
    memcpy(file + 8, json, len);
    free(text);
    free(json);
    json_decref(header);
    *ret_size = len + 8;
    return file;
}

static void as_file(json_t *spec)
{
    struct vcl_error err = {0};
    struct vcl_st_file file = {0};
    struct vcl_model *model = NULL;
    size_t size;
    unsigned char *bytes = file_of(spec, &size);
    enum vcl_status r = vcl_st_parse(bytes, size, &file, &err);
    if (r == VCL_OK)
        r = vcl_model_from_file(fuzz_context(), &file, BATCH, false, &model, &err);
    if (r >= 0 || model)
        abort();
    fuzz_check_status(r, &err);
    vcl_st_finish(&file);
}

/* A line an option; lines that are missing leave the default. NULL if a line is no UTF-8. */
static json_t *read_lines(const char *text, size_t size)
{
    static const char *const keys[] = {"encoder", "latent", "decoder", "output", "likelihood"};
    json_t *spec = json_object();
    size_t used = 0;
    for (size_t i = 0; i < sizeof keys / sizeof *keys && used < size; i++) {
        const char *end = memchr(text + used, '\n', size - used);
        size_t len = end ? (size_t)(end - text) - used : size - used;
        char *stop;
        long long number = strtoll(text + used, &stop, 10);
        json_t *value = i == 1 && stop == text + used + len ? json_integer(number)
                                                            : json_stringn(text + used, len);
        if (json_object_set_new(spec, keys[i], value) != 0) {
            json_decref(spec);
            return NULL;
        }
        used += len + 1;
    }
    return spec;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    json_t *spec = read_lines(text, size);
    struct vcl_model *model = spec ? make(spec) : NULL;
    if (model)
        make_again(model);
    if (spec)
        as_file(spec);
    vcl_model_destroy(&model);
    json_decref(spec);
    free(text);
    return 0;
}
