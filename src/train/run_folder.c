/* SPDX-License-Identifier: MIT
 *
 * The run folder: config.json, metrics.jsonl, model.safetensors, checkpoint.safetensors and the one
 * before it. One process writes it at a time. What an epoch replaces is first written whole beside
 * it: if anything fails, nothing has been replaced. The checkpoint comes last, so that a run killed
 * at any moment goes on from one whose other files are there, or are made again on the way.
 */
#include "train/run_folder.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "cl/context.h"
#include "train/trainer.h"
#include "vae/model_file.h"

/* In the order in which they come to be: the first ones only are there after a failed start. */
static const char *const names[] = {"config.json",        "metrics.jsonl", "model.safetensors",
                                    VCL_CHECKPOINT,       VCL_PREVIOUS,    "samples.png",
                                    "reconstructions.png"};
enum { ALL = sizeof names / sizeof *names, OF_A_RUN = 5, BEFORE_CHECKPOINT = 3, ATTEMPTS = 3 };

/* ---- who may write ---- */

static enum vcl_status holds_run(const char *folder, bool has_config, struct vcl_error *err)
{
    enum vcl_status r = ERR(err, VCL_E_EXISTS, "'%s' holds a run already", folder);
    if (has_config)
        return vcl_error_hint(err, r, "continue it with --resume %s, or choose another --out",
                              folder);
    return vcl_error_hint(err, r, "it has no config.json to continue from: choose another --out");
}

static bool has_file(const char *folder, const char *name)
{
    char *path;
    if (vcl_path_join(folder, name, &path, NULL) < 0)
        return false;
    bool found = vcl_file_exists(path);
    free(path);
    return found;
}

static enum vcl_status refuse_used_folder(const char *folder, struct vcl_error *err)
{
    for (size_t i = 0; i < OF_A_RUN; i++) {
        if (has_file(folder, names[i]))
            return holds_run(folder, has_file(folder, "config.json"), err);
    }
    return VCL_OK;
}

enum vcl_status vcl_run_folder_check(const char *folder, bool resume, struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(folder, "lock", &path, err));
    TRY(vcl_lock_look(path, folder, err));
    if (!resume)
        TRY(refuse_used_folder(folder, err));
out:
    free(path);
    return r;
}

static void remove_stale(const char *folder)
{
    for (size_t i = 0; i < ALL; i++) {
        char *path;
        if (vcl_path_join(folder, names[i], &path, NULL) < 0)
            return;
        vcl_writer_remove_stale(path);
        free(path);
    }
}

/* Another run, one that fails, may remove the folder before we have locked it. */
static enum vcl_status make_and_lock(struct vcl_trainer *trainer, struct vcl_error *err)
{
    const char *folder = trainer->params->out;
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(folder, "lock", &path, err));
    int attempt = 0;
    do {
        bool was_there = vcl_is_folder(folder);
        if (!trainer->params->resume)
            TRY(vcl_make_folders(folder, err));
        trainer->folder_made = !was_there;
        r = vcl_lock_take(&trainer->lock, path, folder, err);
    } while (r == VCL_E_IO && !vcl_is_folder(folder) && ++attempt < ATTEMPTS);
    if (r == VCL_OK && !trainer->lock.works)
        vcl_log(trainer->ctx, VCL_LOG_WARNING,
                "'%s' can't be locked: nothing else may train into it meanwhile", folder);
out:
    free(path);
    return r;
}

enum vcl_status vcl_run_folder_open(struct vcl_trainer *trainer, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(make_and_lock(trainer, err));
    if (!trainer->params->resume)
        TRY(refuse_used_folder(trainer->params->out, err));
    remove_stale(trainer->params->out);
out:
    return r;
}

/* What this run has made, while it holds the lock; not the pictures, which come with a
 * checkpoint. */
static void remove_made(const struct vcl_trainer *trainer)
{
    for (size_t i = 0; i < BEFORE_CHECKPOINT; i++) {
        char *path;
        if (vcl_path_join(trainer->params->out, names[i], &path, NULL) < 0)
            return;
        unlink(path);
        free(path);
    }
}

void vcl_run_folder_close(struct vcl_trainer *trainer, bool failed)
{
    bool held = trainer->lock.path != NULL;
    bool abandoned = failed && held && !trainer->saved && !trainer->params->resume;
    if (abandoned && trainer->started)
        remove_made(trainer);
    vcl_lock_release(&trainer->lock);
    if (abandoned && trainer->folder_made)
        rmdir(trainer->params->out); /* unless something else is in it */
}

/* ---- what is written ---- */

enum vcl_status vcl_run_folder_start(struct vcl_trainer *trainer, struct vcl_error *err)
{
    if (trainer->params->resume && trainer->at.epoch >= (uint64_t)trainer->config->epochs)
        return VCL_OK;
    trainer->started = true;
    return vcl_run_write_config(trainer, err); /* of a resumed run: with more epochs, perhaps */
}

enum vcl_status vcl_run_writer_init(const struct vcl_trainer *trainer, const char *name,
                                    struct vcl_writer *writer, struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, name, &path, err));
    TRY(vcl_writer_init(writer, path, true, err));
