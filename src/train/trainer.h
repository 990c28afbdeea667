/* SPDX-License-Identifier: MIT
 *
 * The inside of a training run, shared by the files of this folder.
 */
#ifndef VCL_TRAIN_TRAINER_H
#define VCL_TRAIN_TRAINER_H

#include <jansson.h>

#include "base/lock.h"
#include "base/str.h"
#include "base/writer.h"
#include "nn/optimiser.h"
#include "vae/model.h"
#include "vaecl/train.h"

/* What the device leaves of a step: sums of the objective's terms over its examples. */
struct vcl_slot {
    float sums[VCL_TERMS];
};

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
    uint64_t epoch;         /* finished */
    uint64_t step;          /* done in the running epoch */
    double sums[VCL_TERMS]; /* of the terms of those steps, over examples */
    double first_loss;      /* of the run's first step, an example; NaN: not known */
};

struct vcl_trainer {
    struct vcl_ctx *ctx;
    const struct vcl_config *config;
    struct vcl_config *own_config; /* a copy, where something had to be filled in; or NULL */
    const struct vcl_train_params *params;
    struct vcl_model *model;
    struct vcl_optimiser optimiser;
    struct vcl_arena arena;
    enum vcl_binarise binarise;
    struct vcl_loop train, valid, test;
    uint32_t *train_indices; /* in ascending order; each epoch shuffles a copy */
    struct vcl_buf *slots, *health;
    struct vcl_slot *host_slots;
    struct vcl_position at;
    /* The text of metrics.jsonl, and the same without what the clock measured: that part is in the
     * checkpoint, whose bytes depend on no clock. */
    struct vcl_str metrics, losses;
    double start, train_seconds, startup_seconds, epoch_start, timing_since;
    double waited_since, waited; /* the host for the device, in the time that is timed */
    uint64_t timed_images;
    uint64_t epoch_from;              /* the step at which this run began the epoch */
    bool first_step_done, stop_asked; /* stop_asked: by the progress callback */
    bool diverged;                    /* the last epoch's loss is far above the first step's */
    /* The run folder: begun by this run, made by it, and with a checkpoint of it. */
    bool started, folder_made, saved;
    struct vcl_lock lock;
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
/* What the optimisers keep of each parameter. */
int vcl_trainer_states(const struct vcl_trainer *trainer);
/* The values of training step `step` (within the running epoch). */
struct vcl_step vcl_training_step(const struct vcl_trainer *trainer, uint64_t step);
/* The same for the second group of parameters, from the first one's. */
struct vcl_step vcl_second_step(const struct vcl_trainer *trainer, const struct vcl_step *values);

/* ---- health.c ---- */
#define VCL_DIVERGED_HINT "a smaller --lr, or --set clip=10, often helps"

/* VCL_E_NUMERIC if a number is no longer finite, naming the step and the tensor. */
enum vcl_status vcl_health_check(struct vcl_trainer *trainer, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_folder.c ---- */
#define VCL_CHECKPOINT "checkpoint.safetensors"
#define VCL_PREVIOUS   "checkpoint.previous.safetensors"

/* Makes the folder and locks it: VCL_E_BUSY if another process has it, VCL_E_EXISTS if there is a
 * run in it that is not to be resumed. */
enum vcl_status vcl_run_folder_open(struct vcl_trainer *trainer,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* Begins the file of this name in the folder, which replaces what is there. */
enum vcl_status vcl_run_writer_init(const struct vcl_trainer *trainer, const char *name,
                                    struct vcl_writer *writer,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* Gives the lock back; after a failure before the first checkpoint also removes what was made:
 * there is nothing to go on from. */
void vcl_run_folder_close(struct vcl_trainer *trainer, bool failed);
enum vcl_status vcl_run_folder_start(struct vcl_trainer *trainer,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* Leaves the trainer without a model if the run has no checkpoint yet. */
enum vcl_status vcl_run_folder_resume(struct vcl_trainer *trainer,
                                      struct vcl_error *err) VCL_MUST_CHECK;
/* Adds a line to metrics.jsonl, writes the model, calls the caller back, writes the checkpoint. */
enum vcl_status vcl_run_folder_epoch(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* Writes the checkpoint within an epoch; with `with_model` model.safetensors too. */
enum vcl_status vcl_run_folder_checkpoint(struct vcl_trainer *trainer, bool with_model,
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
/* Writes the checkpoint under its temporary name. */
enum vcl_status vcl_run_prepare_checkpoint(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                           struct vcl_error *err) VCL_MUST_CHECK;
/* Gives it its final name, and the one that had it the name of the one before. */
enum vcl_status vcl_run_commit_checkpoint(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                          struct vcl_error *err) VCL_MUST_CHECK;
/* Makes the trainer's model from the checkpoint, and puts the trainer where it stood; leaves it
 * without a model if there is no checkpoint. */
enum vcl_status vcl_run_read_checkpoint(struct vcl_trainer *trainer,
                                        struct vcl_error *err) VCL_MUST_CHECK;

/* ---- run_metrics.c ---- */
/* Adds the epoch's line to the trainer's text. */
enum vcl_status vcl_run_add_metrics(struct vcl_trainer *trainer, const struct vcl_epoch *epoch,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* Writes metrics.jsonl under its temporary name. */
enum vcl_status vcl_run_prepare_metrics(struct vcl_trainer *trainer, struct vcl_writer *writer,
                                        struct vcl_error *err) VCL_MUST_CHECK;
/* Lines of metrics.jsonl; 0 if there is none. */
enum vcl_status vcl_run_count_metrics(const struct vcl_trainer *trainer, uint64_t *ret_lines,
                                      struct vcl_error *err) VCL_MUST_CHECK;
/* Is metrics.jsonl as the checkpoint says? Makes it again if it is missing. */
enum vcl_status vcl_run_check_metrics(struct vcl_trainer *trainer,
                                      struct vcl_error *err) VCL_MUST_CHECK;

#endif
