/* SPDX-License-Identifier: MIT
 *
 * Training: epochs over a data set, into a run folder that holds model.safetensors,
 * checkpoint.safetensors and the one before it, config.json and metrics.jsonl. A run that is
 * stopped, even killed, continues from its checkpoint with the same bits as one that was not. While
 * it goes on, the folder is locked: a second one in it fails with VCL_E_BUSY.
 */
#ifndef VAECL_TRAIN_H
#define VAECL_TRAIN_H

#include "vaecl/compute.h"
#include "vaecl/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Means over examples, in nats. What is reported beside the loss is the objective's: "recon" and
 * "kl" where there are such terms, whose sum is then the loss, the negative ELBO (beta does not
 * enter). Names live for ever. */
enum { VCL_MAX_TERMS = 8 };
struct vcl_losses {
    double loss;
    uint32_t count;
    struct {
        const char *name;
        double value;
    } terms[VCL_MAX_TERMS];
};

/* The term of that name; NaN if there is none. */
VCL_API double vcl_losses_term(const struct vcl_losses *losses, const char *name);

struct vcl_progress {
    uint64_t epoch, epochs;     /* running epoch from 1 */
    uint64_t step, epoch_steps; /* done in this epoch */
    double loss;                /* of the last steps looked at */
    double images_per_second, seconds_left;
};

struct vcl_epoch {
    uint64_t epoch, epochs, steps; /* steps: since training began */
    struct vcl_losses train;
    bool has_valid, has_test;
    struct vcl_losses valid, test;
    double seconds, images_per_second;
};

struct vcl_train_params {
    const struct vcl_dataset *train;
    const struct vcl_dataset *test; /* or NULL */
    const char *out;                /* run folder; NULL: nothing is written */
    /* What to note in config.json, so that the data are found again; each may be NULL. Where
     * `train` was read from, counts and checksums are noted too. */
    const char *data, *split, *test_split; /* source, and its parts for training and testing */
    bool resume; /* continue from out/checkpoint.safetensors, or begin again if it is not there */
    /* The matrix products of a training step, before any of them is compiled: where to call
     * vcl_tune. They are valid during the call only. May be NULL. */
    void (*products)(void *user, const struct vcl_gemm *products, size_t count);
    /* Each may be NULL. A progress callback that returns true stops the training: a checkpoint is
     * written and vcl_train returns VCL_E_INTERRUPTED. */
    bool (*progress)(void *user, const struct vcl_progress *progress);
    /* After an epoch, before its checkpoint is in place: what the caller writes about an epoch is
     * there when the run can go on after it. The model may be used within the call. */
    void (*epoch)(void *user, const struct vcl_epoch *epoch, struct vcl_model *model);
    void *user;
};

struct vcl_train_result {
    uint64_t epochs, steps;
    struct vcl_losses train, test;   /* of the last epoch; NaN where there is none */
    double images_per_second;        /* training steps only, without the first ones */
    double seconds, startup_seconds; /* all of it; from the call to the end of the first step */
    double busy_share;               /* of that time the device was running; 0 without a profile */
    double host_wait_share;          /* of that time the host waited for the device */
    double launches_per_step;
    double multiply_adds_per_step; /* of matrix products, in a step of a full batch */
    bool diverged;                 /* the last epoch's loss is 10 times the first step's, or more */
};

/* Trains a new model (or a resumed one). On success the model is the caller's if ret_model is not
 * NULL. `ret_result` may be NULL. Both are also set when VCL_E_INTERRUPTED is returned. */
VCL_API enum vcl_status vcl_train(struct vcl_ctx *ctx, const struct vcl_config *config,
                                  const struct vcl_train_params *params,
                                  struct vcl_model **ret_model, struct vcl_train_result *ret_result,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* What config.json says a run was trained on. */
struct vcl_run_data {
    const char *source;             /* as it was given */
    const char *path;               /* where that was; NULL for a built-in set, and if unknown */
    const char *split, *test_split; /* NULL if unknown; a test_split "none" is none */
    size_t count;                   /* trained on the first so many examples of the split */
    uint32_t crc32;                 /* of their values */
    size_t test_count;              /* tested on so many; 0 if on none, or unknown */
    uint32_t test_crc32;
};

/* Reads the configuration of a run folder; the strings of *ret_data live as long as it. Anything
 * missing or malformed is VCL_E_FORMAT. */
VCL_API enum vcl_status vcl_run_config(const char *folder, struct vcl_config **ret_config,
                                       struct vcl_run_data *ret_data,
                                       struct vcl_error *err) VCL_MUST_CHECK;

/* Opens a part of the data that a run was trained on, and with `second` (or NULL) another part
 * whole: from where config.json says, and compared with the counts and checksums there. The split
 * that was trained on has no more examples than the run used. `wanted` says split and limit; its
 * source is not looked at. VCL_E_FORMAT if config.json is malformed, VCL_E_IO if the data are
 * gone, VCL_E_ARG if they are others. The caller owns the sets. */
VCL_API enum vcl_status vcl_run_open_data(const char *folder, const struct vcl_data_params *wanted,
                                          const char *second, struct vcl_dataset **ret_set,
                                          struct vcl_dataset **ret_second,
                                          struct vcl_error *err) VCL_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
