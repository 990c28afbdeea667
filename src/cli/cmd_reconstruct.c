/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct source source;
    const char *model, *out;
    uint64_t n, from;
    bool force;
};

static const struct vcl_opt opts[] = {
    {.key = "model", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, model),
     .arg = "RUN|FILE", .help = "run folder or .safetensors file"},
    {.key = "data", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, source.data),
     .arg = "SRC", .help = "default: what the run was trained on"},
    {.key = "split", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, source.split),
     .arg = "NAME", .help = "train, test or all"},
    {.key = "n", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, n), .min = 1,
     .max = 1e7, .arg = "N", .help = "how many"},
    {.key = "from", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, from), .arg = "I",
     .help = "number of the first one"},
    {.key = "out", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, out),
     .arg = "FILE",
     .help = ".png (original and reconstruction side by side), .npy, .csv, .idx.gz"},
    {.key = "force", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, force),
     .help = "replace an existing file"},
    {0},
};

static const struct options defaults = {.n = 32, .source.split = "test"};

/* A picture shows pairs; a file for programs holds the reconstructions alone. */
static size_t keep_reconstructions(float *pairs, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        memmove(pairs + i * size, pairs + (2 * i + 1) * size, size * sizeof *pairs);
    return n;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    struct options *o = options;
    struct vcl_model *model = NULL;
    struct vcl_dataset *set = NULL;
    struct vcl_model_info info;
    float *x = NULL;
    char *data = o->source.data ? NULL : data_of_run(o->model);
    enum vcl_status r;
    if (data)
        o->source.data = data;
    if (o->out)
        TRY(check_extension(o->out, &cli->err));
    TRY(open_model(cli, o->model, &model));
    TRY(open_data(&o->source, "test", &set, &cli->err));
    vcl_model_describe(model, &info);
    size_t size = vcl_shape_size(info.shape);
    if (o->from < set->count && o->n > set->count - o->from)
        o->n = set->count - o->from;
    TRY(vcl_alloc(2 * o->n * size, sizeof *x, &x, &cli->err));
    TRY(reconstruct_pairs(model, set, o->from, o->n, x, &cli->err));
    const char *extension = is_picture(info.shape) ? ".png" : ".csv";
    bool pairs = vcl_ends_with(o->out ? o->out : extension, ".png");
    size_t count = pairs ? 2 * o->n : keep_reconstructions(x, o->n, size);
    TRY(write_result(cli,
                     &(struct output){.out = o->out,
                                      .name = "reconstructions",
                                      .extension = extension,
                                      .force = o->force,
                                      .columns = 8},
                     &(struct vcl_array){.count = count, .shape = info.shape, .values = x}));
    report_profile(cli);
out:
    free(x);
    free(data);
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&model);
    return r;
}

const struct command command_reconstruct = {
    .name = "reconstruct",
    .summary = "Passes examples through encoder and decoder",
    .usage = "--model RUN|FILE [--data SRC] [--n N] [--out FILE]",
    .example = "  vae-cl reconstruct --model runs/mnist-fc-1 --n 16 --out pairs.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
