/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "vae/model_file.h"

struct options {
    const char *split;
};

static const struct vcl_opt opts[] = {
    {.key = "split",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, split),
     .arg = "NAME",
     .help = "of a data set: train, test or all"},
    {0},
};

static const struct options defaults = {.split = "all"};

/* ---- a data set ---- */

static json_t *label_counts(const struct vcl_dataset *set)
{
    json_t *counts = json_array();
    for (int32_t c = 0; c < set->classes; c++) {
        json_int_t n = 0;
        for (size_t i = 0; i < set->count; i++)
            n += set->labels[i] == c;
        json_array_append_new(counts, json_integer(n));
    }
    return counts;
}

static void print_data(const struct vcl_dataset *set, const struct vcl_data_summary *s,
                       const json_t *labels)
{
    printf("data set        %s (%s)\n", set->name, set->format);
    printf("examples        %zu of %u x %u x %u, %s\n", set->count, set->shape.height,
           set->shape.width, set->shape.channels,
           set->dtype == VCL_U8 ? "bytes, seen as value / 255" : "floats");
    printf("values          %g to %g, mean %.4f; %zu columns constant\n", s->min, s->max, s->mean,
           s->constant_columns);
    if (isfinite(s->grey_entropy))
        printf("floors          %.2f nats (entropy of the values), %.2f (independent pixels)\n",
               s->grey_entropy, s->pixel_floor);
    if (set->classes) {
        printf("labels          %d classes:", set->classes);
        for (size_t i = 0; i < json_array_size(labels); i++)
            printf(" %lld", (long long)json_integer_value(json_array_get(labels, i)));
        printf("\n");
    }
}

static enum vcl_status data_info(struct cli *cli, const char *path, const char *split)
{
    struct vcl_dataset *set = NULL;
    struct vcl_data_summary s;
    enum vcl_status r;
    TRY(vcl_dataset_open(&(struct vcl_data_params){.source = path, .split = split}, &set,
                         &cli->err));
    TRY(vcl_dataset_summarise(set, &s, &cli->err));
    json_t *labels = label_counts(set);
    if (cli->common.json)
        print_json(
            json_pack("{s:s, s:o, s:s, s:I, s:[I, I, I], s:s, s:f, s:f, s:f, s:I, s:o, s:o, s:O}",
                      "kind", "data", "name", vcl_json_text(set->name), "format", set->format, "n",
                      (json_int_t)set->count, "shape", (json_int_t)set->shape.height,
                      (json_int_t)set->shape.width, (json_int_t)set->shape.channels, "dtype",
                      set->dtype == VCL_U8 ? "u8" : "f32", "min", s.min, "max", s.max, "mean",
                      s.mean, "constant_columns", (json_int_t)s.constant_columns, "grey_entropy",
                      number_or_null(s.grey_entropy), "pixel_floor", number_or_null(s.pixel_floor),
                      "labels", labels));
    else
        print_data(set, &s, labels);
    json_decref(labels);
out:
    vcl_dataset_destroy(&set);
    return r;
}

/* ---- a model ---- */

static json_t *shape_json(const struct vcl_st_tensor *tensor)
{
    json_t *shape = json_array();
    for (uint32_t d = 0; d < tensor->dims; d++)
        json_array_append_new(shape, json_integer(tensor->shape[d]));
    return shape;
}

static json_t *model_json(const struct vcl_st_file *file)
{
    const char *spec = vcl_st_metadata(file, "spec"), *steps = vcl_st_metadata(file, "steps");
    json_t *tensors = json_object();
    json_int_t parameters = 0;
    for (size_t i = 0; i < file->count; i++) {
        json_object_set_new(tensors, file->tensors[i].name, shape_json(&file->tensors[i]));
        parameters += (json_int_t)file->tensors[i].count;
    }
    json_t *description = spec ? json_loads(spec, 0, NULL) : NULL;
    return json_pack("{s:s, s:o, s:s, s:I, s:o}", "kind", "model", "spec",
                     description ? description : json_null(), "steps", steps ? steps : "0",
                     "values", parameters, "tensors", tensors);
}

static void print_group(const json_t *group)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)group, key, value)
    {
        char *text = vcl_json_dump(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(7));
        printf("%-15s %s\n", key, text ? text : "");
        free(text);
    }
}

static void print_model(const char *path, const json_t *info)
{
    const char *key;
    json_t *value;
    printf("model           %s\n", path);
    print_group(json_object_get(info, "spec"));
    printf("steps           %s\n", json_string_value(json_object_get(info, "steps")));
    printf("values          %lld in %zu tensors\n",
           (long long)json_integer_value(json_object_get(info, "values")),
           json_object_size(json_object_get(info, "tensors")));
    json_object_foreach(json_object_get(info, "tensors"), key, value)
    {
        char *text = vcl_json_dump(value, JSON_COMPACT);
        printf("  %-28s %s\n", key, text ? text : "");
        free(text);
    }
}

