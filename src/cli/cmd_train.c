/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/cli.h"
#include "train/run_folder.h"
#include "vae/config.h"

struct options {
    const char *data, *split, *model, *out, *resume, *test;
    const char *noted; /* what config.json says of the data: as --data was typed */
    uint64_t limit;
    struct vcl_opt_list set;
    bool no_tune;
};

static const struct vcl_opt opts[] = {
    {.key = "data",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, data),
     .arg = "SRC",
     .help = "digits (built in), a folder or a file"},
    {.key = "split",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, split),
     .arg = "NAME",
     .help = "what to train on: train, test or all"},
    {.key = "test",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, test),
     .arg = "NAME",
     .help = "what to test on after each epoch: test, or none"},
    {.key = "limit",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, limit),
     .arg = "N",
     .help = "use the first N training examples"},
    {.key = "model",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, model),
     .arg = "PRESET|FILE.json",
     .help = "what to train"},
    {.key = "set",
     .kind = VCL_OPT_LIST,
     .offset = offsetof(struct options, set),
     .arg = "KEY=VALUE",
     .help = "any option below, or key of a preset; may be repeated"},
    {.key = "out",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, out),
     .arg = "DIR",
     .help = "run folder (default: the next free runs/NAME-N)"},
    {.key = "resume",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, resume),
     .arg = "DIR",
     .help = "continue the run in this folder"},
    {.key = "no-tune",
     .kind = VCL_OPT_FLAG,
     .offset = offsetof(struct options, no_tune),
     .help = "measure nothing at the first training on a device"},
    {0},
};

static const struct options defaults = {.split = "train", .test = "test"};

/* What callbacks need. */
struct training {
    struct cli *cli;
    const struct vcl_dataset *pictures; /* examples to reconstruct */
    const char *out;
    struct vcl_error picture_error;
    bool pictures_made, pictures_failed;
};

/* ---- configuration ---- */

/* The first option that was given and would make the run another one; NULL: none. */
static const char *not_for_resume(const struct options *o)
{
    return o->model                     ? "model"
           : o->set.count               ? "set"
           : o->split != defaults.split ? "split"
           : o->test != defaults.test   ? "test"
           : o->limit != defaults.limit ? "limit"
                                        : NULL;
}

/* A resumed run keeps its own configuration: only a larger number of epochs may be asked for. */
static enum vcl_status configure_resumed(struct cli *cli, struct options *o)
{
    struct vcl_config *given = NULL, *saved; /* `given` holds the texts of cli->assigned */
    struct vcl_run_data data;
    const char *other = not_for_resume(o);
    enum vcl_status r;
    TRY(vcl_run_config(o->resume, &saved, &data, &cli->err));
    given = cli->config;
    cli->config = saved;
    o->noted = o->data ? o->data : data.source;
    o->split = data.split ? data.split : o->split;
    o->test = data.test_split ? data.test_split : o->test;
    o->limit = data.count;
    o->out = o->resume;
    if (other)
        FAIL(&cli->err, VCL_E_ARG, "--resume continues a run as it was: --%s does not go with it",
             other);
    for (size_t i = 0; i < cli->assigned.count; i++) {
        if (strncmp(cli->assigned.items[i], "epochs=", 7) != 0)
            FAIL(&cli->err, VCL_E_ARG,
                 "--resume continues a run as it was: --%.*s does not go with it",
                 (int)strcspn(cli->assigned.items[i], "="), cli->assigned.items[i]);
        TRY(assign(cli->config, cli->assigned.items[i], &cli->err));
    }
out:
    cli->assigned.count = 0;
    vcl_config_destroy(&given);
    return r;
}

/* Layers given on the command line make a model that is no longer the preset. */
static enum vcl_status configure_new(struct cli *cli, const struct options *o)
{
    enum vcl_status r;
    TRY(vcl_config_load(cli->config, o->model ? o->model : "mnist-fc", &cli->err));
    for (size_t i = 0; i < cli->assigned.count; i++) {
        const char *text = cli->assigned.items[i];
        if (strncmp(text, "encoder=", 8) == 0 || strncmp(text, "decoder=", 8) == 0 ||
            strncmp(text, "output=", 7) == 0)
            TRY(vcl_config_set(cli->config, "name", "custom", &cli->err));
    }
    TRY(assign_all(cli->config, &o->set, &cli->err));
    TRY(assign_all(cli->config, &cli->assigned, &cli->err));
out:
    return r;
}

/* Where a run goes; `made` and `runs_made` if its name was not given, but chosen. */
struct folder {
    const char *path;
    char chosen[512];
    bool made, runs_made;
};

