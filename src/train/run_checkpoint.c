/* SPDX-License-Identifier: MIT
 *
 * checkpoint.safetensors of a run folder: parameters, optimiser state, where the run stands, and
 * the losses of metrics.jsonl. It is the last file that an epoch replaces, and the one before it is
 * kept: what a resumed run finds is whole, and anything else can be made again from it.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/file.h"
#include "base/json.h"
#include "cl/context.h"
#include "train/trainer.h"
#include "vae/model_file.h"
#include "vae/safetensors_crc.h"

/* ---- writing ---- */

/* All that the training hangs on: a number of config.json that was damaged, or changed by hand,
 * must not make another run of it. How many epochs there are may change. */
static char *training_text(const struct vcl_config *config)
{
    json_t *object;
    if (vcl_config_to_json(config, false, &object, NULL) < 0)
        return NULL;
    json_object_del(object, "epochs");
    char *text = vcl_json_dump(object, JSON_COMPACT | vcl_config_digits(config));
    json_decref(object);
    return text;
}

/* Every bit of a double. */
static int add_double(json_t *object, const char *key, double value)
{
    char text[48];
    vcl_format(text, sizeof text, "%a", value);
    return json_object_set_new(object, key, json_string(text));
}

/* Under which a term's sum is kept: "recon_sum". */
static const char *sum_key(const struct vcl_term *term, char key[64])
{
    snprintf(key, 64, "%s_sum", term->name);
    return key;
}

static json_t *position_json(const struct vcl_trainer *trainer)
{
    const struct vcl_position *at = &trainer->at;
    const struct vcl_graph *graph = &trainer->model->objective_graph.graph;
    char epoch[32], step[32], key[64];
    snprintf(epoch, sizeof epoch, "%llu", (unsigned long long)at->epoch);
    snprintf(step, sizeof step, "%llu", (unsigned long long)at->step);
    char *training = training_text(trainer->config);
    if (!training)
        return NULL;
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:s}", VCL_ST_CRC, VCL_ST_CRC_ZERO, "epoch",
                               epoch, "epoch_step", step, "optimiser", trainer->optimiser.def->name,
                               "training", training);
    int bad = object ? add_double(object, "first_loss", at->first_loss) : 1;
    for (uint32_t i = 0; i < graph->n_terms && !bad; i++)
        bad = add_double(object, sum_key(&graph->terms[i], key), at->sums[i]);
    free(training);
    if (!bad)
        return object;
    json_decref(object);
    return NULL;
}

enum vcl_status vcl_run_prepare_checkpoint(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                           struct vcl_error *err)
{
    const struct vcl_str *lines = &trainer->losses;
    const struct vcl_st_tensor metrics = {.name = "metrics",
                                          .dims = 1,
                                          .shape = {(uint32_t)lines->len},
                                          .count = lines->len,
                                          .is_text = true,
                                          .text = lines->text};
    const struct vcl_model_extra extra = {.states = vcl_trainer_states(trainer),
                                          .metadata = position_json(trainer),
                                          .text = &metrics};
    enum vcl_status r = VCL_OK;
    if (!extra.metadata)
        FAIL(err, VCL_E_NOMEM, "cannot write a checkpoint");
    TRY(vcl_run_writer_init(trainer, VCL_CHECKPOINT, writer, err));
    TRY(vcl_model_write(trainer->model, &extra, writer, err));
    TRY(vcl_writer_sync(writer, err));
out:
    json_decref((json_t *)extra.metadata);
    return r;
}

/* Killed between the two renames, a run goes on from the checkpoint before. */
enum vcl_status vcl_run_commit_checkpoint(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                          struct vcl_error *err)
{
    char *previous = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, VCL_PREVIOUS, &previous, err));
    if (vcl_file_exists(writer->path))
        TRY(vcl_file_rename(writer->path, previous, err));
    TRY(vcl_writer_commit(writer, err));
    trainer->saved = true;
out:
    free(previous);
    return r;
}

/* ---- reading ---- */

/* Older versions kept the sum of a KL of an autoencoder, too: 0. */
static bool is_sum(const struct vcl_trainer *trainer, const char *key)
{
    const struct vcl_graph *graph = &trainer->model->objective_graph.graph;
    char text[64];
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        if (strcmp(key, sum_key(&graph->terms[i], text)) == 0)
            return true;
    }
    return strcmp(key, "kl_sum") == 0;
}

/* A key that nobody writes is one that was damaged. */
static enum vcl_status check_keys(const struct vcl_trainer *trainer, const struct vcl_st_file *file,
                                  struct vcl_error *err)
{
    static const char *const known[] = {"format",    "version",  "spec",       "normalisation",
                                        "steps",     "epoch",    "epoch_step", "first_loss",
                                        "optimiser", "training", VCL_ST_CRC};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)file->metadata, key, value)
    {
        bool found = is_sum(trainer, key);
        for (size_t i = 0; i < sizeof known / sizeof *known; i++)
            found |= strcmp(key, known[i]) == 0;
        if (!found)
            return ERR(err, VCL_E_FORMAT, "no checkpoint has an entry '%s' in its metadata", key);
    }
    return VCL_OK;
}

