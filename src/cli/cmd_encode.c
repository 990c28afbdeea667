/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct source source;
    const char *model, *out;
    bool stochastic, force;
};

static const struct vcl_opt opts[] = {
    {.key = "model", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, model),
     .arg = "RUN|FILE", .help = "run folder or .safetensors file"},
    {.key = "data", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, source.data),
     .arg = "SRC", .help = "default: what the run was trained on"},
    {.key = "split", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, source.split),
     .arg = "NAME", .help = "train, test or all"},
    {.key = "limit", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, source.limit),
     .arg = "N", .help = "use the first N examples"},
    {.key = "stochastic", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, stochastic),
     .help = "draw z from q(z|x) instead of taking its mean"},
    {.key = "out", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, out),
     .arg = "FILE", .help = ".npy or .csv (with the labels as its last column)"},
    {.key = "force", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, force),
     .help = "replace an existing file"},
    {0},
};

static const struct options defaults = {.source.split = "test"};

static enum vcl_status run(struct cli *cli, void *options)
{
    struct options *o = options;
    struct vcl_model *model = NULL;
    struct vcl_dataset *set = NULL;
    struct vcl_model_info info;
    float *mean = NULL, *z = NULL;
    char *data = o->source.data ? NULL : data_of_run(o->model);
    enum vcl_status r;
    if (data)
        o->source.data = data;
    if (o->out && !vcl_ends_with(o->out, ".npy") && !vcl_ends_with(o->out, ".csv"))
        FAIL(&cli->err, VCL_E_ARG, "--out %s: codes are written as .npy or .csv", o->out);
    TRY(open_model(cli, o->model, &model));
    TRY(open_data(&o->source, "test", &set, &cli->err));
    vcl_model_describe(model, &info);
    TRY(vcl_alloc(set->count * info.latent, sizeof *mean, &mean, &cli->err));
    if (o->stochastic)
        TRY(vcl_alloc(set->count * info.latent, sizeof *z, &z, &cli->err));
    TRY(vcl_encode(model, set, 0, set->count, cli->common.seed, mean, NULL, z, &cli->err));
    TRY(write_result(cli,
                     &(struct output){.out = o->out,
                                      .name = "codes",
                                      .extension = ".npy",
                                      .force = o->force},
                     &(struct vcl_array){.count = set->count,
                                         .shape = {1, info.latent, 1},
                                         .values = z ? z : mean,
                                         .labels = set->labels}));
    report_profile(cli);
out:
    free(mean);
    free(z);
    free(data);
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&model);
    return r;
}

const struct command command_encode = {
    .name = "encode",
    .summary = "Writes the latent codes of examples",
    .usage = "--model RUN|FILE [--data SRC] [--stochastic] [--out z.npy]",
    .example = "  vae-cl encode --model runs/mnist-fc-1 --split test --out z.npy\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
