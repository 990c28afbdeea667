/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cl/context.h"
#include "train/trainer.h"

enum { WARM_STEPS = 10 };       /* not timed */
enum { FAR_ABOVE = 10 };        /* times the first loss: no longer learning */
static const double LOOK = 0.2; /* seconds between looks at the device's numbers */

static enum vcl_status choose_optimiser(struct vcl_trainer *t, struct vcl_error *err)
{
    const void *def;
    void *config;
    enum vcl_status r;
    TRY(vcl_config_choose(t->config, "optimiser", vcl_optimiser_defs, t->config->optimiser,
                          &t->arena, &def, &config, err));
    t->optimiser = (struct vcl_optimiser){def, config};
out:
    return r;
}

/* ---- set-up ---- */

/* How many classes a model with a condition has, the data say. */
static enum vcl_status take_classes(struct vcl_trainer *t, struct vcl_error *err)
{
    struct vcl_arena arena = {0};
    const void *condition;
    void *options;
    enum vcl_status r;
    TRY(vcl_config_choose(t->config, "condition", vcl_condition_defs, t->config->condition, &arena,
                          &condition, &options, err));
    TRY(vcl_condition_accepts(condition, t->config->classes, t->params->train, err));
    if (((const struct vcl_condition_def *)condition)->build && t->config->classes == 0) {
        TRY(vcl_config_copy(t->config, &t->own_config, err));
        t->own_config->classes = t->params->train->classes;
        t->config = t->own_config;
    }
out:
    vcl_arena_finish(&arena);
    return r;
}

static enum vcl_status divide_data(struct vcl_trainer *t, struct vcl_error *err)
{
    const struct vcl_dataset *set = t->params->train;
    const struct vcl_config *config = t->config;
    uint32_t *valid = NULL;
    size_t n_train, n_valid;
    uint32_t batch = (uint32_t)config->batch;
    enum vcl_status r;
    TRY(vcl_dataset_divide(set, config->valid, config->seed, &t->train_indices, &n_train, &valid,
                           &n_valid, err));
    if (n_train < batch) {
        r = ERR(err, VCL_E_ARG, "--batch %u is larger than the training set of %zu examples", batch,
                n_train);
        vcl_error_hint(err, r, "give --batch %zu or less", n_train);
        goto out;
    }
    TRY(vcl_loop_init(&t->train, set, t->train_indices, n_train, batch, err));
    if (n_valid)
        TRY(vcl_loop_init(&t->valid, set, valid, n_valid, batch, err));
    if (t->params->test)
        TRY(vcl_loop_init(&t->test, t->params->test, NULL, t->params->test->count, batch, err));
out:
    free(valid);
    return r;
}

static enum vcl_status make_metrics(struct vcl_trainer *t, struct vcl_error *err)
{
    const struct vcl_health health = {.bad_index = UINT32_MAX};
    uint64_t steps = t->train.steps;
    enum vcl_status r;
    steps = t->valid.steps > steps ? t->valid.steps : steps;
    steps = t->test.steps > steps ? t->test.steps : steps;
    TRY(vcl_alloc(steps, sizeof *t->host_slots, &t->host_slots, err));
    TRY(vcl_buf_create(t->ctx, steps * sizeof *t->host_slots, &t->slots, err));
    TRY(vcl_buf_create(t->ctx, sizeof health, &t->health, err));
    TRY(vcl_buf_write(t->health, 0, sizeof health, &health, err));
out:
    return r;
}

static enum vcl_status make_model(struct vcl_trainer *t, struct vcl_error *err)
{
    enum vcl_status r;
    if (t->params->resume)
        TRY(vcl_run_folder_resume(t, err));
    if (!t->model) {
        TRY(vcl_model_create(t->ctx, t->config, t->params->train->shape, t->train.batch, true,
                             &t->model, err));
    }
    TRY(vcl_model_accepts(t->model, t->params->train, err));
    if (t->params->test)
        TRY(vcl_model_accepts(t->model, t->params->test, err));
out:
    return r;
}

static enum vcl_status show_products(struct vcl_trainer *t, struct vcl_error *err)
{
    struct vcl_gemm *products = NULL;
    size_t count;
    if (!t->params->products)
        return VCL_OK;
    enum vcl_status r = vcl_model_products(t->model, t->train.batch, &products, &count, err);
    if (r == VCL_OK)
        t->params->products(t->params->user, products, count);
    free(products);
    return r;
}

