/* SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct use use;
    const char *dim, *range;
    uint64_t steps;
};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    {.key = "dim",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, dim),
     .arg = "D|all",
     .help = "latent dimension, from 0"},
    {.key = "range",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, range),
     .arg = "A:B",
     .help = "from A to B, the others staying 0"},
    {.key = "steps",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, steps),
     .min = 2,
     .max = 1000,
     .arg = "N",
     .help = "points a dimension"},
    LABEL_OPTION("class to decode as, by number or name (default: the first)"),
    OUT_OPTIONS(".png (a row a dimension), .npy, .csv or .idx.gz"),
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
    if (!(fabs(span->from) <= FLT_MAX && fabs(span->to) <= FLT_MAX))
        return ERR(err, VCL_E_ARG, "--range %s: not within the range of float32", o->range);
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
    struct session session;
    struct span span;
    int32_t *labels = NULL;
    float *z = NULL, *x = NULL;
    enum vcl_status r;
    TRY(session_open(&session, cli, &o->use, false));
    uint32_t latent = session.info.latent;
    TRY(parse_span(o, latent, &span, &cli->err));
    size_t n = span.count * o->steps;
    TRY(vcl_alloc(n * latent, sizeof *z, &z, &cli->err));
    TRY(vcl_alloc(n * session.size, sizeof *x, &x, &cli->err));
    fill_codes(&span, o->steps, latent, z);
    TRY(read_labels(cli, &session, &o->use, n, 0, &labels));
    TRY(vcl_decode_labelled(session.model, n, z, labels, x, &cli->err));
    TRY(write_examples(cli, &session, &o->use, "traversal", n, x, (uint32_t)o->steps));
out:
    free(labels);
    free(z);
    free(x);
    session_close(&session, cli);
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
