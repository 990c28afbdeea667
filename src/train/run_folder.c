/* SPDX-License-Identifier: MIT
 *
 * The run folder: config.json, metrics.jsonl, model.safetensors, checkpoint.safetensors. Each file
 * is replaced as a whole, so that a run killed at any moment leaves readable ones.
 */
#include <stdlib.h>

#include "base/file.h"
#include "base/writer.h"
#include "train/trainer.h"
#include "vae/model_file.h"

enum vcl_status vcl_run_write_text(const char *folder, const char *name, const void *text,
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
        return trainer->at.epoch < (uint64_t)trainer->config->epochs
                   ? vcl_run_write_config(trainer, err)
                   : VCL_OK;
    TRY(refuse_used_folder(trainer->params->out, err));
    bool was_there = vcl_is_folder(trainer->params->out);
    TRY(vcl_make_folders(trainer->params->out, err));
    trainer->folder_made = !was_there;
    trainer->started = true;
    TRY(vcl_run_write_config(trainer, err));
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
    TRY(vcl_run_write_checkpoint(trainer, err));
out:
    return r == VCL_E_NUMERIC ? vcl_error_wrap(err, r, "after step %llu",
                                               (unsigned long long)trainer->model->steps)
                              : r;
}

enum vcl_status vcl_run_folder_epoch(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                     struct vcl_error *err)
{
    enum vcl_status r;
    if (!trainer->params->out)
        return VCL_OK;
    TRY(vcl_run_write_metrics(trainer, epoch, err));
    TRY(vcl_run_folder_checkpoint(trainer, true, err));
out:
    return r;
}

enum vcl_status vcl_run_folder_resume(struct vcl_trainer *trainer, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_run_same_data(trainer, err));
    TRY(vcl_run_read_checkpoint(trainer, err));
    TRY(vcl_run_read_metrics(trainer, err));
out:
    return r;
}