static enum vcl_status record_all(struct vcl_trainer *t, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_loop_record(t, &t->train, true, err));
    if (t->valid.steps)
        TRY(vcl_loop_record(t, &t->valid, false, err));
    if (t->test.steps)
        TRY(vcl_loop_record(t, &t->test, false, err));
out:
    return r;
}

static enum vcl_status set_up(struct vcl_trainer *t, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(take_classes(t, err));
    TRY(choose_optimiser(t, err));
    TRY(vcl_binarise_find(t->config->binarize, &t->binarise, err));
    if (t->params->out)
        TRY(vcl_run_folder_open(t, err));
    TRY(divide_data(t, err));
    TRY(make_metrics(t, err));
    TRY(make_model(t, err));
    TRY(show_products(t, err));
    TRY(choose_optimiser(t, err)); /* the caller may have set another learning rate */
    TRY(record_all(t, err));
    if (t->params->out)
        TRY(vcl_run_folder_start(t, err));
out:
    return r;
}

static void tear_down(struct vcl_trainer *t)
{
    if (t->ctx)
        (void)!vcl_ctx_finish(t->ctx, NULL);
    vcl_loop_finish(&t->train);
    vcl_loop_finish(&t->valid);
    vcl_loop_finish(&t->test);
    vcl_buf_destroy(&t->slots);
    vcl_buf_destroy(&t->health);
    vcl_model_destroy(&t->model);
    vcl_str_finish(&t->metrics);
    vcl_str_finish(&t->losses);
    free(t->host_slots);
    free(t->train_indices);
    vcl_config_destroy(&t->own_config);
    vcl_arena_finish(&t->arena);
}

/* ---- one epoch ---- */

static void shuffle(struct vcl_trainer *t)
{
    const struct vcl_philox rng = {
        .seed = t->config->seed, .stream = VCL_STREAM_SHUFFLE, .step = (uint32_t)t->at.epoch};
    vcl_philox_shuffle(&rng, t->train.order, t->train.count);
    for (size_t i = 0; i < t->train.count; i++)
        t->train.order[i] = t->train_indices[t->train.order[i]];
}

static double step_loss(const struct vcl_trainer *t, const struct vcl_slot *slot, uint64_t step)
{
    double sums[VCL_TERMS];
    for (int i = 0; i < VCL_TERMS; i++)
        sums[i] = slot->sums[i];
    return vcl_build_losses(&t->model->objective_graph, sums, 1).loss /
           vcl_loop_rows(&t->train, step);
}

/* Adds steps from .. to-1 to the sums; returns the mean loss of the last one. */
static enum vcl_status collect(struct vcl_trainer *t, uint64_t from, uint64_t to, double *ret_loss,
                               struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (from == to)
        return r;
    TRY(vcl_buf_read(t->slots, from * sizeof *t->host_slots, (to - from) * sizeof *t->host_slots,
                     t->host_slots, err));
    for (uint64_t i = 0; i < to - from; i++) {
        for (int j = 0; j < VCL_TERMS; j++)
            t->at.sums[j] += t->host_slots[i].sums[j];
    }
    if (isnan(t->at.first_loss))
        t->at.first_loss = step_loss(t, t->host_slots, from);
    *ret_loss = step_loss(t, &t->host_slots[to - from - 1], to - 1);
out:
    return r;
}

static void start_timing(struct vcl_trainer *t)
{
    vcl_profile_watch(t->ctx, true);
    t->waited_since = vcl_ctx_waited(t->ctx);
    t->timing_since = vcl_now();
}

static void stop_timing(struct vcl_trainer *t, uint64_t from_step)
{
    t->train_seconds += vcl_now() - t->timing_since;
    t->timed_images += t->train.count - from_step * t->train.batch;
    t->waited += vcl_ctx_waited(t->ctx) - t->waited_since;
    vcl_profile_watch(t->ctx, false);
}

