/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "scenario.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cl/emit.h"
#include "common/test_folder.h"
#include "vae/safetensors.h"

enum { EXAMPLES = 8, PATH = 512 };

struct paths {
    char run[PATH], saved[PATH], x[PATH], npy[PATH], png[PATH], cache[PATH];
};

static enum vcl_status configure(struct vcl_config **ret_config, struct vcl_error *err)
{
    static const char *const settings[][2] = {
        {"encoder", "dense 8 gelu"},
        {"latent", "2"},
        {"decoder", "dense 8 relu, residual [batchnorm, dropout 0.5]"},
        {"batch", "4"},
        {"epochs", "2"},
        {"free-bits", "0.1"},
        {"clip", "5"},
        {"valid", "0.25"},
        {"checkpoint-every", "1"},
    };
    struct vcl_config *config = NULL;
    enum vcl_status r;
    TRY(vcl_config_create(&config, err));
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        TRY(vcl_config_set(config, settings[i][0], settings[i][1], err));
    *ret_config = config;
    config = NULL;
out:
    vcl_config_destroy(&config);
    return r;
}

/* `epochs` NULL starts a run, otherwise it goes on to so many. */
static enum vcl_status train(struct vcl_ctx *ctx, const char *run, const char *epochs,
                             struct vcl_model **ret_model, struct vcl_error *err)
{
    unsigned char values[EXAMPLES * SCENARIO_SIZE];
    struct vcl_config *config = NULL;
    struct vcl_dataset *set = NULL;
    struct vcl_run_data data;
    enum vcl_status r;
    for (size_t i = 0; i < sizeof values; i++)
        values[i] = (unsigned char)(i * i * 7);
    if (epochs) {
        TRY(vcl_run_config(run, &config, &data, err));
        TRY(vcl_config_set(config, "epochs", epochs, err));
    } else {
        TRY(configure(&config, err));
    }
    TRY(vcl_dataset_wrap("values", EXAMPLES, (struct vcl_shape){4, 4, 1}, VCL_U8, values, NULL,
                         &set, err));
    TRY(vcl_train(
        ctx, config,
        &(struct vcl_train_params){.train = set, .test = set, .out = run, .resume = epochs != NULL},
        ret_model, NULL, err));
out:
    vcl_dataset_destroy(&set);
    vcl_config_destroy(&config);
    return r;
}

/* One example, written to a file and read again. */
static enum vcl_status make_set(const char *path, struct vcl_dataset **ret_set,
                                struct vcl_error *err)
{
    float x[SCENARIO_SIZE];
    enum vcl_status r;
    for (int i = 0; i < SCENARIO_SIZE; i++)
        x[i] = (float)i / SCENARIO_SIZE;
    TRY(vcl_array_write(path, &(struct vcl_array){.count = 1, .shape = {4, 4, 1}, .values = x}, 0,
                        false, err));
    TRY(vcl_dataset_open(&(struct vcl_data_params){.source = path, .split = "all"}, ret_set, err));
out:
    return r;
}

static enum vcl_status use(struct vcl_ctx *ctx, const struct paths *paths,
                           struct scenario_result *result, struct vcl_error *err)
{
    const float z[SCENARIO_CODES * 2] = {0, 0, 1, -1, -2, 0.5f};
    float samples[2 * SCENARIO_SIZE];
    struct vcl_model *model = NULL;
    struct vcl_dataset *set = NULL;
    struct vcl_eval eval;
    enum vcl_status r;
    TRY(vcl_model_load(ctx, paths->run, 4, &model, err));
    TRY(make_set(paths->x, &set, err));
    TRY(vcl_evaluate(model, set, &(struct vcl_eval_params){.nll_samples = 3, .seed = 1}, &eval,
                     err));
    TRY(vcl_decode(model, SCENARIO_CODES, z, result->decoded, err));
    TRY(vcl_sample(model, 2, 1, samples, err));
    struct vcl_array array = {
        .count = SCENARIO_CODES, .shape = {4, 4, 1}, .values = result->decoded};
    TRY(vcl_array_write(paths->npy, &array, 0, false, err));
    array.values = samples;
    array.count = 2;
    TRY(vcl_array_write(paths->png, &array, 2, false, err));
    result->loss = eval.nll + eval.losses.loss;
out:
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&model);
    return r;
}

