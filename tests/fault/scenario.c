/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include "scenario.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cl/context.h"
#include "common/folder.h"
#include "vae/safetensors.h"

enum { EXAMPLES = 8 };

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

static enum vcl_status train(struct vcl_ctx *ctx, const char *run, struct vcl_model **ret_model,
                             struct vcl_error *err)
{
    unsigned char values[EXAMPLES * SCENARIO_SIZE];
    struct vcl_config *config = NULL;
    struct vcl_dataset *set = NULL;
    enum vcl_status r;
    for (size_t i = 0; i < sizeof values; i++)
        values[i] = (unsigned char)(i * i * 7);
    TRY(configure(&config, err));
    TRY(vcl_dataset_wrap("values", EXAMPLES, (struct vcl_shape){4, 4, 1}, VCL_U8, values, NULL,
                         &set, err));
    TRY(vcl_train(ctx, config, &(struct vcl_train_params){.train = set, .test = set, .out = run},
                  ret_model, NULL, err));
out:
    vcl_dataset_destroy(&set);
    vcl_config_destroy(&config);
    return r;
}

static enum vcl_status use(struct vcl_ctx *ctx, const char *run, const char *npy, const char *png,
                           struct scenario_result *result, struct vcl_error *err)
{
    const float z[SCENARIO_CODES * 2] = {0, 0, 1, -1, -2, 0.5f};
    float x[SCENARIO_SIZE], samples[2 * SCENARIO_SIZE];
    struct vcl_model *model = NULL;
    struct vcl_dataset *set = NULL;
    struct vcl_eval eval;
    enum vcl_status r;
    for (int i = 0; i < SCENARIO_SIZE; i++)
        x[i] = (float)i / SCENARIO_SIZE;
    TRY(vcl_model_load(ctx, run, 4, &model, err));
    TRY(vcl_dataset_wrap("x", 1, (struct vcl_shape){4, 4, 1}, VCL_F32, x, NULL, &set, err));
    TRY(vcl_evaluate(model, set, &(struct vcl_eval_params){.nll_samples = 3, .seed = 1}, &eval,
                     err));
    TRY(vcl_decode(model, SCENARIO_CODES, z, result->decoded, err));
    TRY(vcl_sample(model, 2, 1, samples, err));
    struct vcl_array array = {
        .count = SCENARIO_CODES, .shape = {4, 4, 1}, .values = result->decoded};
    TRY(vcl_array_write(npy, &array, 0, false, err));
    array.values = samples;
    array.count = 2;
    TRY(vcl_array_write(png, &array, 2, false, err));
    result->loss = eval.nll + eval.losses.loss;
out:
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&model);
    return r;
}

/* Its launches as command buffers, where the device has them. */
static enum vcl_status make(const char *device, const char *run, const char *saved,
                            struct vcl_error *err)
{
    struct vcl_ctx *ctx = NULL;
    struct vcl_model *model = NULL;
    enum vcl_status r;
    TRY(vcl_ctx_create(&(struct vcl_ctx_params){.device = device, .same_bits = true}, &ctx, err));
    vcl_ctx_command_buffers(ctx, true);
    TRY(train(ctx, run, &model, err));
    TRY(vcl_model_save(model, saved, false, err));
out:
    vcl_model_destroy(&model);
    vcl_ctx_destroy(&ctx);
    return r;
}

/* With a profile, which has no command buffers. */
static enum vcl_status use_profiled(const char *device, const char *const paths[4],
                                    struct scenario_result *result, struct vcl_error *err)
{
    struct vcl_ctx *ctx = NULL;
    struct vcl_profile_row *rows = NULL;
    size_t n;
    enum vcl_status r;
    TRY(vcl_ctx_create(
        &(struct vcl_ctx_params){.device = device, .same_bits = true, .profile = true}, &ctx, err));
    TRY(use(ctx, paths[0], paths[2], paths[3], result, err));
    TRY(vcl_profile_read(ctx, &rows, &n, err));
out:
    free(rows);
    vcl_ctx_destroy(&ctx);
    return r;
}

enum vcl_status scenario_run(const char *folder, const char *device, struct scenario_result *result,
                             struct vcl_error *err)
{
    static const char *const names[4] = {"run", "saved.safetensors", "decoded.npy", "samples.png"};
    char paths[4][512];
    const char *const all[4] = {paths[0], paths[1], paths[2], paths[3]};
    enum vcl_status r;
    for (int i = 0; i < 4; i++)
        snprintf(paths[i], sizeof paths[i], "%s/%s", folder, names[i]);
    TRY(make(device, all[0], all[1], err));
    TRY(use_profiled(device, all, result, err));
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
        whole = json_object_size(object) == 13 && strchr(line, '\n');
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
        whole = vcl_ends_with(path, ".npy") || vcl_ends_with(path, ".png");
    if (!whole)
        snprintf(report, 256, "'%s' is not whole", path);
    return !whole;
}

bool scenario_files_are_whole(const char *folder, char problem[256])
{
    report = problem;
    return nftw(folder, check_file, 16, FTW_PHYS) == 0;
}