/* Makes the next free runs/NAME-N, so that another training started now takes another one. */
static enum vcl_status choose_folder(const char *name, struct folder *folder, struct vcl_error *err)
{
    char *path = folder->chosen;
    enum vcl_status r;
    folder->path = path;
    TRY(vcl_make_new_folder("runs", &folder->runs_made, err));
    for (int i = 1; i < 100000; i++) {
        int len = snprintf(path, sizeof folder->chosen, "runs/%.200s-%d", name, i);
        for (char *c = path + 5; c < path + len; c++)
            *c = *c == '/' ? '_' : *c;
        TRY(vcl_make_new_folder(path, &folder->made, err));
        if (folder->made)
            return VCL_OK;
    }
    FAIL(err, VCL_E_EXISTS, "no free name is left under runs/");
out:
    return r;
}

/* After a failure: both only if nothing is in them. */
static void leave_folder(const struct folder *folder)
{
    if (folder->made)
        rmdir(folder->chosen);
    if (folder->runs_made)
        rmdir("runs");
}

/* ---- callbacks ---- */

static bool on_progress(void *user, const struct vcl_progress *p)
{
    const struct training *training = user;
    char label[48], text[96];
    snprintf(label, sizeof label, "epoch %llu/%llu", (unsigned long long)p->epoch,
             (unsigned long long)p->epochs);
    snprintf(text, sizeof text, "loss %.2f  %.0f images/s  %.0f s left", p->loss,
             p->images_per_second, p->seconds_left);
    draw_bar(training->cli, label, (double)p->step / (double)p->epoch_steps, text);
    return interrupted();
}

static void on_products(void *user, const struct vcl_gemm *products, size_t count)
{
    const struct training *training = user;
    tune_products(training->cli, products, count);
}

static void make_pictures(struct training *training, struct vcl_model *model)
{
    training->pictures_made = true;
    if (write_run_pictures(model, training->pictures, training->out, &training->picture_error) < 0)
        training->pictures_failed = true;
}

static void on_epoch(void *user, const struct vcl_epoch *e, struct vcl_model *model)
{
    struct training *training = user;
    char test[128] = "", terms[96];
    double kl = vcl_losses_term(&e->train, "kl");
    clear_bar(training->cli);
    if (e->has_test)
        snprintf(test, sizeof test, "  test %.3f (%s)", e->test.loss,
                 show_terms(&e->test, terms, sizeof terms));
    say(training->cli, "epoch %llu/%llu  loss %.3f (%s)%s  %.1f s, %.0f images/s",
        (unsigned long long)e->epoch, (unsigned long long)e->epochs, e->train.loss,
        show_terms(&e->train, terms, sizeof terms), test, e->seconds, e->images_per_second);
    if (kl < 0.01 && e->epoch == e->epochs && kl > 0)
        say(training->cli, "the KL term is nearly 0: the latent is not used; try --warmup or a "
                           "smaller --beta");
    make_pictures(training, model);
}

/* ---- the command ---- */

static const char *source(const struct options *o)
{
    return o->data ? o->data : "digits";
}

static enum vcl_status open_sets(const struct options *o, struct vcl_dataset **train,
                                 struct vcl_dataset **test, struct vcl_error *err)
{
    const struct vcl_data_params params = {
        .source = source(o), .split = o->split, .limit = o->limit};
    const char *second = strcmp(o->test, "none") != 0 ? o->test : NULL;
    if (o->resume && !o->data)
        return vcl_run_open_data(o->resume, &params, second, train, test, err);
    return vcl_dataset_open_two(&params, second, train, test, err);
}

static void say_data(const struct cli *cli, const struct vcl_dataset *train)
{
    say(cli, "data %s: %zu examples of %u x %u x %u", train->name, train->count,
        train->shape.height, train->shape.width, train->shape.channels);
    struct vcl_data_summary summary; /* a pass over all values: only when asked to say more */
    if (cli->common.verbose && vcl_dataset_summarise(train, &summary, NULL) == VCL_OK)
        say(cli, "%zu columns have the same value in all examples", summary.constant_columns);
}

static void add_losses(json_t *object, const char *part, const struct vcl_losses *losses)
{
    char key[64];
    snprintf(key, sizeof key, "%s_loss", part);
    json_object_set_new(object, key, number_or_null(losses->loss));
    for (uint32_t i = 0; i < losses->count; i++) {
        snprintf(key, sizeof key, "%s_%s", part, losses->terms[i].name);
        json_object_set_new(object, key, number_or_null(losses->terms[i].value));
    }
}

