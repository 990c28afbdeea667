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
    LABEL_OPTION("class to decode as, by number or name: a model with a condition needs it"),
    OUT_OPTIONS(".png (a grid), .npy, .csv or .idx.gz"),
    {0},
};

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session = {0};
    int32_t *labels = NULL;
    float *z = NULL, *x = NULL;
    size_t n;
    enum vcl_status r;
    if (!o->in)
        FAIL(&cli->err, VCL_E_ARG, "--in is needed: an .npy file of codes");
    TRY(session_open(&session, cli, &o->use, false));
    if (session.info.classes && !o->use.label) {
        r = ERR(&cli->err, VCL_E_ARG, "--label is needed: the model was trained with labels");
        vcl_error_hint(&cli->err, r, "they are 0 to %u", session.info.classes - 1);
        goto out;
    }
    TRY(read_codes(o->in, session.info.latent, &z, &n, &cli->err));
    TRY(vcl_alloc(n * session.size, sizeof *x, &x, &cli->err));
    TRY(read_labels(cli, &session, &o->use, n, -1, &labels));
    TRY(vcl_decode_labelled(session.model, n, z, labels, x, &cli->err));
    TRY(write_examples(cli, &session, &o->use, "decoded", n, x, 0));
out:
    free(labels);
    free(z);
    free(x);
    session_close(&session, cli);
    return r;
}

const struct command command_decode = {
    .name = "decode",
    .summary = "Turns latent codes into examples",
    .usage = "--model RUN|FILE --in z.npy [--label L] [--out FILE]",
    .example = "  vae-cl decode --model runs/mnist-fc-1 --in z.npy --out decoded.png\n",
    .opts = opts,
    .size = sizeof(struct options),
    .run = run,
};
