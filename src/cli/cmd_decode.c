/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    struct use use;
    const char *in;
};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    {.key = "in",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, in),
     .arg = "z.npy",
     .help = "codes, one a row"},
    OUT_OPTIONS(".png (a grid), .npy, .csv or .idx.gz"),
    {0},
};

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session = {0};
    float *z = NULL, *x = NULL;
    size_t n;
    enum vcl_status r;
    if (!o->in)
        FAIL(&cli->err, VCL_E_ARG, "--in is needed: an .npy file of codes");
    TRY(session_open(&session, cli, &o->use, false));
    TRY(read_codes(o->in, session.info.latent, &z, &n, &cli->err));
    TRY(vcl_alloc(n * session.size, sizeof *x, &x, &cli->err));
    TRY(vcl_decode(session.model, n, z, x, &cli->err));
    TRY(write_examples(cli, &session, &o->use, "decoded", n, x, 0));
out:
    free(z);
    free(x);
    session_close(&session, cli);
    return r;
}

const struct command command_decode = {
    .name = "decode",
    .summary = "Turns latent codes into examples",
    .usage = "--model RUN|FILE --in z.npy [--out FILE]",
    .example = "  vae-cl decode --model runs/mnist-fc-1 --in z.npy --out decoded.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .run = run,
};