/* ---- a run folder ---- */

/* NULL in *ret_object if there is no config.json; one that no command would take is an error. */
static enum vcl_status read_config(const char *folder, json_t **ret_object, struct vcl_error *err)
{
    struct vcl_config *config = NULL;
    struct vcl_run_data data;
    char *path = NULL;
    enum vcl_status r;
    *ret_object = NULL;
    TRY(vcl_path_join(folder, "config.json", &path, err));
    if (!vcl_file_exists(path))
        goto out;
    TRY(vcl_run_config(folder, &config, &data, err));
    *ret_object = json_load_file(path, 0, NULL);
    if (!*ret_object)
        FAIL(err, VCL_E_IO, "cannot read '%s'", path);
out:
    vcl_config_destroy(&config);
    free(path);
    return r;
}

/* The last whole line of metrics.jsonl; NULL in *ret_line if there is no such file. */
static enum vcl_status last_metrics(const char *folder, json_t **ret_line, struct vcl_error *err)
{
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size = 0;
    enum vcl_status r;
    *ret_line = NULL;
    TRY(vcl_path_join(folder, "metrics.jsonl", &path, err));
    if (!vcl_file_exists(path))
        goto out;
    TRY(vcl_file_read(path, &text, &size, err));
    size_t start = size ? size - 1 : 0;
    while (start && text[start - 1] != '\n')
        start--;
    *ret_line = json_loadb((const char *)text + start, size - start, 0, NULL);
    if (!*ret_line)
        FAIL(err, VCL_E_FORMAT, "'%s': its last line is not JSON", path);
out:
    free(path);
    free(text);
    return r;
}

/* What the folder knows beside the model; nothing if it is not a run's. */
static enum vcl_status add_run(json_t *info, const char *folder, struct vcl_error *err)
{
    json_t *config = NULL, *metrics = NULL;
    enum vcl_status r;
    TRY(read_config(folder, &config, err));
    TRY(last_metrics(folder, &metrics, err));
    if (config)
        json_object_set(info, "run", config);
    if (metrics)
        json_object_set(info, "metrics", metrics);
out:
    json_decref(config);
    json_decref(metrics);
    return r;
}

static void print_run(const json_t *info)
{
    const json_t *run = json_object_get(info, "run");
    const char *device = json_string_value(json_object_get(run, "device"));
    const char *gemm = json_string_value(json_object_get(run, "gemm"));
    const json_t *data = json_object_get(run, "data");
    const char *data_source = json_string_value(json_object_get(data, "source"));
    if (run)
        printf("\ntrained on      %s, %lld examples, by %s (%s)\n", data_source ? data_source : "?",
               (long long)json_integer_value(json_object_get(data, "count")), device ? device : "?",
               gemm ? gemm : "?");
    print_group(json_object_get(info, "metrics"));
}

static enum vcl_status model_info(struct cli *cli, const char *path)
{
    struct vcl_st_file file = {0};
    char *name = NULL;
    json_t *info = NULL;
    enum vcl_status r;
    TRY(vcl_model_path(path, &name, &cli->err));
    TRY(vcl_st_read(name, &file, &cli->err));
    info = model_json(&file);
    if (vcl_is_folder(path))
        TRY(add_run(info, path, &cli->err));
    if (cli->common.json) {
        print_json(json_incref(info));
    } else {
        print_model(name, info);
        print_run(info);
    }
out:
    json_decref(info);
    vcl_st_finish(&file);
    free(name);
    return r;
}

static bool is_model(const char *path)
{
    char *file = NULL;
    bool found = vcl_ends_with(path, ".safetensors");
    if (!found && vcl_is_folder(path) &&
        vcl_path_join(path, "model.safetensors", &file, NULL) == VCL_OK)
        found = vcl_file_exists(file);
    free(file);
    return found;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    if (cli->n_positional != 1) {
        enum vcl_status r = ERR(&cli->err, VCL_E_ARG, "a path or data set is needed");
        return vcl_error_hint(&cli->err, r, "for instance: vae-cl info runs/mnist-fc-1");
    }
    const char *path = cli->positional[0];
    return is_model(path) ? model_info(cli, path) : data_info(cli, path, o->split);
}

const struct command command_info = {
    .name = "info",
    .summary = "What is in a model, a run folder or a data set",
    .usage = "PATH [--split NAME] [--json]",
    .example = "  vae-cl info runs/mnist-fc-1\n  vae-cl info digits --split test\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .max_positional = 1,
    .run = run,
};
