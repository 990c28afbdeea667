/* SPDX-License-Identifier: MIT
 *
 * The run folder: config.json, metrics.jsonl, model.safetensors, checkpoint.safetensors. Each file
 * is replaced as a whole, so that a run killed at any moment leaves readable ones.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/file.h"
#include "base/json.h"
#include "train/trainer.h"
#include "vae/model_file.h"
#include "vaecl/vaecl.h"

static enum vcl_status write_text(const char *folder, const char *name, const void *text,
                                  size_t size, struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(folder, name, &path, err));
    TRY(vcl_file_write(path, text, size, true, err));
out:
    free(path);
    return r;
}

/* Tells one data set from another, for --resume. */
static uint32_t fingerprint(const struct vcl_dataset *set)
{
    size_t size = set->count * vcl_shape_size(set->shape) * (set->dtype == VCL_U8 ? 1 : 4);
    const unsigned char *bytes = set->values;
    uLong crc = crc32(0, NULL, 0);
    while (size) {
        uInt part = size > 1u << 30 ? 1u << 30 : (uInt)size;
        crc = crc32(crc, bytes, part);
        bytes += part;
        size -= part;
    }
    return (uint32_t)crc;
}

static enum vcl_status write_config(const struct vcl_trainer *trainer, struct vcl_error *err)
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
        r = write_text(params->out, "config.json", file.text, file.len, err);
    vcl_str_finish(&file);
    return r;
}

static enum vcl_status holds_run(const char *folder, struct vcl_error *err)
{
    enum vcl_status r = ERR(err, VCL_E_EXISTS, "'%s' holds a run already", folder);
    char *path = NULL;
    if (vcl_path_join(folder, "checkpoint.safetensors", &path, NULL) == VCL_OK &&
        vcl_file_exists(path))
        vcl_error_hint(err, r, "continue it with --resume %s, or choose another --out", folder);
    else
        vcl_error_hint(err, r, "it has no checkpoint to continue from: choose another --out");
    free(path);
    return r;
}

static enum vcl_status refuse_used_folder(const char *folder, struct vcl_error *err)
{
    static const char *const names[] = {"config.json", "model.safetensors",
                                        "checkpoint.safetensors", "metrics.jsonl"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path;
        enum vcl_status r = vcl_path_join(folder, names[i], &path, err);
        if (r < 0)
            return r;
        bool used = vcl_file_exists(path);
        free(path);
        if (used) {
            return holds_run(folder, err);
        }
    }
    return VCL_OK;
}

enum vcl_status vcl_run_folder_start(struct vcl_trainer *trainer, struct vcl_error *err)
{
    enum vcl_status r;
    if (trainer->params->resume) /* with more epochs, perhaps */
        return trainer->at.epoch < (uint64_t)trainer->config->epochs ? write_config(trainer, err)
                                                                     : VCL_OK;
    TRY(refuse_used_folder(trainer->params->out, err));
    bool was_there = vcl_is_folder(trainer->params->out);
    TRY(vcl_make_folders(trainer->params->out, err));
    trainer->folder_made = !was_there;
    trainer->started = true;
    TRY(write_config(trainer, err));
out:
    return r;
}

void vcl_run_folder_abandon(struct vcl_trainer *trainer)
{
    static const char *const names[] = {"config.json", "metrics.jsonl", "model.safetensors"};
    if (!trainer->started || trainer->saved)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path;
        if (vcl_path_join(trainer->params->out, names[i], &path, NULL) < 0)
            return;
        remove(path);
        free(path);
    }
    if (trainer->folder_made)
        remove(trainer->params->out);
}

/* ---- checkpoints ---- */

