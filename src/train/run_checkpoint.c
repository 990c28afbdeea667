/* SPDX-License-Identifier: MIT
 *
 * checkpoint.safetensors of a run folder: parameters, optimiser state, and where the run stands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/file.h"
#include "base/json.h"
#include "train/trainer.h"
#include "vae/model_file.h"

enum vcl_status vcl_run_write_checkpoint(struct vcl_trainer *trainer, struct vcl_error *err)
{
    const struct vcl_position *at = &trainer->at;
    char epoch[32], step[32], recon[48], kl[48], *path = NULL;
    enum vcl_status r;
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)at->epoch);
    snprintf(step, sizeof step, "%llu", (unsigned long long)at->step);
    vcl_format(recon, sizeof recon, "%a", at->recon_sum); /* every bit of a double */
    vcl_format(kl, sizeof kl, "%a", at->kl_sum);
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

/* Replaces the trainer's fresh model by the checkpoint's. */
enum vcl_status vcl_run_read_checkpoint(struct vcl_trainer *trainer, struct vcl_error *err)
{
    struct vcl_st_file file = {0};
    char *path = NULL;
    enum vcl_status r;
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
out:
    vcl_st_finish(&file);
    free(path);
    return r;
}