static enum vcl_status first_half(struct vcl_ctx *ctx, const struct paths *paths,
                                  struct scenario_result *result, struct vcl_error *err)
{
    struct vcl_model *model = NULL;
    enum vcl_status r;
    (void)result;
    vcl_ctx_command_buffers(ctx, true); /* of the training's launches, where the device has them */
    TRY(train(ctx, paths->run, NULL, &model, err));
    TRY(vcl_model_save(model, paths->saved, false, err));
out:
    vcl_model_destroy(&model);
    return r;
}

static enum vcl_status second_half(struct vcl_ctx *ctx, const struct paths *paths,
                                   struct scenario_result *result, struct vcl_error *err)
{
    struct vcl_profile_row *rows = NULL;
    size_t n;
    enum vcl_status r;
    TRY(train(ctx, paths->run, "3", NULL, err));
    TRY(use(ctx, paths, result, err));
    TRY(vcl_profile_read(ctx, &rows, &n, err));
out:
    free(rows);
    return r;
}

/* As a program that is started once more: with compiled programs from files. */
static enum vcl_status in_context(const char *device, const struct paths *paths, bool first,
                                  struct scenario_result *result, struct vcl_error *err)
{
    const struct vcl_ctx_params params = {
        .device = device, .same_bits = true, .profile = !first, .cache_dir = paths->cache};
    struct vcl_ctx *ctx = NULL;
    enum vcl_status r;
    TRY(vcl_ctx_create(&params, &ctx, err));
    TRY((first ? first_half : second_half)(ctx, paths, result, err));
out:
    vcl_ctx_destroy(&ctx);
    return r;
}

enum vcl_status scenario_run(const char *folder, const char *device, struct scenario_result *result,
                             struct vcl_error *err)
{
    struct paths paths;
    char *const all[] = {paths.run, paths.saved, paths.x, paths.npy, paths.png, paths.cache};
    static const char *const names[] = {"run",         "saved.safetensors", "x.idx.gz",
                                        "decoded.npy", "samples.png",       "cache"};
    enum vcl_status r;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        snprintf(all[i], PATH, "%s/%s", folder, names[i]);
    TRY(in_context(device, &paths, true, result, err));
    TRY(in_context(device, &paths, false, result, err));
out:
    return r;
}

/* ---- what is left ---- */

static char *report;

static bool whole_safetensors(const char *path)
{
    struct vcl_st_file file = {0};
    bool whole = vcl_st_read(path, &file, NULL) == VCL_OK && file.count > 0 &&
                 vcl_st_metadata(&file, "spec") && vcl_st_metadata(&file, "steps") &&
                 strstr(vcl_st_metadata(&file, "spec"), "\"shape\":[4,4,1]");
    vcl_st_finish(&file);
    return whole;
}

static bool whole_json(const char *path)
{
    static const char *const keys[] = {"config", "data", "device", "gemm", "version"};
    json_t *object = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    bool whole = json_object_size(json_object_get(object, "config")) >= 20;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        whole = whole && json_object_get(object, keys[i]);
    json_decref(object);
    return whole;
}

static bool whole_lines(const char *path)
{
    char line[2048];
    bool whole = true;
    FILE *file = fopen(path, "r");
    while (file && whole && fgets(line, sizeof line, file)) {
        json_t *object = json_loads(line, 0, NULL);
        whole = json_object_size(object) >= 13 && strchr(line, '\n');
        json_decref(object);
    }
    if (file)
        fclose(file);
    return whole && file;
}

static int check_file(const char *path, const struct stat *info, int type, struct FTW *walk)
{
    (void)walk;
    bool whole = type != FTW_F || info->st_size > 0;
    if (vcl_ends_with(path, ".safetensors"))
        whole = whole_safetensors(path);
    else if (vcl_ends_with(path, "config.json"))
        whole = whole_json(path);
    else if (vcl_ends_with(path, "metrics.jsonl"))
        whole = whole_lines(path);
    else if (type == FTW_F)
        whole = vcl_ends_with(path, ".npy") || vcl_ends_with(path, ".png") ||
                vcl_ends_with(path, ".gz") || vcl_ends_with(path, ".bin");
    if (!whole)
        snprintf(report, 256, "'%s' is not whole", path);
    return !whole;
}

bool scenario_files_are_whole(const char *folder, char problem[256])
{
    report = problem;
    return nftw(folder, check_file, 16, FTW_PHYS) == 0;
}