static enum vcl_status write_checkpoint(struct vcl_trainer *trainer, struct vcl_error *err)
{
    const struct vcl_position *at = &trainer->at;
    char epoch[32], step[32], recon[48], kl[48], *path = NULL;
    enum vcl_status r;
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)at->epoch);
    snprintf(step, sizeof step, "%llu", (unsigned long long)at->step);
    snprintf(recon, sizeof recon, "%a", at->recon_sum); /* every bit of a double */
    snprintf(kl, sizeof kl, "%a", at->kl_sum);
    json_t *extra =
        json_pack("{s:s, s:s, s:s, s:s, s:s}", "epoch", epoch, "epoch_step", step, "recon_sum",
                  recon, "kl_sum", kl, "optimiser", trainer->optimiser->name);
    if (!extra)
        return ERR(err, VCL_E_NOMEM, "cannot write a checkpoint");
    TRY(vcl_path_join(trainer->params->out, "checkpoint.safetensors", &path, err));
    TRY(vcl_model_write(trainer->model, path, trainer->optimiser->states, extra, true, err));
    trainer->saved = true;
out:
    json_decref(extra);
    free(path);
    return r;
}

static enum vcl_status write_model(struct vcl_trainer *trainer, struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, "model.safetensors", &path, err));
    TRY(vcl_model_save(trainer->model, path, true, err));
out:
    free(path);
    return r;
}

enum vcl_status vcl_run_folder_checkpoint(struct vcl_trainer *trainer, bool model,
                                          struct vcl_error *err)
{
    enum vcl_status r;
    if (!trainer->params->out)
        return VCL_OK;
    if (model)
        TRY(write_model(trainer, err));
    TRY(write_checkpoint(trainer, err));
out:
    return r == VCL_E_NUMERIC ? vcl_error_wrap(err, r, "after step %llu",
                                               (unsigned long long)trainer->model->steps)
                              : r;
}

/* ---- metrics ---- */

/* Not a finite number: null. */
static int add_number(json_t *line, const char *key, double value)
{
    return json_object_set_new(line, key, isfinite(value) ? json_real(value) : json_null());
}

static int add_losses(json_t *line, const char *split, const struct vcl_losses *losses)
{
    int bad = 0;
    const struct {
        const char *name;
        double value;
    } parts[] = {{"loss", losses->loss}, {"recon", losses->recon}, {"kl", losses->kl}};
    for (size_t i = 0; i < 3; i++) {
        char key[32];
        snprintf(key, sizeof key, "%s_%s", split, parts[i].name);
        bad |= add_number(line, key, parts[i].value);
    }
    return bad;
}

static enum vcl_status metrics_line(const struct vcl_epoch *epoch, struct vcl_str *out,
                                    struct vcl_error *err)
{
    json_t *line = json_pack("{s:I, s:I}", "epoch", (json_int_t)epoch->epoch, "steps",
                             (json_int_t)epoch->steps);
    int bad = add_losses(line, "train", &epoch->train);
    if (epoch->has_valid)
        bad |= add_losses(line, "valid", &epoch->valid);
    if (epoch->has_test)
        bad |= add_losses(line, "test", &epoch->test);
    bad |= add_number(line, "seconds", epoch->seconds);
    bad |= add_number(line, "images_per_second", epoch->images_per_second);
    char *text = !bad ? vcl_json_dump(line, JSON_COMPACT | JSON_REAL_PRECISION(9)) : NULL;
    json_decref(line);
    if (!text)
        return ERR(err, VCL_E_NOMEM, "cannot write metrics.jsonl");
    vcl_str_add(out, "%s\n", text);
    free(text);
    return vcl_str_check(out, err);
}

enum vcl_status vcl_run_folder_epoch(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                     struct vcl_error *err)
{
    enum vcl_status r;
    if (!trainer->params->out)
        return VCL_OK;
    TRY(metrics_line(epoch, &trainer->metrics, err));
    TRY(write_text(trainer->params->out, "metrics.jsonl", trainer->metrics.text,
                   trainer->metrics.len, err));
    TRY(vcl_run_folder_checkpoint(trainer, true, err));
out:
    return r;
}

