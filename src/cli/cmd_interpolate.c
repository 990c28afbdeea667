/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct use use;
    uint64_t from, to, steps;
    bool straight;
};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    DATA_OPTIONS,
    {.key = "from",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, from),
     .arg = "I",
     .help = "number of the example to start at"},
    {.key = "to",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, to),
     .arg = "J",
     .help = "number of the example to end at"},
    {.key = "steps",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, steps),
     .min = 2,
     .max = 1e6,
     .arg = "N",
     .help = "points, both ends included"},
    {.key = "straight",
     .kind = VCL_OPT_FLAG,
     .offset = offsetof(struct options, straight),
     .help = "along a line, not a great circle"},
    LABEL_OPTION("class to decode as, by number or name (default: that of the first end)"),
    OUT_OPTIONS(".png (a grid), .npy, .csv or .idx.gz"),
    {0},
};

static const struct options defaults = {.to = 1, .steps = 10, .use.split = "test"};

enum { MOST_COLUMNS = 16 };

static enum vcl_status decode_path(struct cli *cli, const struct options *o,
                                   const struct session *s)
{
    float *ends = NULL, *path = NULL, *x = NULL;
    int32_t *labels = NULL;
    uint32_t latent = s->info.latent, columns = o->steps <= MOST_COLUMNS ? (uint32_t)o->steps : 0;
    enum vcl_status r;
    TRY(vcl_alloc(2 * (size_t)latent, sizeof *ends, &ends, &cli->err));
    TRY(vcl_alloc(o->steps * latent, sizeof *path, &path, &cli->err));
    TRY(vcl_alloc(o->steps * s->size, sizeof *x, &x, &cli->err));
    TRY(vcl_encode(s->model, s->set, o->from, 1, cli->common.seed, ends, NULL, NULL, &cli->err));
    TRY(vcl_encode(s->model, s->set, o->to, 1, cli->common.seed, ends + latent, NULL, NULL,
                   &cli->err));
    vcl_interpolate(ends, ends + latent, latent, o->steps, !o->straight, path);
    TRY(read_labels(cli, s, &o->use, o->steps, s->set->labels ? s->set->labels[o->from] : -1,
                    &labels));
    TRY(vcl_decode_labelled(s->model, o->steps, path, labels, x, &cli->err));
    TRY(write_examples(cli, s, &o->use, "interpolation", o->steps, x, columns));
out:
    free(ends);
    free(path);
    free(labels);
    free(x);
    return r;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session;
    enum vcl_status r;
    TRY(session_open(&session, cli, &o->use, true));
    TRY(decode_path(cli, o, &session));
out:
    session_close(&session, cli);
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
