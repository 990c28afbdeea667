/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"

struct options {
    const char *model, *shapes, *example;
    uint64_t batch;
    double seconds;
    bool force;
};

static const struct vcl_opt opts[] = {
    {.key = "model",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, model),
     .arg = "PRESET|FILE.json",
     .help = "tune for this model's training (default: all presets)"},
    {.key = "batch",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, batch),
     .max = 1 << 24,
     .arg = "N",
     .help = "examples a step (default: the model's own)"},
    {.key = "example",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, example),
     .arg = "HxWxC",
     .help = "size of the model's examples (default: 28x28x1 or 64x64x3, what it fits)"},
    {.key = "shapes",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, shapes),
     .arg = "[tn:]MxNxK,...",
     .help = "tune for these products; nn, nt, tn or tt: what is transposed"},
    {.key = "seconds",
     .kind = VCL_OPT_FLOAT,
     .offset = offsetof(struct options, seconds),
     .min = 0.1,
     .max = 86400,
     .arg = "S",
     .help = "how long to take, at most"},
    {.key = "force",
     .kind = VCL_OPT_FLAG,
     .offset = offsetof(struct options, force),
     .help = "measure anew what was measured before"},
    {0},
};

static const struct options defaults = {.seconds = 120};

/* ---- products to tune for ---- */

struct products {
    struct vcl_gemm *items;
    size_t count, cap;
    struct vcl_gemm *blocks[64]; /* of models; convolutions live in them */
    size_t n_blocks;
};

static void products_finish(struct products *products)
{
    for (size_t i = 0; i < products->n_blocks; i++)
        free(products->blocks[i]);
    free(products->items);
}

static enum vcl_status add(struct products *products, const struct vcl_gemm *gemm,
                           struct vcl_error *err)
{
    enum vcl_status r = vcl_grow(&products->items, &products->cap, products->count + 1,
                                 sizeof *products->items, err);
    if (r == VCL_OK)
        products->items[products->count++] = *gemm;
    return r;
}

/* Three sizes with an x between; false if it is anything else. */
static bool parse_sizes(const char *text, uint32_t sizes[3])
{
    for (int i = 0; i < 3; i++) {
        char number[16];
        uint64_t value;
        size_t len = strcspn(text, "x");
        if (len >= sizeof number || (text[len] == '\0') != (i == 2))
            return false;
        snprintf(number, sizeof number, "%.*s", (int)len, text);
        if (!vcl_parse_u64(number, &value) || value == 0 || value > INT32_MAX)
            return false;
        sizes[i] = (uint32_t)value;
        text += len + 1;
    }
    return true;
}

/* "128x784x400", or with what is transposed, "tn:784x400x128" */
static bool parse_shape(const char *text, struct vcl_gemm *gemm)
{
    uint32_t sizes[3];
    *gemm = (struct vcl_gemm){0};
    if (strlen(text) > 3 && text[2] == ':' && strchr("nt", text[0]) && strchr("nt", text[1])) {
        gemm->trans_a = text[0] == 't';
        gemm->trans_b = text[1] == 't';
        text += 3;
    }
    if (!parse_sizes(text, sizes))
        return false;
    gemm->m = sizes[0];
    gemm->n = sizes[1];
    gemm->k = sizes[2];
    return true;
}

static enum vcl_status add_shapes(struct products *products, const char *text,
                                  struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (;;) {
        char shape[64];
        struct vcl_gemm gemm;
        size_t len = strcspn(text, ",");
        snprintf(shape, sizeof shape, "%.*s", (int)len, text);
        if (!parse_shape(shape, &gemm)) {
            r = ERR(err, VCL_E_ARG, "--shapes: '%s' is no product", shape);
            return vcl_error_hint(err, r,
                                  "one reads like 128x784x400, or tn:784x400x128 with its "
                                  "first operand transposed");
        }
        TRY(add(products, &gemm, err));
        if (!text[len])
            break;
        text += len + 1;
    }
out:
    return r;
}

/* The products of a model on examples of one size. */
static enum vcl_status add_products(struct cli *cli, struct products *products,
                                    const struct vcl_config *config, const uint32_t sizes[3],
                                    struct vcl_error *err)
{
    const struct vcl_shape shape = {sizes[0], sizes[1], sizes[2]};
    struct vcl_gemm *block;
    size_t count;
    enum vcl_status r;
    TRY(vcl_config_products(cli->ctx, config, shape, &block, &count, err));
    products->blocks[products->n_blocks++] = block;
    for (size_t i = 0; i < count; i++)
        TRY(add(products, &block[i], err));
out:
    return r;
}

/* Without --example, of the first size that the model fits. */
static enum vcl_status add_model(struct cli *cli, struct products *products,
                                 const struct options *o, const char *model)
{
    static const uint32_t usual[][3] = {{28, 28, 1}, {64, 64, 3}};
    struct vcl_config *config = NULL;
    uint32_t sizes[3];
    char batch[24];
    enum vcl_status r;
    if (products->n_blocks == sizeof products->blocks / sizeof *products->blocks)
        return VCL_OK;
    if (o->example && !parse_sizes(o->example, sizes))
        FAIL(&cli->err, VCL_E_ARG, "--example: '%s' is no size like 28x28x1", o->example);
    TRY(vcl_config_create(&config, &cli->err));
    TRY(vcl_config_load(config, model, &cli->err));
    snprintf(batch, sizeof batch, "%llu", (unsigned long long)o->batch);
    if (o->batch)
        TRY(vcl_config_set(config, "batch", batch, &cli->err));
    r = add_products(cli, products, config, o->example ? sizes : usual[0], &cli->err);
    if (r < 0 && r != VCL_E_NOMEM && !o->example &&
        add_products(cli, products, config, usual[1], NULL) == VCL_OK)
        r = VCL_OK;
out:
    vcl_config_destroy(&config);
    return r;
}