static struct vcl_progress progress_now(const struct vcl_trainer *t, uint64_t first, double loss)
{
    double elapsed = vcl_now() - t->epoch_start;
    uint64_t done = t->at.step - first;
    uint64_t left = t->train.steps - t->at.step +
                    ((uint64_t)t->config->epochs - t->at.epoch - 1) * t->train.steps;
    double rate = elapsed > 0 ? (double)done / elapsed : 0;
    return (struct vcl_progress){
        .epoch = t->at.epoch + 1,
        .epochs = (uint64_t)t->config->epochs,
        .step = t->at.step,
        .epoch_steps = t->train.steps,
        .loss = loss,
        .images_per_second = rate * t->train.batch,
        .seconds_left = rate > 0 ? (double)left / rate : 0,
    };
}

static enum vcl_status interrupted(struct vcl_trainer *t, struct vcl_error *err)
{
    enum vcl_status r;
    if (t->at.step) {
        r = vcl_run_folder_checkpoint(t, true, err);
        if (r < 0)
            return r;
        r = ERR(err, VCL_E_INTERRUPTED, "stopped in epoch %llu after step %llu of %llu",
                (unsigned long long)t->at.epoch + 1, (unsigned long long)t->at.step,
                (unsigned long long)t->train.steps);
    } else { /* the end of an epoch has written its checkpoint */
        r = ERR(err, VCL_E_INTERRUPTED, "stopped after epoch %llu of %lld",
                (unsigned long long)t->at.epoch, (long long)t->config->epochs);
    }
    return t->params->out ? vcl_error_hint(err, r, "vae-cl train --resume %s", t->params->out) : r;
}

/* What happens between steps: sums, health, the progress callback, checkpoints. */
static enum vcl_status look(struct vcl_trainer *t, uint64_t first, uint64_t *seen,
                            struct vcl_error *err)
{
    double loss = 0;
    enum vcl_status r;
    TRY(collect(t, *seen, t->at.step, &loss, err));
    *seen = t->at.step;
    TRY(vcl_health_check(t, err));
    const struct vcl_progress progress = progress_now(t, first, loss);
    if (t->params->progress && t->params->progress(t->params->user, &progress))
        t->stop_asked = true;
    if (t->stop_asked && t->at.step < t->train.steps)
        return interrupted(t, err);
out:
    return r;
}

static bool checkpoint_due(const struct vcl_trainer *t)
{
    uint64_t every = (uint64_t)t->config->checkpoint_every;
    return every && t->params->out && t->at.step % every == 0 && t->at.step < t->train.steps;
}

static enum vcl_status one_step(struct vcl_trainer *t, struct vcl_error *err)
{
    enum vcl_status r;
    const struct vcl_step values = vcl_training_step(t, t->at.step);
    t->model->second = vcl_second_step(t, &values);
    TRY(vcl_loop_step(t, &t->train, &values, t->at.step, err));
    t->at.step++;
    t->model->steps++;
    if (!t->first_step_done) {
        TRY(vcl_ctx_finish(t->ctx, err));
        t->startup_seconds = vcl_now() - t->start;
        t->first_step_done = true;
    }
out:
    return r;
}

static enum vcl_status train_epoch(struct vcl_trainer *t, bool first_epoch, struct vcl_error *err)
{
    uint64_t first = t->at.step, seen = first, timed_from = first;
    uint64_t warm = first + (first_epoch ? WARM_STEPS : 0);
    double last_look = vcl_now();
    enum vcl_status r = VCL_OK;
    t->epoch_start = last_look;
    t->epoch_from = first;
    if (t->train.steps < 2 * warm)
        warm = first; /* too short to leave any step out */
    shuffle(t);
    start_timing(t);
    while (t->at.step < t->train.steps) {
        if (t->at.step == warm && warm != first) {
            TRY(vcl_ctx_finish(t->ctx, err));
            start_timing(t);
            timed_from = warm;
        }
        TRY(one_step(t, err));
        bool due = checkpoint_due(t);
        if (due || vcl_now() - last_look > LOOK) {
            TRY(look(t, first, &seen, err));
            last_look = vcl_now();
        }
        if (due)
            TRY(vcl_run_folder_checkpoint(t, false, err));
    }
    TRY(look(t, first, &seen, err));
    stop_timing(t, timed_from);
out:
    return r;
}

