/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    const char *model, *out;
    uint64_t n;
    bool force;
};

static const struct vcl_opt opts[] = {
    {.key = "model", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, model),
     .arg = "RUN|FILE", .help = "run folder or .safetensors file"},
    {.key = "n", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, n), .min = 1,
     .max = 1e7, .arg = "N", .help = "how many"},
    {.key = "out", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, out),
     .arg = "FILE", .help = ".png (a grid), .npy, .csv or .idx.gz"},
    {.key = "force", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, force),
     .help = "replace an existing file"},
    {0},
};

static const struct options defaults = {.n = 64};

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct vcl_model *model = NULL;
    struct vcl_model_info info;
    float *x = NULL;
    enum vcl_status r;
    if (o->out)
        TRY(check_extension(o->out, &cli->err));
    TRY(open_model(cli, o->model, &model));
    vcl_model_describe(model, &info);
    TRY(vcl_alloc(o->n * vcl_shape_size(info.shape), sizeof *x, &x, &cli->err));
    TRY(vcl_sample(model, o->n, cli->common.seed, x, &cli->err));
    TRY(write_result(cli,
                     &(struct output){.out = o->out,
                                      .name = "samples",
                                      .extension = is_picture(info.shape) ? ".png" : ".csv",
                                      .force = o->force},
                     &(struct vcl_array){.count = o->n, .shape = info.shape, .values = x}));
    report_profile(cli);
out:
    free(x);
    vcl_model_destroy(&model);
    return r;
}

const struct command command_sample = {
    .name = "sample",
    .summary = "Draws new examples: z from the prior, through the decoder",
    .usage = "--model RUN|FILE [--n N] [--out FILE]",
    .example = "  vae-cl sample --model runs/mnist-fc-1 --n 100 --out samples.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
