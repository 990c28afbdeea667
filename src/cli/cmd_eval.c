/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>

#include "cli/cli.h"

struct options {
    struct use use;
    const char *binarize;
    uint64_t nll, nll_limit;
};

static const char *const binarize_names[] = {"none", "dynamic", "threshold", NULL};

static const struct vcl_opt opts[] = {
    MODEL_OPTION,
    DATA_OPTIONS,
    {.key = "nll",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, nll),
     .max = 1e6,
     .arg = "K",
     .help = "importance-weighted bound with K samples an example"},
    {.key = "nll-limit",
     .kind = VCL_OPT_UINT,
     .offset = offsetof(struct options, nll_limit),
     .arg = "N",
     .help = "for --nll, the first N examples"},
    {.key = "binarize",
     .kind = VCL_OPT_CHOICE,
     .offset = offsetof(struct options, binarize),
     .choices = binarize_names,
     .arg = "HOW",
     .help = "default: as the model was trained"},
    {0},
};

static const struct options defaults = {.use.split = "test"};

static bool on_progress(void *user, double done)
{
    draw_bar(user, "eval", done, "");
    return interrupted();
}

static void report(struct cli *cli, const struct vcl_eval *e, uint64_t k,
                   const struct vcl_model_info *info)
{
    if (cli->common.json) {
        json_t *object =
            json_pack("{s:f, s:o, s:I, s:I, s:s}", "elbo", -e->losses.loss, "bits_per_dim",
                      number_or_null(e->bits_per_dim), "active_units", (json_int_t)e->active_units,
                      "n", (json_int_t)e->count, "objective", info->objective);
        for (uint32_t i = 0; i < e->losses.count; i++)
            json_object_set_new(object, e->losses.terms[i].name,
                                json_real(e->losses.terms[i].value));
        if (k)
            json_object_set_new(object, "nll", number_or_null(e->nll));
        add_profile(cli, object, NULL);
        print_json(object);
        return;
    }
    printf("examples        %zu\n", e->count);
    char terms[96];
    printf("%-15s %.3f nats (%s)\n", info->stochastic ? "-ELBO" : "loss", e->losses.loss,
           show_terms(&e->losses, terms, sizeof terms));
    if (k)
        printf("NLL (K = %-5llu) %.3f nats\n", (unsigned long long)k, e->nll);
    if (isfinite(e->bits_per_dim))
        printf("bits/dim        %.4f (of the %s)\n", e->bits_per_dim, k ? "NLL" : "-ELBO");
    printf("active units    %u of %u\n", e->active_units, info->latent);
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct session session;
    struct vcl_eval result;
    enum vcl_status r;
    TRY(session_open(&session, cli, &o->use, true));
    watch_interrupts();
    r = vcl_evaluate(session.model, session.set,
                     &(struct vcl_eval_params){.nll_samples = (uint32_t)o->nll,
                                               .nll_limit = o->nll_limit,
                                               .seed = cli->common.seed,
                                               .binarize = o->binarize,
                                               .progress = on_progress,
                                               .user = cli},
                     &result, &cli->err);
    clear_bar(cli);
    if (r < 0)
        goto out;
    say(cli, "data %s, binarize %s", session.set->name,
        o->binarize ? o->binarize : session.info.binarize);
    report(cli, &result, o->nll, &session.info);
out:
    session_close(&session, cli);
    return r;
}

const struct command command_eval = {
    .name = "eval",
    .summary = "ELBO with both terms, importance-weighted NLL, bits/dim, active units",
    .usage = "--model RUN|FILE [--data SRC] [--split S] [--nll K]",
    .example = "  vae-cl eval --model runs/mnist-fc-1\n"
               "  vae-cl eval --model runs/mnist-fc-1 --data ../mnist --nll 200 --json\n",
    .opts = opts,
    .size = sizeof(struct options),
    .defaults = &defaults,
    .run = run,
};
