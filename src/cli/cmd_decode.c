/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/mem.h"
#include "cli/cli.h"

struct options {
    const char *model, *in, *out;
    bool force;
};

static const struct vcl_opt opts[] = {
    {.key = "model", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, model),
     .arg = "RUN|FILE", .help = "run folder or .safetensors file"},
    {.key = "in", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, in),
     .arg = "z.npy", .help = "codes, one a row"},
    {.key = "out", .kind = VCL_OPT_STRING, .offset = offsetof(struct options, out),
     .arg = "FILE", .help = ".png (a grid), .npy, .csv or .idx.gz"},
    {.key = "force", .kind = VCL_OPT_FLAG, .offset = offsetof(struct options, force),
     .help = "replace an existing file"},
    {0},
};

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct vcl_model *model = NULL;
    struct vcl_model_info info;
    float *z = NULL, *x = NULL;
    size_t n;
    enum vcl_status r;
    if (!o->in)
        FAIL(&cli->err, VCL_E_ARG, "--in is needed: an .npy file of codes");
    if (o->out)
        TRY(check_extension(o->out, &cli->err));
    TRY(open_model(cli, o->model, &model));
    vcl_model_describe(model, &info);
    TRY(read_codes(o->in, info.latent, &z, &n, &cli->err));
    TRY(vcl_alloc(n * vcl_shape_size(info.shape), sizeof *x, &x, &cli->err));
    TRY(vcl_decode(model, n, z, x, &cli->err));
    TRY(write_result(cli,
                     &(struct output){.out = o->out,
                                      .name = "decoded",
                                      .extension = is_picture(info.shape) ? ".png" : ".csv",
                                      .force = o->force},
                     &(struct vcl_array){.count = n, .shape = info.shape, .values = x}));
    report_profile(cli);
out:
    free(z);
    free(x);
    vcl_model_destroy(&model);
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
