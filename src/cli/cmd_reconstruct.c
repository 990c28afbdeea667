/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct use use;
    uint64_t n, from;
};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    DATA_OPTIONS,
    {.key = "n",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, n),
     .min = 1,
     .max = 1e7,
     .arg = "N",
     .help = "how many"},
    {.key = "from",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, from),
     .arg = "I",
     .help = "number of the first one"},
    LABEL_OPTION("reconstruct as if of this class, by number or name (default: their own)"),
    OUT_OPTIONS(".png (each example beside its reconstruction), .npy, .csv, .idx.gz"),
    {0},
};

static const struct options defaults = {.n = 32, .use.split = "test"};

/* A picture shows pairs; a file for programs holds the reconstructions alone. */
static size_t keep_reconstructions(float *pairs, size_t n, size_t size)
{
    for (size_t i = 0; i < n; i++)
        memmove(pairs + i * size, pairs + (2 * i + 1) * size, size * sizeof *pairs);
    return n;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session;
    int32_t *labels = NULL;
    float *x = NULL;
    enum vcl_status r;
    TRY(session_open(&session, cli, &o->use, true));
    size_t left = o->from < session.set->count ? session.set->count - o->from : o->n;
    size_t n = o->n < left ? o->n : left;
    TRY(vcl_alloc(2 * n * session.size, sizeof *x, &x, &cli->err));
    TRY(read_labels(cli, &session, &o->use, n, -1, &labels));
    TRY(reconstruct_pairs(session.model, session.set, o->from, n, labels, x, &cli->err));
    bool pairs = o->use.out ? vcl_ends_with(o->use.out, ".png") : is_picture(session.info.shape);
    size_t count = pairs ? 2 * n : keep_reconstructions(x, n, session.size);
    TRY(write_examples(cli, &session, &o->use, "reconstructions", count, x, 8));
out:
    free(labels);
    free(x);
    session_close(&session, cli);
    return r;
}

const struct command command_reconstruct = {
    .name = "reconstruct",
    .summary = "Passes examples through encoder and decoder",
    .usage = "--model RUN|FILE [--data SRC] [--n N] [--label L] [--out FILE]",
    .example = "  vae-cl reconstruct --model runs/mnist-fc-1 --n 16 --out pairs.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
