/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "nn/layer.h"
#include "vae/config.h"

void print_help(void)
{
    printf("Usage: vae-cl COMMAND [options]\n\n"
           "Trains and uses variational autoencoders on any OpenCL device.\n\nCommands:\n");
    for (const struct command *const *command = commands; *command; command++)
        printf("  %-12s %s\n", (*command)->name, (*command)->summary);
    printf("\nvae-cl COMMAND --help tells more; vae-cl --version; vae-cl --list-devices.\n\n"
           "Example:\n"
           "  vae-cl train                     # a VAE on the built-in digits, into runs/...\n"
           "  vae-cl sample --model runs/mnist-fc-1 --out samples.png\n");
}

/* Defaults are shown where they are something. */
static void print_option(const struct vcl_opt *row, const void *defaults)
{
    char left[64];
    struct vcl_str value = {0};
    snprintf(left, sizeof left, "--%s%s%s", row->key, row->arg ? " " : "",
             row->arg ? row->arg : "");
    if (defaults && row->kind != VCL_OPT_FLAG && row->kind != VCL_OPT_LIST)
        vcl_opt_show(row, defaults, &value);
    bool shown = value.len && strcmp(value.text, "0") != 0;
    printf("  %-26s %s%s%s%s\n", left, row->help, shown ? " [" : "", shown ? value.text : "",
           shown ? "]" : "");
    vcl_str_finish(&value);
}

static void print_options(const char *heading, const struct vcl_opt *table, const void *defaults)
{
    for (const struct vcl_opt *row = table; row && row->key; row++) {
        if (row->group || (row == table && heading))
            printf("\n%s options:\n", row->group ? row->group : heading);
        print_option(row, defaults);
    }
}

static void print_definitions(const char *heading, const void *table)
{
    const struct vcl_definition *def;
    printf("\n%s:\n", heading);
    for (size_t i = 0; (def = (const void *)vcl_row_at(table, i)); i++)
        printf("  %-10s %s\n", def->name, def->help);
}

/* What can be chosen, each with its own options, as in --objective "iwae k=5". */
static void print_choices(void)
{
    char heading[64];
    for (const struct vcl_opt *row = vcl_config_options; row->key; row++) {
        snprintf(heading, sizeof heading, "For --%s", row->key);
        if (row->table)
            print_definitions(heading, row->table);
    }
    print_definitions("Layers", vcl_layer_defs);
}

static void print_presets(void)
{
    printf("\nPresets for --model:");
    for (const char *const *name = vcl_preset_names(); *name; name++)
        printf(" %s", *name);
    printf("\n");
}

void print_command_help(const struct command *command)
{
    struct vcl_config *config = NULL;
    printf("Usage: vae-cl %s %s\n\n%s.\n", command->name, command->usage, command->summary);
    if (command->opts && command->opts->key)
        print_options("Command", command->opts, command->defaults);
    if (command->takes_config && vcl_config_create(&config, NULL) == VCL_OK) {
        print_options(NULL, vcl_config_options + 1, config);
        print_choices();
        print_presets();
        vcl_config_destroy(&config);
    }
    print_options(NULL, common_options, NULL);
    printf("\nExample:\n%s", command->example);
}
