/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "cli/bench.h"
#include "tune/measure.h"

struct options {
    const char *only, *product, *model;
    double seconds;
};

static const char *const parts[] = {"peak", "gemm", "training", NULL};

static const struct vcl_opt opts[] = {
    {.key = "only",
     .kind = VCL_OPT_CHOICE,
     .offset = offsetof(struct options, only),
     .choices = parts,
     .arg = "PART",
     .help = "peak, gemm or training (default: all three)"},
    {.key = "product",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, product),
     .arg = "NAME",
     .help = "one matrix product: encoder, weight-gradient ..."},
    {.key = "model",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, model),
     .arg = "PRESET|FILE.json",
     .help = "train one model (default: every preset)"},
    {.key = "seconds",
     .kind = VCL_OPT_FLOAT,
     .offset = offsetof(struct options, seconds),
     .min = 0.01,
     .max = 600,
     .arg = "F",
     .help = "a measurement lasts for; it is the median of seven timings"},
    {0},
};

static const struct options defaults = {.seconds = 0.5};

static bool wanted(const struct options *o, const char *part)
{
    return !o->only || strcmp(o->only, part) == 0;
}

/* Before the device is opened, and minutes are spent. */
static enum vcl_status check(struct bench *bench, const struct options *o, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    if (o->product && !wanted(o, "gemm"))
        FAIL(err, VCL_E_ARG, "--product does not go with --only %s", o->only);
    if (o->model && !wanted(o, "training"))
        FAIL(err, VCL_E_ARG, "--model does not go with --only %s", o->only);
    if (o->product)
        TRY(bench_check_product(o->product, err));
    TRY(bench_check_models(bench, err));
out:
    return r;
}

/* Shares are of the peak, which is therefore measured in any case; bandwidth only if asked for. */
static enum vcl_status measure_peaks(struct bench *bench, const struct options *o,
                                     struct vcl_bandwidth *ret_bandwidth, struct vcl_error *err)
{
    struct vcl_ctx *ctx = bench->cli->ctx;
    bool json = bench->cli->common.json;
    enum vcl_status r;
    TRY(vcl_measure_peak(ctx, o->seconds, &bench->peak, err));
    if (!json)
        printf("peak of fp32 fma  %9.1f GFLOP/s\n", bench->peak);
    fflush(stdout);
    if (!wanted(o, "peak"))
        return VCL_OK;
    TRY(vcl_measure_bandwidth(ctx, o->seconds, ret_bandwidth, err));
    if (!json)
        printf("memory bandwidth  %9.1f GB/s (read %.1f, copy %.1f, triad %.1f)\n",
               ret_bandwidth->best, ret_bandwidth->read, ret_bandwidth->copy, ret_bandwidth->triad);
    fflush(stdout);
out:
    return r;
}

static void report_json(struct bench *bench, const struct vcl_bandwidth *bandwidth)
{
    json_t *memory = bandwidth->best > 0
                         ? json_pack("{s:f, s:f, s:f}", "read", bandwidth->read, "copy",
                                     bandwidth->copy, "triad", bandwidth->triad)
                         : json_null();
    const struct vcl_device_info *device = vcl_ctx_device(bench->cli->ctx);
    json_t *object =
        json_pack("{s:o, s:o, s:s, s:f, s:o, s:o, s:O, s:O}", "device", vcl_json_text(device->name),
                  "driver", vcl_json_text(device->driver), "implementation",
                  vcl_gemm_chosen(bench->cli->ctx), "peak_gflops", bench->peak, "bandwidth_gbs",
                  bandwidth->best > 0 ? json_real(bandwidth->best) : json_null(), "bandwidth",
                  memory, "gemm", bench->gemm, "training", bench->training);
    add_profile(bench->cli, object, NULL);
    print_json(object);
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct bench bench = {
        .cli = cli, .product = o->product, .model = o->model, .seconds = o->seconds};
    struct vcl_bandwidth bandwidth = {0};
    enum vcl_status r;
    bench.gemm = json_array();
    bench.training = json_array();
    TRY(check(&bench, o, &cli->err));
    TRY(open_context(cli));
    watch_interrupts();
    TRY(measure_peaks(&bench, o, &bandwidth, &cli->err));
    if (wanted(o, "gemm"))
        TRY(bench_products(&bench, &cli->err));
    if (wanted(o, "training"))
        TRY(bench_models(&bench, &cli->err));
    if (cli->common.json)
        report_json(&bench, &bandwidth);
    report_profile(cli, NULL);
out:
    json_decref(bench.gemm);
    json_decref(bench.training);
    return r;
}

const struct command command_bench = {
    .name = "bench",
    .summary = "Times matrix products and training, as shares of the device's measured peak",
    .usage = "[--only PART] [--seconds F] [--product NAME] [--model PRESET] [--batch N] [--json]",
    .example = "  vae-cl bench                                  # a minute\n"
               "  vae-cl bench --only gemm --gemm clblast\n"
               "  vae-cl bench --only training --model mnist-fc --batch 1024\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .takes_config = true,
    .run = run,
};