static bool read_double(const struct vcl_st_file *file, const char *key, double *ret_value)
{
    const char *text = vcl_st_metadata(file, key);
    return text && vcl_parse_f64(text, ret_value);
}

/* Checkpoints of 0.1.0 have neither a checksum nor a first loss. */
static bool read_position(const struct vcl_trainer *trainer, const struct vcl_st_file *file,
                          struct vcl_position *at)
{
    const struct vcl_graph *graph = &trainer->model->objective_graph.graph;
    const char *epoch = vcl_st_metadata(file, "epoch"), *step = vcl_st_metadata(file, "epoch_step");
    bool checked = vcl_st_metadata(file, VCL_ST_CRC) != NULL;
    bool first = vcl_st_metadata(file, "first_loss") != NULL;
    bool good = epoch && step && vcl_parse_u64(epoch, &at->epoch) &&
                vcl_parse_u64(step, &at->step) && first == checked;
    char key[64];
    at->first_loss = NAN;
    if (first)
        good = good && read_double(file, "first_loss", &at->first_loss);
    for (uint32_t i = 0; i < graph->n_terms; i++)
        good = good && read_double(file, sum_key(&graph->terms[i], key), &at->sums[i]);
    return good;
}

/* The training that the checkpoint is of must be the one that config.json describes. Checkpoints of
 * 0.1.0 describe only their model. */
static enum vcl_status same_training(const struct vcl_trainer *trainer,
                                     const struct vcl_st_file *file, struct vcl_error *err)
{
    const char *text = vcl_st_metadata(file, "training");
    json_t *wanted = NULL, *found = text ? vcl_json_load(text, strlen(text), NULL) : NULL;
    enum vcl_status r;
    if (text && !found)
        return ERR(err, VCL_E_NOMEM, "cannot read what it is of");
    if (!text)
        TRY(vcl_config_to_json(trainer->model->config, true, &found, err));
    TRY(vcl_config_to_json(trainer->config, !text, &wanted, err));
    json_object_del(wanted, "epochs");
    const char *key;
    json_t *value;
    json_object_foreach(found, key, value) /* not those that came with a later version */
    {
        if (!json_equal(value, json_object_get(wanted, key)))
            FAIL(err, VCL_E_ARG, "it is of another run: its '%s' is not that of config.json", key);
    }
out:
    json_decref(wanted);
    json_decref(found);
    return r;
}

static enum vcl_status apply(struct vcl_trainer *trainer, const struct vcl_st_file *file,
                             struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_model_from_file(trainer->ctx, file, trainer->train.batch, true, &trainer->model, err));
    TRY(check_keys(trainer, file, err));
    TRY(same_training(trainer, file, err));
    const char *optimiser = vcl_st_metadata(file, "optimiser");
    if (!optimiser || strcmp(optimiser, trainer->optimiser.def->name) != 0)
        FAIL(err, VCL_E_ARG, "the checkpoint was made with the optimiser '%s'",
             optimiser ? optimiser : "?");
    TRY(vcl_model_read_states(trainer->model, file, vcl_trainer_states(trainer), err));
    if (!read_position(trainer, file, &trainer->at) || trainer->at.step > trainer->train.steps)
        FAIL(err, VCL_E_FORMAT, "the checkpoint has no valid position");
    const struct vcl_st_tensor *metrics = vcl_st_find(file, "metrics");
    if (metrics && metrics->is_text) /* those of 0.1.0 have none */
        vcl_str_add_bytes(&trainer->losses, metrics->text, metrics->count);
    TRY(vcl_str_check(&trainer->losses, err));
out:
    return r;
}

static enum vcl_status read_from(struct vcl_trainer *trainer, const char *path,
                                 const char *previous, struct vcl_error *err)
{
    struct vcl_st_file file = {0};
    enum vcl_status r = vcl_st_read(path, &file, err);
    if (r < 0)
        goto out;
    r = apply(trainer, &file, err);
    if (r < 0)
        vcl_error_wrap(err, r, "'%s'", path);
out:
    vcl_st_finish(&file);
    if (r == VCL_E_FORMAT && vcl_file_exists(previous) && strcmp(path, previous) != 0)
        vcl_error_hint(err, r, "delete it to go on from '%s', the checkpoint before", previous);
    return r;
}

enum vcl_status vcl_run_read_checkpoint(struct vcl_trainer *trainer, struct vcl_error *err)
{
    char *path = NULL, *previous = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(trainer->params->out, VCL_CHECKPOINT, &path, err));
    TRY(vcl_path_join(trainer->params->out, VCL_PREVIOUS, &previous, err));
    if (vcl_file_exists(path)) {
        TRY(read_from(trainer, path, previous, err));
    } else if (vcl_file_exists(previous)) {
        TRY(read_from(trainer, previous, previous, err));
        vcl_log(trainer->ctx, VCL_LOG_WARNING, "going on from '%s', the checkpoint before",
                previous);
    }
out:
    free(path);
    free(previous);
    return r;
}