out:
    free(path);
    return r;
}

static enum vcl_status prepare_model(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                     struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_run_writer_init(trainer, "model.safetensors", writer, err));
    TRY(vcl_model_write(trainer->model, NULL, writer, err));
    TRY(vcl_writer_sync(writer, err));
out:
    return r;
}

static enum vcl_status explain(const struct vcl_trainer *trainer, enum vcl_status r,
                               struct vcl_error *err)
{
    if (r != VCL_E_NUMERIC)
        return r;
    vcl_error_wrap(err, r, "after step %llu", (unsigned long long)trainer->model->steps);
    return vcl_error_hint(err, r, VCL_DIVERGED_HINT "; what was saved before is untouched");
}

static void call_back(const struct vcl_trainer *trainer, const struct vcl_epoch *epoch)
{
    if (trainer->params->epoch)
        trainer->params->epoch(trainer->params->user, epoch, trainer->model);
}

enum vcl_status vcl_run_folder_epoch(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                     struct vcl_error *err)
{
    struct vcl_writer metrics = {0}, model = {0}, checkpoint = {0};
    enum vcl_status r;
    if (!trainer->params->out) {
        call_back(trainer, epoch);
        return VCL_OK;
    }
    TRY(vcl_run_add_metrics(trainer, epoch, err));
    TRY(vcl_run_prepare_checkpoint(trainer, &checkpoint, err));
    TRY(prepare_model(trainer, &model, err));
    TRY(vcl_run_prepare_metrics(trainer, &metrics, err));
    TRY(vcl_writer_commit(&metrics, err));
    TRY(vcl_writer_commit(&model, err));
    call_back(trainer, epoch);
    TRY(vcl_run_commit_checkpoint(trainer, &checkpoint, err));
out:
    vcl_writer_finish(&metrics);
    vcl_writer_finish(&model);
    vcl_writer_finish(&checkpoint);
    return explain(trainer, r, err);
}

enum vcl_status vcl_run_folder_checkpoint(struct vcl_trainer *trainer, bool with_model,
                                          struct vcl_error *err)
{
    struct vcl_writer model = {0}, checkpoint = {0};
    enum vcl_status r;
    if (!trainer->params->out)
        return VCL_OK;
    TRY(vcl_run_prepare_checkpoint(trainer, &checkpoint, err));
    if (with_model) {
        TRY(prepare_model(trainer, &model, err));
        TRY(vcl_writer_commit(&model, err));
    }
    TRY(vcl_run_commit_checkpoint(trainer, &checkpoint, err));
out:
    vcl_writer_finish(&model);
    vcl_writer_finish(&checkpoint);
    return explain(trainer, r, err);
}

/* ---- resume ---- */

/* Is model.safetensors there, and not of an earlier step than the checkpoint? */
static bool model_is_current(const struct vcl_trainer *trainer, const char *path)
{
    struct vcl_st_file file = {0};
    uint64_t steps = 0;
    if (vcl_st_read(path, &file, NULL) < 0)
        return false;
    const char *text = vcl_st_metadata(&file, "steps");
    bool current = text && vcl_parse_u64(text, &steps) && steps >= trainer->model->steps;
    vcl_st_finish(&file);
    return current;
}

static enum vcl_status make_model_again(struct vcl_trainer *trainer, struct vcl_error *err)
{
    struct vcl_writer writer = {0};
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, "model.safetensors", &path, err));
    if (model_is_current(trainer, path))
        goto out;
    vcl_log(trainer->ctx, VCL_LOG_WARNING, "'%s' is made again from the checkpoint", path);
    TRY(prepare_model(trainer, &writer, err));
    TRY(vcl_writer_commit(&writer, err));
out:
    vcl_writer_finish(&writer);
    free(path);
    return r;
}

/* Without a checkpoint the run begins anew, which leads to the same bits: a run that has finished
 * no more than its first epoch has lost nothing else. */
static enum vcl_status begin_again(struct vcl_trainer *trainer, struct vcl_error *err)
{
    uint64_t lines;
    enum vcl_status r;
    TRY(vcl_run_count_metrics(trainer, &lines, err));
    if (lines > 1) {
        r = ERR(err, VCL_E_IO, "'%s' has no checkpoint to resume from, though %llu epochs are done",
                trainer->params->out, (unsigned long long)lines);
        return vcl_error_hint(err, r, "train anew with --out and the options in its config.json");
    }
    vcl_log(trainer->ctx, VCL_LOG_WARNING,
            "'%s' has no checkpoint yet: training starts from the beginning", trainer->params->out);
out:
    return r;
}

enum vcl_status vcl_run_folder_resume(struct vcl_trainer *trainer, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_run_same_data(trainer, err));
    TRY(vcl_run_read_checkpoint(trainer, err));
    if (!trainer->model)
        return begin_again(trainer, err);
    TRY(vcl_run_check_metrics(trainer, err));
    TRY(make_model_again(trainer, err));
out:
    return r;
}
