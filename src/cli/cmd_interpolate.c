/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct source source;
    const char *model, *out;
    uint64_t from, to, steps;
    bool straight, force;
};

static const struct vcl_opt opts[] = {
    {.key = "model", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, model),
     .arg = "RUN|FILE", .help = "run folder or .safetensors file"},
    {.key = "data", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, source.data),
     .arg = "SRC", .help = "default: what the run was trained on"},
    {.key = "split", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, source.split),
     .arg = "NAME", .help = "train, test or all"},
    {.key = "from", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, from), .arg = "I",
     .help = "number of the example to start at"},
    {.key = "to", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, to), .arg = "J",
     .help = "number of the example to end at"},
    {.key = "steps", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, steps), .min = 2,
     .max = 1e6, .arg = "N", .help = "points, both ends included"},
    {.key = "straight", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, straight),
     .help = "along a line, not a great circle"},
    {.key = "out", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, out),
     .arg = "FILE", .help = ".png (a grid), .npy, .csv or .idx.gz"},
    {.key = "force", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, force),
     .help = "replace an existing file"},
    {0},
};

static const struct options defaults = {.to = 1, .steps = 10, .source.split = "test"};

static enum vcl_status decode_path(struct cli *cli, const struct options *o,
                                   struct vcl_model *model, const struct vcl_dataset *set)
{
    struct vcl_model_info info;
    float *ends = NULL, *path = NULL, *x = NULL;
    enum vcl_status r;
    vcl_model_describe(model, &info);
    size_t z = info.latent;
    TRY(vcl_alloc(2 * z, sizeof *ends, &ends, &cli->err));
    TRY(vcl_alloc(o->steps * z, sizeof *path, &path, &cli->err));
    TRY(vcl_alloc(o->steps * vcl_shape_size(info.shape), sizeof *x, &x, &cli->err));
    TRY(vcl_encode(model, set, o->from, 1, cli->common.seed, ends, NULL, NULL, &cli->err));
    TRY(vcl_encode(model, set, o->to, 1, cli->common.seed, ends + z, NULL, NULL, &cli->err));
    vcl_interpolate(ends, ends + z, info.latent, o->steps, !o->straight, path);
    TRY(vcl_decode(model, o->steps, path, x, &cli->err));
    TRY(write_result(cli,
                     &(struct output){.out = o->out,
                                      .name = "interpolation",
                                      .extension = is_picture(info.shape) ? ".png" : ".csv",
                                      .force = o->force,
                                      .columns = o->steps <= 16 ? (uint32_t)o->steps : 0},
                     &(struct vcl_array){.count = o->steps, .shape = info.shape, .values = x}));
out:
    free(ends);
    free(path);
    free(x);
    return r;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    struct options *o = options;
    struct vcl_model *model = NULL;
    struct vcl_dataset *set = NULL;
    char *data = o->source.data ? NULL : data_of_run(o->model);
    enum vcl_status r;
    if (data)
        o->source.data = data;
    if (o->out)
        TRY(check_extension(o->out, &cli->err));
    TRY(open_model(cli, o->model, &model));
    TRY(open_data(&o->source, "test", &set, &cli->err));
    TRY(decode_path(cli, o, model, set));
    report_profile(cli);
out:
    free(data);
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&model);
    return r;
}

const struct command command_interpolate = {
    .name = "interpolate",
    .summary = "Walks from one example to another through the latent space",
    .usage = "--model RUN|FILE [--data SRC] --from I --to J [--steps N] [--out FILE]",
    .example = "  vae-cl interpolate --model runs/mnist-fc-1 --from 3 --to 8 --out walk.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