static void report(struct cli *cli, const struct vcl_train_result *result, const char *out,
                   double startup)
{
    if (cli->common.json) {
        json_t *object = json_pack(
            "{s:I, s:I, s:b, s:o, s:f, s:f, s:f, s:o, s:s, s:o}", "epochs",
            (json_int_t)result->epochs, "steps", (json_int_t)result->steps, "diverged",
            result->diverged, "images_per_second", number_or_null(result->images_per_second),
            "seconds", result->seconds, "startup_seconds", startup, "launches_per_step",
            result->launches_per_step, "device", vcl_json_text(vcl_ctx_device(cli->ctx)->name),
            "gemm", vcl_gemm_chosen(cli->ctx), "out", vcl_json_text(out));
        add_losses(object, "train", &result->train);
        add_losses(object, "test", &result->test);
        add_profile(cli, object, result);
        print_json(object);
    } else {
        if (result->images_per_second > 0)
            say(cli, "%.0f images/s, %.1f s in all, first step after %.2f s",
                result->images_per_second, result->seconds, startup);
        else
            say(cli, "nothing to do: the run has its %llu epochs; --epochs N goes on to N",
                (unsigned long long)result->epochs);
        printf("%s\n", out);
    }
}

/* Data are read by a thread of their own while the OpenCL runtime starts and compiles. */
struct loading {
    const struct options *options;
    struct vcl_dataset *train, *test;
    struct vcl_error err;
    enum vcl_status status;
};

static void *load(void *user)
{
    struct loading *loading = user;
    loading->status = open_sets(loading->options, &loading->train, &loading->test, &loading->err);
    return NULL;
}

/* What is wrong with the data is reported before what is wrong with the device. */
static enum vcl_status open_all(struct cli *cli, struct loading *loading)
{
    pthread_t thread;
    bool apart = pthread_create(&thread, NULL, load, loading) == 0;
    if (!apart)
        load(loading);
    enum vcl_status r = open_context(cli);
    if (r == VCL_OK)
        r = vcl_model_prepare(cli->ctx, cli->config, &cli->err);
    if (apart)
        pthread_join(thread, NULL);
    if (loading->status < 0) {
        cli->err = loading->err;
        r = loading->status;
    }
    return r;
}

static enum vcl_status train(struct cli *cli, const struct options *o)
{
    struct loading loading = {.options = o};
    struct vcl_train_result result;
    struct vcl_model *model = NULL;
    struct folder folder = {.path = o->out};
    enum vcl_status r;
    TRY(open_all(cli, &loading));
    struct vcl_dataset *train_set = loading.train, *test_set = loading.test;
    say_data(cli, train_set);
    if (!o->out)
        TRY(choose_folder(cli->config->name, &folder, &cli->err));
    struct training training = {
        .cli = cli, .pictures = test_set ? test_set : train_set, .out = folder.path};
    double before = vcl_now() - cli->process_start;
    watch_interrupts();
    r = vcl_train(cli->ctx, cli->config,
                  &(struct vcl_train_params){.train = train_set,
                                             .test = test_set,
                                             .out = folder.path,
                                             .data = o->noted ? o->noted : source(o),
                                             .split = o->split,
                                             .test_split = o->test,
                                             .resume = o->resume != NULL,
                                             .products = o->no_tune ? NULL : on_products,
                                             .progress = on_progress,
                                             .epoch = on_epoch,
                                             .user = &training},
                  &model, &result, &cli->err);
    clear_bar(cli);
    if (r < 0)
        goto out;
    if (!training.pictures_made) /* a finished run, resumed: they may be missing, or too old */
        make_pictures(&training, model);
    if (training.pictures_failed) {
        cli->err = training.picture_error;
        r = cli->err.status;
        goto out;
    }
    report(cli, &result, folder.path, before + result.startup_seconds);
    report_profile(cli, &result);
out:
    if (r < 0)
        leave_folder(&folder);
    vcl_model_destroy(&model);
    vcl_dataset_destroy(&loading.train);
    vcl_dataset_destroy(&loading.test);
    return r;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    struct options *o = options;
    enum vcl_status r;
    if ((o->out && !*o->out) || (o->resume && !*o->resume))
        FAIL(&cli->err, VCL_E_ARG, "--%s needs the name of a folder", o->resume ? "resume" : "out");
    if (o->resume)
        TRY(configure_resumed(cli, o));
    else
        TRY(configure_new(cli, o));
    if (o->out)
        TRY(vcl_run_folder_check(o->out, o->resume != NULL, &cli->err));
    r = train(cli, o);
out:
    return r;
}

const struct command command_train = {
    .name = "train",
    .summary = "Trains a model and writes a run folder",
    .usage = "[--data SRC] [--model PRESET|FILE.json] [options] | --resume DIR",
    .example = "  vae-cl train                                   # digits, preset mnist-fc\n"
               "  vae-cl train --data ../mnist --epochs 20 --out runs/mnist\n"
               "  vae-cl train --data ../mnist --encoder \"dense 200 relu\" --latent 10 \\\n"
               "               --decoder \"dense 200 relu\" --binarize dynamic\n"
               "  vae-cl train --resume runs/mnist --epochs 30\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .takes_config = true,
    .run = run,
};
