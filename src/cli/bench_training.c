/* SPDX-License-Identifier: MIT
 *
 * Training steps of presets on random data: short epochs, timed from the end of one to the end of
 * another, where the device has done all that was asked of it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/philox.h"
#include "cli/bench.h"
#include "tune/measure.h"
#include "vae/config.h"

/* Of examples as large as MNIST's; an epoch of larger ones has fewer. */
enum { TIMINGS = 7, BATCH = 128, EXAMPLES = 2560, MNIST_SIZE = 784, MIN_STEPS = 4, CLASSES = 10 };

/* ---- random examples ---- */

struct examples {
    struct vcl_dataset *set;
    unsigned char *bytes;
    float *floats;
    int32_t *labels; /* for models with a condition */
};

static void examples_finish(struct examples *x)
{
    vcl_dataset_destroy(&x->set);
    free(x->bytes);
    free(x->floats);
    free(x->labels);
}

/* Bytes for pictures, as in files of them, numbers for tables. */
static enum vcl_status examples_init(struct examples *x, struct vcl_shape shape, size_t count,
                                     size_t classes, struct vcl_error *err)
{
    const struct vcl_philox rng = {.seed = 1};
    size_t size = vcl_shape_size(shape);
    bool table = shape.height == 1;
    enum vcl_status r;
    *x = (struct examples){0};
    TRY(table ? vcl_alloc(count * size, sizeof *x->floats, &x->floats, err)
              : vcl_alloc(count * size, sizeof *x->bytes, &x->bytes, err));
    TRY(vcl_alloc(count, sizeof *x->labels, &x->labels, err));
    for (size_t i = 0; i < count; i++)
        x->labels[i] = (int32_t)(i % classes);
    for (size_t i = 0; i < count * size; i++) {
        uint32_t row = (uint32_t)(i / size), column = (uint32_t)(i % size);
        if (table)
            x->floats[i] = 2 * vcl_philox_uniform(&rng, row, column) - 1;
        else
            x->bytes[i] = (unsigned char)vcl_philox_below(&rng, row, column, 256);
    }
    TRY(vcl_dataset_wrap("random", count, shape, table ? VCL_F32 : VCL_U8,
                         table ? (const void *)x->floats : x->bytes, x->labels, &x->set, err));
out:
    return r;
}

/* ---- timing ---- */

struct timing {
    double seconds; /* a timing is to last for */
    double begun;   /* the running one; 0 before the first */
    uint64_t last_epoch;
    unsigned epochs, done; /* finished in the running one; timings */
    double each[TIMINGS];  /* seconds an epoch */
};

/* The first timing warms up; the last one ends the training. */
static bool on_progress(void *user, const struct vcl_progress *p)
{
    struct timing *t = user;
    double now = vcl_now();
    if (interrupted())
        return true;
    if (p->step < p->epoch_steps || p->epoch == t->last_epoch)
        return false; /* not the end of an epoch, or the second look at it */
    t->last_epoch = p->epoch;
    t->epochs++;
    if (t->begun == 0) {
        t->begun = now;
        t->epochs = 0;
    }
    if (!t->epochs || now - t->begun < t->seconds)
        return false;
    if (t->done)
        t->each[t->done - 1] = (now - t->begun) / t->epochs;
    t->done++;
    t->begun = now;
    t->epochs = 0;
    return t->done > TIMINGS;
}

struct speed {
    double images_per_second, gflops, launches;
};

