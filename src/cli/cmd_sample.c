/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct use use;
    uint64_t n;
};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    {.key = "n",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, n),
     .min = 1,
     .max = 1e7,
     .arg = "N",
     .help = "how many"},
    LABEL_OPTION("class to draw, by number or name (default: all in turn)"),
    OUT_OPTIONS(".png (a grid), .npy, .csv or .idx.gz"),
    {0},
};

static const struct options defaults = {.n = 64};

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session;
    int32_t *labels = NULL;
    float *x = NULL;
    enum vcl_status r;
    TRY(session_open(&session, cli, &o->use, false));
    TRY(vcl_alloc(o->n * session.size, sizeof *x, &x, &cli->err));
    TRY(read_labels(cli, &session, &o->use, o->n, -1, &labels));
    TRY(vcl_sample_labelled(session.model, o->n, cli->common.seed, labels, x, &cli->err));
    TRY(write_examples(cli, &session, &o->use, "samples", o->n, x,
                       labels ? 0 : class_columns(&session.info)));
out:
    free(labels);
    free(x);
    session_close(&session, cli);
    return r;
}

const struct command command_sample = {
    .name = "sample",
    .summary = "Draws new examples: z from the prior, through the decoder",
    .usage = "--model RUN|FILE [--n N] [--label L] [--out FILE]",
    .example = "  vae-cl sample --model runs/mnist-fc-1 --n 100 --out samples.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
