/* SPDX-License-Identifier: MIT
 *
 * config.json of a run folder: what a run is of, and on what data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/crc32.h"
#include "base/file.h"
#include "base/json.h"
#include "train/trainer.h"
#include "vaecl/vaecl.h"

/* Tells one data set from another, for --resume. */
static uint32_t fingerprint(const struct vcl_dataset *set)
{
    size_t size = set->count * vcl_shape_size(set->shape) * (set->dtype == VCL_U8 ? 1 : 4);
    return vcl_crc32(0, set->values, size);
}

enum vcl_status vcl_run_write_config(const struct vcl_trainer *trainer, struct vcl_error *err)
{
    const struct vcl_train_params *params = trainer->params;
    json_t *config;
    enum vcl_status r = vcl_config_to_json(trainer->config, false, &config, err);
    if (r < 0)
        return r;
    json_t *object = json_pack(
        "{s:o, s:{s:o, s:s?, s:s?, s:I, s:I}, s:o, s:s, s:s, s:s}", "config", config, "data",
        "source", vcl_json_text(params->data ? params->data : params->train->name), "split",
        params->split, "test", params->test_split, "count", (json_int_t)params->train->count,
        "crc32", (json_int_t)fingerprint(params->train), "device",
        vcl_json_text(vcl_ctx_device(trainer->ctx)->name), "gemm", vcl_gemm_chosen(trainer->ctx),
        "precision", vcl_ctx_precision(trainer->ctx), "version", vcl_version());
    char *text =
        object ? vcl_json_dump(object, JSON_INDENT(2) | vcl_config_digits(trainer->config)) : NULL;
    struct vcl_str file = {0};
    json_decref(object);
    if (!text)
        return ERR(err, VCL_E_NOMEM, "cannot write config.json");
    vcl_str_add(&file, "%s\n", text);
    free(text);
    r = vcl_str_check(&file, err);
    if (r == VCL_OK)
        r = vcl_run_write_text(params->out, "config.json", file.text, file.len, err);
    vcl_str_finish(&file);
    return r;
}

enum vcl_status vcl_run_same_data(const struct vcl_trainer *trainer, struct vcl_error *err)
{
    char *path = NULL;
    json_t *object = NULL;
    json_error_t problem;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, "config.json", &path, err));
    object = json_load_file(path, 0, &problem);
    const json_t *data = json_object_get(object, "data"), *size = json_object_get(data, "count");
    json_int_t count = json_integer_value(size);
    json_int_t crc = json_integer_value(json_object_get(data, "crc32"));
    if (!json_is_integer(size))
        FAIL(err, VCL_E_FORMAT, "'%s' does not say what data the run was started on", path);
    if (count != (json_int_t)trainer->params->train->count ||
        crc != (json_int_t)fingerprint(trainer->params->train))
        FAIL(err, VCL_E_ARG, "'%s' is not the data that '%s' was started on",
             trainer->params->train->name, trainer->params->out);
out:
    json_decref(object);
    free(path);
    return r;
}

/* ---- reading a run's configuration ---- */

static enum vcl_status keep_text(const json_t *object, const char *key, struct vcl_config *config,
                                 const char **ret_text, struct vcl_error *err)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? vcl_config_keep(config, text, ret_text, err) : VCL_OK;
}

static enum vcl_status read_data(const json_t *object, struct vcl_config *config,
                                 struct vcl_run_data *data, struct vcl_error *err)
{
    json_int_t count = json_integer_value(json_object_get(object, "count"));
    enum vcl_status r;
    *data = (struct vcl_run_data){.count = count > 0 ? (size_t)count : 0};
    TRY(keep_text(object, "source", config, &data->source, err));
    TRY(keep_text(object, "split", config, &data->split, err));
    TRY(keep_text(object, "test", config, &data->test_split, err));
out:
    return r;
}

static enum vcl_status parse_config(const char *text, size_t size, struct vcl_config *config,
                                    struct vcl_run_data *data, struct vcl_error *err)
{
    json_error_t problem;
    enum vcl_status r;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &problem);
    if (!object)
        return ERR(err, VCL_E_FORMAT, "line %d: %s", problem.line, problem.text);
    TRY(vcl_config_apply_json(config, json_object_get(object, "config"), NULL, err));
    TRY(read_data(json_object_get(object, "data"), config, data, err));
out:
    json_decref(object);
    return r;
}

enum vcl_status vcl_run_config(const char *folder, struct vcl_config **ret_config,
                               struct vcl_run_data *ret_data, struct vcl_error *err)
{
    struct vcl_config *config = NULL;
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size;
    enum vcl_status r;
    TRY(vcl_path_join(folder, "config.json", &path, err));
    TRY(vcl_file_read(path, &text, &size, err));
    TRY(vcl_config_create(&config, err));
    r = parse_config((const char *)text, size, config, ret_data, err);
    if (r < 0) {
        vcl_error_wrap(err, r, "'%s'", path);
        goto out;
    }
    *ret_config = config;
    config = NULL;
out:
    vcl_config_destroy(&config);
    free(text);
    free(path);
    return r;
}