static enum vcl_status time_training(struct bench *bench, const struct vcl_config *config,
                                     struct vcl_shape shape, struct speed *ret_speed,
                                     struct vcl_error *err)
{
    uint32_t batch = (uint32_t)config->batch;
    size_t size = vcl_shape_size(shape), large = size > MNIST_SIZE ? size : MNIST_SIZE;
    size_t fit = (size_t)EXAMPLES * MNIST_SIZE / large / batch;
    size_t steps = fit > MIN_STEPS ? fit : MIN_STEPS;
    struct timing timing = {.seconds = bench->seconds / TIMINGS};
    struct vcl_train_result result;
    struct examples x;
    enum vcl_status r;
    TRY(examples_init(&x, shape, steps * batch, config->classes ? (size_t)config->classes : CLASSES,
                      err));
    r = vcl_train(
        bench->cli->ctx, config,
        &(struct vcl_train_params){.train = x.set, .progress = on_progress, .user = &timing}, NULL,
        &result, err);
    if (r != VCL_E_INTERRUPTED || timing.done <= TIMINGS)
        goto out; /* an error, or a signal: the last timing interrupts, too */
    double step_seconds = vcl_median(timing.each, TIMINGS) / (double)steps;
    *ret_speed = (struct speed){
        .images_per_second = batch / step_seconds,
        .gflops = 2e-9 * result.multiply_adds_per_step / step_seconds,
        .launches = result.launches_per_step,
    };
    r = VCL_OK;
out:
    examples_finish(&x);
    return r;
}

/* ---- presets ---- */

/* As the preset has it, but for the batch and what the command line says. What says of no shape
 * that it is for is taken to be for pictures like MNIST's. */
static enum vcl_status configure(struct bench *bench, const char *preset,
                                 struct vcl_config **ret_config, struct vcl_shape *ret_shape,
                                 struct vcl_error *err)
{
    struct vcl_shape shape = {28, 28, 1};
    struct vcl_config *config;
    char batch[16];
    enum vcl_status r;
    TRY(vcl_config_create(&config, err));
    snprintf(batch, sizeof batch, "%d", BATCH);
    TRY(vcl_config_load_for(config, preset, &shape, err));
    TRY(vcl_config_set(config, "batch", batch, err));
    TRY(assign_all(config, &bench->cli->assigned, err));
    TRY(vcl_config_set(config, "epochs", "1000000", err)); /* until the timings are there */
    *ret_shape = shape;
    *ret_config = config;
    config = NULL;
out:
    vcl_config_destroy(&config);
    return r;
}

static void report(struct bench *bench, const struct vcl_config *config, const char *preset,
                   const struct speed *speed)
{
    double share = speed->gflops / bench->peak;
    if (bench->cli->common.json)
        json_array_append_new(bench->training,
                              json_pack("{s:s, s:I, s:f, s:f, s:f, s:f}", "model", preset, "batch",
                                        (json_int_t)config->batch, "images_per_second",
                                        speed->images_per_second, "launches_per_step",
                                        speed->launches, "gflops", speed->gflops, "peak_share",
                                        share));
    else
        printf("%-20s %6lld %10.0f %9.0f %12.1f %8.1f %%\n", preset, (long long)config->batch,
               speed->images_per_second, speed->launches, speed->gflops, 100 * share);
    fflush(stdout);
}

static enum vcl_status bench_model(struct bench *bench, const char *preset, struct vcl_error *err)
{
    struct vcl_config *config = NULL;
    struct speed speed = {0};
    struct vcl_shape shape;
    enum vcl_status r;
    TRY(configure(bench, preset, &config, &shape, err));
    TRY(time_training(bench, config, shape, &speed, err));
    report(bench, config, preset, &speed);
out:
    vcl_config_destroy(&config);
    return r < 0 && r != VCL_E_INTERRUPTED ? vcl_error_wrap(err, r, "%s", preset) : r;
}

enum vcl_status bench_check_models(struct bench *bench, struct vcl_error *err)
{
    struct vcl_config *config = NULL;
    struct vcl_shape shape;
    enum vcl_status r =
        configure(bench, bench->model ? bench->model : *vcl_preset_names(), &config, &shape, err);
    vcl_config_destroy(&config);
    return r;
}

enum vcl_status bench_models(struct bench *bench, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (!bench->cli->common.json)
        printf("\n%-20s %6s %10s %9s %12s %10s\n", "training", "batch", "images/s", "launches",
               "GFLOP/s", "of peak");
    if (bench->model)
        return bench_model(bench, bench->model, err);
    for (const char *const *preset = vcl_preset_names(); *preset; preset++)
        TRY(bench_model(bench, *preset, err));
out:
    return r;
}
