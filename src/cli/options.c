/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "vae/config.h"

#define FIELD(name) .offset = offsetof(struct common, name)

static const char *const precisions[] = {"exact", "tf32", "bf16", NULL};

const struct vcl_opt common_options[] = {
    {"device", VCL_OPT_STRING, FIELD(device), .arg = "SPEC", .group = "Common",
     .help = "P:D as 'vae-cl devices' lists it, gpu, cpu or part of a name (default: "
             "$VAE_CL_DEVICE, else "
             "the best)"},
    {"gemm", VCL_OPT_STRING, FIELD(gemm), .arg = "NAME",
     .help = "matrix products: packed, tiled, clblast or naive (default: for the device)"},
    {"precision", VCL_OPT_CHOICE, FIELD(precision), .choices = precisions, .arg = "P",
     .help = "of matrix products: exact (default), or on a GPU's matrix units tf32 or bf16, which "
             "are not the same bits everywhere"},
    {"same-bits", VCL_OPT_FLAG, FIELD(same_bits),
     .help = "only kernels that give the same bits on every device"},
    {"kernel-dir", VCL_OPT_STRING, FIELD(kernel_dir), .arg = "DIR",
     .help = "read kernels from this folder first"},
    {"seed", VCL_OPT_UINT, FIELD(seed), .arg = "N", .help = "of all random numbers"},
    {"json", VCL_OPT_FLAG, FIELD(json), .help = "one JSON object on standard output"},
    {"profile", VCL_OPT_FLAG, FIELD(profile),
     .help = "device time of each kernel and layer at the end"},
    {"quiet", VCL_OPT_FLAG, FIELD(quiet), .help = "-q: no progress, no log"},
    {"verbose", VCL_OPT_FLAG, FIELD(verbose), .help = "-v: say more"},
    {"help", VCL_OPT_FLAG, FIELD(help), .help = "-h: this text"},
    {0},
};

static const char *long_name_of(char letter)
{
    switch (letter) {
    case 'q':
        return "quiet";
    case 'v':
        return "verbose";
    case 'h':
        return "help";
    default:
        return NULL;
    }
}

/* Where an option belongs: the command's own, the configuration's, or the common ones. */
struct target {
    const struct vcl_opt *row, *table;
    void *config;
    bool of_model;
};

static bool find_target(struct cli *cli, void *options, const char *key, size_t len,
                        struct target *target)
{
    const struct command *command = cli->command;
    struct target places[] = {
        {NULL, command->opts, options, false},
        {NULL, command->takes_config ? vcl_config_options : NULL, NULL, true},
        {NULL, common_options, &cli->common, false},
    };
    for (size_t i = 0; i < 3; i++) {
        if (places[i].table && (places[i].row = vcl_opt_find(places[i].table, key, len))) {
            *target = places[i];
            return true;
        }
    }
    return false;
}

static enum vcl_status unknown_option(struct cli *cli, const char *word)
{
    const struct vcl_opt *tables[] = {
        cli->command->opts, cli->command->takes_config ? vcl_config_options : NULL, common_options};
    const char *names[128];
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        for (const struct vcl_opt *row = tables[i]; row && row->key && n < 127; row++)
            names[n++] = row->key;
    }
    names[n] = NULL;
    char key[64];
    snprintf(key, sizeof key, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    enum vcl_status r = ERR(&cli->err, VCL_E_ARG, "unknown option '--%s'", key);
    const char *near = vcl_nearest(key, names);
    return near ? vcl_error_hint(&cli->err, r, "did you mean '--%s'?", near)
                : vcl_error_hint(&cli->err, r, "'vae-cl %s --help' lists the options",
                                 cli->command->name);
}

/* A key of the configuration is only noted here: --model must be applied before. */
static enum vcl_status note_assignment(struct cli *cli, const char *key, const char *value)
{
    char text[1024];
    if (cli->assigned.count == sizeof cli->assigned.items / sizeof *cli->assigned.items)
        return ERR(&cli->err, VCL_E_ARG, "too many options");
    int len = snprintf(text, sizeof text, "%s=%s", key, value);
    if (len < 0 || (size_t)len >= sizeof text)
        return ERR(&cli->err, VCL_E_ARG, "--%s: the value is too long", key);
    return vcl_config_keep(cli->config, text, &cli->assigned.items[cli->assigned.count++],
                           &cli->err);
}

/* Handles argv[i], perhaps with the word after it; *used is how many words were taken. */
static enum vcl_status parse_long(struct cli *cli, void *options, int left, char **words, int *used)
{
    const char *word = words[0], *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) - 2 : strlen(word) - 2;
    struct target target;
    char key[64];
    *used = 1;
    if (!find_target(cli, options, word + 2, len, &target))
        return unknown_option(cli, word);
    snprintf(key, sizeof key, "%s", target.row->key);
    const char *value = equals ? equals + 1 : NULL;
    if (!value && target.row->kind != VCL_OPT_FLAG) {
        if (left < 2)
            return ERR(&cli->err, VCL_E_ARG, "--%s needs a value", key);
        value = words[1];
        *used = 2;
    }
    if (target.of_model)
        return note_assignment(cli, key, value);
    return vcl_opt_set(target.table, target.config, "--", key, value, &cli->err);
}

static enum vcl_status parse_short(struct cli *cli, const char *word)
{
    const char *name = word[1] && !word[2] ? long_name_of(word[1]) : NULL;
    if (!name)
        return ERR(&cli->err, VCL_E_ARG, "unknown option '%s'", word);
    return vcl_opt_set(common_options, &cli->common, "--", name, NULL, &cli->err);
}

enum vcl_status parse_options(struct cli *cli, void *options, int argc, char **argv)
{
    enum vcl_status r = VCL_OK;
    for (int i = 0; i < argc && r == VCL_OK;) {
        int used = 1;
        if (strncmp(argv[i], "--", 2) == 0 && argv[i][2])
            r = parse_long(cli, options, argc - i, argv + i, &used);
        else if (argv[i][0] == '-' && argv[i][1])
            r = parse_short(cli, argv[i]);
        else if (cli->n_positional < cli->command->max_positional)
            cli->positional[cli->n_positional++] = argv[i];
        else
            r = ERR(&cli->err, VCL_E_ARG, "unexpected word '%s'", argv[i]);
        i += used;
    }
    return r;
}

enum vcl_status assign(struct vcl_config *config, const char *text, struct vcl_error *err)
{
    const char *equals = strchr(text, '=');
    char key[64];
    if (!equals || equals - text >= (long)sizeof key)
        return ERR(err, VCL_E_ARG, "--set %s: KEY=VALUE is needed", text);
    snprintf(key, sizeof key, "%.*s", (int)(equals - text), text);
    return vcl_config_set(config, key, equals + 1, err);
}

enum vcl_status assign_all(struct vcl_config *config, const struct vcl_opt_list *list,
                           struct vcl_error *err)
{
    for (size_t i = 0; i < list->count; i++) {
        enum vcl_status r = assign(config, list->items[i], err);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

enum vcl_status unknown_command(const char *name, struct vcl_error *err)
{
    enum vcl_status r = ERR(err, VCL_E_ARG, "unknown command '%s'", name);
    const char *near = vcl_row_nearest(commands, name);
    return near ? vcl_error_hint(err, r, "did you mean 'vae-cl %s'?", near)
                : vcl_error_hint(err, r, "'vae-cl --help' lists the commands");
}
