/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    const char *model, *out, *dim, *range;
    uint64_t steps;
    bool force;
};

static const struct vcl_opt opts[] = {
    {.key = "model", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, model),
     .arg = "RUN|FILE", .help = "run folder or .safetensors file"},
    {.key = "dim", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, dim),
     .arg = "D|all", .help = "latent dimension, from 0"},
    {.key = "range", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, range),
     .arg = "A:B", .help = "from A to B, the others staying 0"},
    {.key = "steps", .kind = VCL_OPT_UINT, .offset = offsetof(struct options, steps), .min = 2,
     .max = 1000, .arg = "N", .help = "points a dimension"},
    {.key = "out", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, out),
     .arg = "FILE", .help = ".png (a row a dimension), .npy, .csv or .idx.gz"},
    {.key = "force", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, force),
     .help = "replace an existing file"},
    {0},
};

static const struct options defaults = {.dim = "all", .range = "-3:3", .steps = 10};

struct span {
    uint32_t first, count; /* dimensions */
    double from, to;
};

static enum vcl_status parse_span(const struct options *o, uint32_t latent, struct span *span,
                                  struct vcl_error *err)
{
    char from[32];
    const char *colon = strchr(o->range, ':');
    uint64_t dim = 0;
    bool all = strcmp(o->dim, "all") == 0;
    if (!all && (!vcl_parse_u64(o->dim, &dim) || dim >= latent))
        return ERR(err, VCL_E_ARG, "--dim %s: the model has dimensions 0 to %u", o->dim,
                   latent - 1);
    snprintf(from, sizeof from, "%.*s", colon ? (int)(colon - o->range) : 0, o->range);
    if (!colon || !vcl_parse_f64(from, &span->from) || !vcl_parse_f64(colon + 1, &span->to))
        return ERR(err, VCL_E_ARG, "--range %s: two numbers are needed, as in -3:3", o->range);
    span->first = all ? 0 : (uint32_t)dim;
    span->count = all ? latent : 1;
    return VCL_OK;
}

/* z (count * steps, latent): each dimension in turn from one end to the other. */
static void fill_codes(const struct span *span, uint64_t steps, uint32_t latent, float *z)
{
    for (uint32_t d = 0; d < span->count; d++) {
        for (uint64_t i = 0; i < steps; i++) {
            double t = (double)i / (double)(steps - 1);
            z[(d * steps + i) * latent + span->first + d] =
                (float)(span->from + t * (span->to - span->from));
        }
    }
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct vcl_model *model = NULL;
    struct vcl_model_info info;
    struct span span;
    float *z = NULL, *x = NULL;
    enum vcl_status r;
    if (o->out)
        TRY(check_extension(o->out, &cli->err));
    TRY(open_model(cli, o->model, &model));
    vcl_model_describe(model, &info);
    TRY(parse_span(o, info.latent, &span, &cli->err));
    size_t n = span.count * o->steps;
    TRY(vcl_alloc(n * info.latent, sizeof *z, &z, &cli->err));
    TRY(vcl_alloc(n * vcl_shape_size(info.shape), sizeof *x, &x, &cli->err));
    fill_codes(&span, o->steps, info.latent, z);
    TRY(vcl_decode(model, n, z, x, &cli->err));
    TRY(write_result(cli,
                     &(struct output){.out = o->out,
                                      .name = "traversal",
                                      .extension = is_picture(info.shape) ? ".png" : ".csv",
                                      .force = o->force,
                                      .columns = (uint32_t)o->steps},
                     &(struct vcl_array){.count = n, .shape = info.shape, .values = x}));
    report_profile(cli);
out:
    free(z);
    free(x);
    vcl_model_destroy(&model);
    return r;
}

const struct command command_traverse = {
    .name = "traverse",
    .summary = "Moves along latent dimensions and decodes",
    .usage = "--model RUN|FILE [--dim D|all] [--range A:B] [--out FILE]",
    .example = "  vae-cl traverse --model runs/mnist-fc-1 --dim all --range -3:3 --out z.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
