/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct use use;
    bool stochastic;
};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    DATA_OPTIONS,
    {.key = "stochastic",
     .kind = VCL_OPT_FLAG,
     .offset = offsetof(struct options, stochastic),
     .help = "draw z from q(z|x) instead of taking its mean"},
    OUT_OPTIONS(".npy, or .csv with the labels as its last column"),
    {0},
};

static const struct options defaults = {.use.split = "test"};

static enum vcl_status encode(struct cli *cli, const struct options *o,
                              const struct session *session)
{
    const struct vcl_dataset *set = session->set;
    uint32_t latent = session->info.latent;
    float *mean = NULL, *z = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(set->count * latent, sizeof *mean, &mean, &cli->err));
    if (o->stochastic)
        TRY(vcl_alloc(set->count * latent, sizeof *z, &z, &cli->err));
    TRY(vcl_encode(session->model, set, 0, set->count, cli->common.seed, mean, NULL, z, &cli->err));
    TRY(write_result(
        cli,
        &(struct output){
            .out = o->use.out, .name = "codes", .extension = ".npy", .force = o->use.force},
        &(struct vcl_array){.count = set->count,
                            .shape = {1, latent, 1},
                            .values = z ? z : mean,
                            .labels = set->labels}));
out:
    free(mean);
    free(z);
    return r;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session = {0};
    const char *out = o->use.out;
    enum vcl_status r;
    if (out && !vcl_ends_with(out, ".npy") && !vcl_ends_with(out, ".csv"))
        FAIL(&cli->err, VCL_E_ARG, "--out %s: codes are written as .npy or .csv", out);
    TRY(session_open(&session, cli, &o->use, true));
    TRY(encode(cli, o, &session));
out:
    session_close(&session, cli);
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