/* Those that fit the examples and the device. */
static enum vcl_status add_presets(struct cli *cli, struct products *products,
                                   const struct options *o)
{
    for (const char *const *name = vcl_preset_names(); *name; name++) {
        enum vcl_status r = add_model(cli, products, o, *name);
        bool unfit = r == VCL_E_SHAPE || r == VCL_E_DEVMEM;
        if (r < 0 && !unfit)
            return r;
        if (unfit)
            say(cli, "%s is left out: %s", *name, cli->err.msg);
    }
    return VCL_OK;
}

/* Shapes alone, if there are any and no model is named. */
static enum vcl_status collect(struct cli *cli, struct products *products, const struct options *o)
{
    enum vcl_status r = VCL_OK;
    if (o->shapes)
        TRY(add_shapes(products, o->shapes, &cli->err));
    if (o->model)
        TRY(add_model(cli, products, o, o->model));
    if (!o->model && !o->shapes)
        TRY(add_presets(cli, products, o));
out:
    return r;
}

/* ---- the command ---- */

/* What results go to: JSON rows, or lines printed as they come. */
struct table {
    struct cli *cli;
    json_t *rows; /* NULL: lines */
    bool begun;
};

static json_t *result_json(const struct vcl_tune_result *result)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:f, s:I, s:I, s:b}", "product", result->product,
                     "implementation", result->implementation, "setting", result->setting,
                     "default_gflops", result->default_gflops, "gflops", result->gflops, "tried",
                     (json_int_t)result->tried, "wrong", (json_int_t)result->wrong, "all_tried",
                     result->all_tried);
}

static void on_result(void *user, const struct vcl_tune_result *result)
{
    struct table *table = user;
    if (table->rows) {
        json_array_append_new(table->rows, result_json(result));
        return;
    }
    clear_bar(table->cli);
    if (!table->begun)
        printf("%-28s %9s %9s  %s\n", "product", "default", "best", "GFLOP/s, setting");
    table->begun = true;
    printf("%-28s %9.1f %9.1f  %s %s%s\n", result->product, result->default_gflops, result->gflops,
           result->implementation, result->setting, result->all_tried ? "" : " (time ran out)");
    if (result->wrong)
        printf("    %u of %u settings gave wrong results or did not run\n", result->wrong,
               result->tried);
    fflush(stdout);
}

static bool on_progress(void *user, const struct vcl_tune_progress *progress)
{
    return draw_tuning(((struct table *)user)->cli, progress);
}

static void report(const struct table *table, const struct vcl_tune_summary *summary,
                   const char *path)
{
    const struct cli *cli = table->cli;
    if (table->rows) {
        print_json(
            json_pack("{s:O, s:I, s:I, s:I, s:f, s:o, s:o}", "products", table->rows, "tuned",
                      (json_int_t)summary->tuned, "known", (json_int_t)summary->known, "left",
                      (json_int_t)summary->left, "seconds", summary->seconds, "device",
                      vcl_json_text(vcl_ctx_device(cli->ctx)->name), "out", vcl_json_text(path)));
        return;
    }
    say(cli, "%u products tuned in %.1f s, %u known before%s", summary->tuned, summary->seconds,
        summary->known, summary->known ? " (--force measures them anew)" : "");
    if (summary->left)
        say(cli, "%u products are left: --seconds gives more time", summary->left);
    printf("%s\n", path);
}

static enum vcl_status tune(struct table *table, const struct options *o,
                            const struct products *products, const char *path)
{
    struct cli *cli = table->cli;
    struct vcl_tune_summary summary;
    enum vcl_status r =
        vcl_tune(cli->ctx,
                 &(struct vcl_tune_params){.products = products->items,
                                           .count = products->count,
                                           .seconds = o->seconds,
                                           .which = o->force ? VCL_TUNE_ALL : VCL_TUNE_UNMEASURED,
                                           .must_keep = true,
                                           .progress = on_progress,
                                           .result = on_result,
                                           .user = table},
                 &summary, &cli->err);
    clear_bar(cli);
    if (r < 0)
        return r;
    if (interrupted())
        return ERR(&cli->err, VCL_E_INTERRUPTED, "stopped: %u products are tuned, %u left",
                   summary.tuned, summary.left);
    report(table, &summary, path);
    return VCL_OK;
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct products products = {0};
    struct table table = {.cli = cli, .rows = cli->common.json ? json_array() : NULL};
    char *path = NULL;
    enum vcl_status r;
    TRY(open_context(cli));
    r = vcl_tune_path(cli->ctx, &path, &cli->err);
    if (r == VCL_E_ARG)
        vcl_error_hint(&cli->err, r, "set XDG_CACHE_HOME, or HOME");
    if (r < 0)
        goto out;
    TRY(collect(cli, &products, o));
    watch_interrupts();
    TRY(tune(&table, o, &products, path));
out:
    json_decref(table.rows);
    free(path);
    products_finish(&products);
    return r;
}

const struct command command_tune = {
    .name = "tune",
    .summary = "Measures which kernel settings are fastest on a device, and keeps them",
    .usage = "[--model PRESET|FILE.json] [--shapes MxNxK,...] [--seconds S] [--force]",
    .example = "  vae-cl tune --device gpu                       # for all presets\n"
               "  vae-cl tune --model mnist-fc --batch 512 --seconds 30\n"
               "  vae-cl tune --shapes 128x784x400,tn:784x400x128 --force\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
