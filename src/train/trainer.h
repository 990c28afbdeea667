/* SPDX-License-Identifier: MIT
 *
 * The inside of a training run, shared by the files of this folder.
 */
#ifndef VCL_TRAIN_TRAINER_H
#define VCL_TRAIN_TRAINER_H

#include <jansson.h>

#include "base/str.h"
#include "nn/optimiser.h"
#include "vae/model.h"
#include "vaecl/train.h"

/* Steps of the same kind over some examples: recorded launches for full batches and for the last,
 * smaller one. */
struct vcl_loop {
    const struct vcl_dataset *set;
    uint32_t *order; /* indices of the examples, in the order of this pass */
    size_t count;
    uint32_t batch, tail; /* rows of a full and of the last batch; tail 0: none is smaller */
    uint64_t steps;
    struct vcl_list *full, *last;
};

/* Where a run stands; what a checkpoint holds beside parameters and optimiser state. */
struct vcl_position {
    uint64_t epoch;           /* finished */
    uint64_t step;            /* done in the running epoch */
    double recon_sum, kl_sum; /* of those steps, over examples */
};

struct vcl_trainer {
    struct vcl_ctx *ctx;
    const struct vcl_config *config;
    const struct vcl_train_params *params;
    struct vcl_model *model;
    const struct vcl_optimiser_def *optimiser;
    struct vcl_optimiser_config optimiser_config;
    enum vcl_binarise binarise;
    struct vcl_loop train, valid, test;
    uint32_t *train_indices; /* in ascending order; each epoch shuffles a copy */
    struct vcl_buf *slots, *health;
    float *host_slots;
    struct vcl_position at;
    struct vcl_str metrics; /* the text of metrics.jsonl */
    double start, train_seconds, startup_seconds, epoch_start, timing_since;
    double waited_since, waited; /* the host for the device, in the time that is timed */
    uint64_t timed_images;
    bool first_step_done, stop_asked; /* stop_asked: by the progress callback */
    /* The run folder: begun by this run, made by it, and with a checkpoint of it. */
    bool started, folder_made, saved;
};

/* ---- loop.c ---- */
enum vcl_status vcl_loop_init(struct vcl_loop *loop, const struct vcl_dataset *set,
                              const uint32_t *indices, size_t count, uint32_t batch,
                              struct vcl_error *err) VCL_MUST_CHECK;
void vcl_loop_finish(struct vcl_loop *loop);
uint32_t vcl_loop_rows(const struct vcl_loop *loop, uint64_t step);
/* Records the launches of a training step, or of an evaluation step. */
enum vcl_status vcl_loop_record(struct vcl_trainer *trainer, struct vcl_loop *loop, bool training,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* Sends batch `step` with the step's values and runs the launches. */
enum vcl_status vcl_loop_step(struct vcl_trainer *trainer, struct vcl_loop *loop,
                              const struct vcl_step *values, uint64_t step,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* One evaluation pass: means over the loop's examples. */
enum vcl_status vcl_loop_evaluate(struct vcl_trainer *trainer, struct vcl_loop *loop,
                                  struct vcl_losses *ret_losses,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* The values of training step `step` (within the running epoch). */
struct vcl_step vcl_training_step(const struct vcl_trainer *trainer, uint64_t step);

/* ---- health.c ---- */
/* VCL_E_NUMERIC if a number is no longer finite, naming the step and the tensor. */
enum vcl_status vcl_health_check(struct vcl_trainer *trainer, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_folder.c ---- */
enum vcl_status vcl_run_write_text(const char *folder, const char *name, const void *text,
                                   size_t size, struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_run_folder_start(struct vcl_trainer *trainer,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* Removes what _start made, after a failure before the first checkpoint: nothing to go on from. */
void vcl_run_folder_abandon(struct vcl_trainer *trainer);
enum vcl_status vcl_run_folder_resume(struct vcl_trainer *trainer,
                                      struct vcl_error *err) VCL_MUST_CHECK;
/* Adds a line to metrics.jsonl and writes model and checkpoint. */
enum vcl_status vcl_run_folder_epoch(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* Writes the checkpoint within an epoch; with `model` model.safetensors too. */
enum vcl_status vcl_run_folder_checkpoint(struct vcl_trainer *trainer, bool model,
                                          struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_config.c ---- */
enum vcl_status vcl_run_write_config(const struct vcl_trainer *trainer,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_data.c ---- */
/* The data of a run as a new JSON object, and back; the texts are kept by `config`. */
enum vcl_status vcl_run_data_to_json(const struct vcl_train_params *params, json_t **ret_object,
                                     struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_run_data_parse(const json_t *object, struct vcl_config *config,
                                   struct vcl_run_data *ret_data,
                                   struct vcl_error *err) VCL_MUST_CHECK;
/* VCL_E_ARG unless training and test set are those that the run was started on. */
enum vcl_status vcl_run_same_data(const struct vcl_trainer *trainer,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_checkpoint.c ---- */
enum vcl_status vcl_run_write_checkpoint(struct vcl_trainer *trainer,
                                         struct vcl_error *err) VCL_MUST_CHECK;
/* Makes the trainer's model from the checkpoint, and puts the trainer where it stood. */
enum vcl_status vcl_run_read_checkpoint(struct vcl_trainer *trainer,
                                        struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_metrics.c ---- */
/* Adds a line to metrics.jsonl. */
enum vcl_status vcl_run_write_metrics(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                      struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_run_read_metrics(struct vcl_trainer *trainer,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
