/* SPDX-License-Identifier: MIT
 *
 * config.json of a run folder: what a run is of, and on what data.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "train/trainer.h"
#include "vae/config.h"
#include "vaecl/vaecl.h"

enum vcl_status vcl_run_write_config(const struct vcl_trainer *trainer, struct vcl_error *err)
{
    const struct vcl_train_params *params = trainer->params;
    json_t *config = NULL, *data = NULL;
    char *text = NULL, *path = NULL;
    struct vcl_str file = {0};
    enum vcl_status r;
    TRY(vcl_config_to_json(trainer->config, false, &config, err));
    TRY(vcl_run_data_to_json(params, &data, err));
    json_t *object = json_pack("{s:O, s:O, s:o, s:s, s:s, s:s}", "config", config, "data", data,
                               "device", vcl_json_text(vcl_ctx_device(trainer->ctx)->name), "gemm",
                               vcl_gemm_chosen(trainer->ctx), "precision",
                               vcl_ctx_precision(trainer->ctx), "version", vcl_version());
    if (object)
        text = vcl_json_dump(object, JSON_INDENT(2) | vcl_config_digits(trainer->config));
    json_decref(object);
    if (!text)
        FAIL(err, VCL_E_NOMEM, "cannot write config.json");
    vcl_str_add(&file, "%s\n", text);
    TRY(vcl_str_check(&file, err));
    TRY(vcl_path_join(params->out, "config.json", &path, err));
    TRY(vcl_file_write(path, file.text, file.len, true, err));
out:
    vcl_str_finish(&file);
    free(text);
    free(path);
    json_decref(config);
    json_decref(data);
    return r;
}

/* ---- reading a run's configuration ---- */

/* What came after 0.1.0; before, all was as its default is now. */
static const char *const later[] = {"prior", "condition", "classes", NULL};

static bool came_later(const char *key)
{
    for (const char *const *name = later; *name; name++) {
        if (strcmp(key, *name) == 0)
            return true;
    }
    return false;
}

/* No default stands in for an option that is not there, but for those that came later. */
static enum vcl_status check_whole(const json_t *config, struct vcl_error *err)
{
    for (const struct vcl_opt *row = vcl_config_options; row->key; row++) {
        if (!came_later(row->key) && !json_object_get(config, row->key))
            return ERR(err, VCL_E_FORMAT, "the configuration has no '%s'", row->key);
    }
    return VCL_OK;
}

static enum vcl_status parse_config(const char *text, size_t size, struct vcl_config *config,
                                    struct vcl_run_data *data, struct vcl_error *err)
{
    json_error_t problem;
    enum vcl_status r;
    json_t *object = vcl_json_load(text, size, &problem);
    if (!object)
        return ERR(err, VCL_E_FORMAT, "line %d: %s", problem.line, problem.text);
    TRY(vcl_config_apply_json(config, json_object_get(object, "config"), NULL, err));
    TRY(check_whole(json_object_get(object, "config"), err));
    TRY(vcl_run_data_parse(json_object_get(object, "data"), config, data, err));
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