/* Said when it is first seen, and at the end. */
static void warn_if_diverged(struct vcl_trainer *t, const struct vcl_epoch *epoch)
{
    double first = t->at.first_loss, unit = fabs(first) > 1 ? fabs(first) : 1;
    bool diverged = epoch->train.loss - first > (FAR_ABOVE - 1) * unit;
    if (diverged && (!t->diverged || epoch->epoch == epoch->epochs))
        vcl_log(
            t->ctx, VCL_LOG_WARNING,
            "the loss is far above where it began: %.4g nats, %.4g at first; " VCL_DIVERGED_HINT,
            epoch->train.loss, first);
    t->diverged = diverged;
}

static enum vcl_status finish_epoch(struct vcl_trainer *t, struct vcl_epoch *epoch,
                                    struct vcl_error *err)
{
    double n = (double)t->train.count, trained = vcl_now() - t->epoch_start;
    double seen = n - (double)(t->epoch_from * t->train.batch); /* by this run, if it was resumed */
    enum vcl_status r = VCL_OK;
    *epoch = (struct vcl_epoch){
        .epoch = t->at.epoch + 1,
        .epochs = (uint64_t)t->config->epochs,
        .steps = t->model->steps,
        .has_valid = t->valid.steps > 0,
        .has_test = t->test.steps > 0,
        .images_per_second = trained > 0 ? seen / trained : 0,
    };
    epoch->train = vcl_build_losses(&t->model->objective_graph, t->at.sums, n);
    if (epoch->has_valid)
        TRY(vcl_loop_evaluate(t, &t->valid, &epoch->valid, err));
    if (epoch->has_test)
        TRY(vcl_loop_evaluate(t, &t->test, &epoch->test, err));
    epoch->seconds = vcl_now() - t->epoch_start;
    t->at = (struct vcl_position){.epoch = t->at.epoch + 1, .first_loss = t->at.first_loss};
    TRY(vcl_run_folder_epoch(t, epoch, err));
    warn_if_diverged(t, epoch);
out:
    return r;
}

/* ---- the whole ---- */

static void fill_result(const struct vcl_trainer *t, const struct vcl_epoch *last,
                        struct vcl_train_result *result)
{
    const struct vcl_losses none = {.loss = NAN};
    *result = (struct vcl_train_result){
        .epochs = t->at.epoch,
        .steps = t->model ? t->model->steps : 0,
        .train = last->epoch ? last->train : none,
        .test = last->has_test ? last->test : none,
        .images_per_second = t->train_seconds > 0 ? (double)t->timed_images / t->train_seconds : 0,
        .diverged = t->diverged,
        .seconds = vcl_now() - t->start,
        .startup_seconds = t->startup_seconds,
        .busy_share = vcl_profile_busy_share(t->ctx),
        .host_wait_share = t->train_seconds > 0 ? t->waited / t->train_seconds : 0,
        .launches_per_step = t->train.full ? (double)vcl_list_length(t->train.full) : 0,
        .multiply_adds_per_step = t->train.full ? (double)vcl_list_multiply_adds(t->train.full) : 0,
    };
}

static enum vcl_status run_epochs(struct vcl_trainer *t, struct vcl_epoch *last,
                                  struct vcl_error *err)
{
    bool first_epoch = true;
    enum vcl_status r = VCL_OK;
    while (t->at.epoch < (uint64_t)t->config->epochs) {
        TRY(train_epoch(t, first_epoch, err));
        TRY(finish_epoch(t, last, err));
        first_epoch = false;
        if (t->stop_asked && t->at.epoch < (uint64_t)t->config->epochs)
            return interrupted(t, err);
    }
out:
    return r;
}

enum vcl_status vcl_train(struct vcl_ctx *ctx, const struct vcl_config *config,
                          const struct vcl_train_params *params, struct vcl_model **ret_model,
                          struct vcl_train_result *ret_result, struct vcl_error *err)
{
    struct vcl_trainer t = {
        .ctx = ctx, .config = config, .params = params, .start = vcl_now(), .at.first_loss = NAN};
    struct vcl_epoch last = {0};
    enum vcl_status r;
    TRY(set_up(&t, err));
    r = run_epochs(&t, &last, err);
    if (r == VCL_OK || r == VCL_E_INTERRUPTED) {
        if (ret_result)
            fill_result(&t, &last, ret_result);
        if (ret_model) {
            *ret_model = t.model;
            t.model = NULL;
        }
    }
out:
    vcl_run_folder_close(&t, r < 0);
    tear_down(&t);
    return r;
}