/* Takes over the first `epochs` lines; a run killed between metrics and checkpoint has one more. */
static enum vcl_status read_metrics(struct vcl_trainer *trainer, struct vcl_error *err)
{
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size, used = 0;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, "metrics.jsonl", &path, err));
    if (trainer->at.epoch == 0 && !vcl_file_exists(path))
        goto out;
    TRY(vcl_file_read(path, &text, &size, err));
    for (uint64_t line = 0; line < trainer->at.epoch; line++) {
        const unsigned char *end = memchr(text + used, '\n', size - used);
        if (!end)
            FAIL(err, VCL_E_FORMAT, "'%s' has fewer lines than the checkpoint has epochs", path);
        used = (size_t)(end - text) + 1;
    }
    vcl_str_add_bytes(&trainer->metrics, text, used);
    TRY(vcl_str_check(&trainer->metrics, err));
out:
    free(path);
    free(text);
    return r;
}

/* ---- resume ---- */

static bool read_position(const struct vcl_st_file *file, struct vcl_position *at)
{
    const char *epoch = vcl_st_metadata(file, "epoch"), *step = vcl_st_metadata(file, "epoch_step");
    const char *recon = vcl_st_metadata(file, "recon_sum"), *kl = vcl_st_metadata(file, "kl_sum");
    return epoch && step && recon && kl && vcl_parse_u64(epoch, &at->epoch) &&
           vcl_parse_u64(step, &at->step) && vcl_parse_f64(recon, &at->recon_sum) &&
           vcl_parse_f64(kl, &at->kl_sum);
}

/* The model that the checkpoint describes must be the one that config.json describes. */
static enum vcl_status same_model(const struct vcl_trainer *trainer, struct vcl_error *err)
{
    json_t *wanted = NULL, *found = NULL;
    enum vcl_status r;
    TRY(vcl_config_to_json(trainer->config, true, &wanted, err));
    TRY(vcl_config_to_json(trainer->model->config, true, &found, err));
    const char *key;
    json_t *value;
    json_object_foreach(wanted, key, value)
    {
        if (!json_equal(value, json_object_get(found, key)))
            FAIL(err, VCL_E_ARG, "the checkpoint is of another model: its '%s' differs", key);
    }
out:
    json_decref(wanted);
    json_decref(found);
    return r;
}

static enum vcl_status same_data(const struct vcl_trainer *trainer, struct vcl_error *err)
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

/* Replaces the trainer's fresh model by the checkpoint's. */
enum vcl_status vcl_run_folder_resume(struct vcl_trainer *trainer, struct vcl_error *err)
{
    struct vcl_st_file file = {0};
    char *path = NULL;
    enum vcl_status r;
    TRY(same_data(trainer, err));
    TRY(vcl_path_join(trainer->params->out, "checkpoint.safetensors", &path, err));
    if (!vcl_file_exists(path)) {
        r = ERR(err, VCL_E_IO, "'%s' has no checkpoint to resume from", trainer->params->out);
        vcl_error_hint(err, r, "train anew with --out and the options in its config.json");
        goto out;
    }
    TRY(vcl_st_read(path, &file, err));
    TRY(vcl_model_from_file(trainer->ctx, &file, trainer->train.batch, true, &trainer->model, err));
    TRY(same_model(trainer, err));
    const char *optimiser = vcl_st_metadata(&file, "optimiser");
    if (!optimiser || strcmp(optimiser, trainer->optimiser->name) != 0)
        FAIL(err, VCL_E_ARG, "the checkpoint was made with the optimiser '%s'",
             optimiser ? optimiser : "?");
    TRY(vcl_model_read_states(trainer->model, &file, trainer->optimiser->states, err));
    if (!read_position(&file, &trainer->at) || trainer->at.step > trainer->train.steps)
        FAIL(err, VCL_E_FORMAT, "'%s' has no valid position", path);
    TRY(read_metrics(trainer, err));
out:
    vcl_st_finish(&file);
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
