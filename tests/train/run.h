/* SPDX-License-Identifier: MIT
 *
 * Small training runs into a folder, that stop or are killed at a given place.
 */
#ifndef TEST_TRAIN_RUN_H
#define TEST_TRAIN_RUN_H

#include "common/devices.h"
#include "common/random_set.h"

enum { RUN_EPOCHS = 6, RUN_STEPS = 5 }; /* steps an epoch */

/* In place of an optimiser's name: adam, and for the ELBO importance weights, under a mixture. */
#define RUN_SAMPLES "samples"

/* Where something is to happen: in the progress callback after this step of this epoch (from 1), or
 * with step 0 in the epoch callback. epoch 0: never. */
struct run_place {
    uint64_t epoch, step;
};

struct run {
    struct vcl_ctx *ctx;
    const char *folder;
    const char *optimiser; /* or RUN_SAMPLES */
    struct run_place stop, kill;
    bool resume;
};

/* Calls vcl_train; test_error says why it failed. */
enum vcl_status run_train(const struct run *run);

/* The set that runs are trained on. */
struct test_set run_set(void);
struct vcl_config *run_config(const char *optimiser);

#endif
