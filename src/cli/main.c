/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"

const struct command *const commands[] = {
#define X(name) &command_##name,
    COMMANDS(X)
#undef X
        NULL,
};

static int exit_status(enum vcl_status status)
{
    switch (status) {
    case VCL_OK:
        return 0;
    case VCL_E_ARG:
        return 2;
    case VCL_E_NODEVICE:
        return 3;
    case VCL_E_INTERRUPTED:
        return 130;
    default:
        return 1;
    }
}

static void report_error(const char *command, const struct vcl_error *err)
{
    fprintf(stderr, "vae-cl: %s%s%s\n", command ? command : "", command ? ": " : "", err->msg);
    if (err->hint[0])
        fprintf(stderr, "hint: %s\n", err->hint);
}

static const struct command *find_command(const char *name)
{
    for (const struct command *const *command = commands; *command; command++) {
        if (strcmp((*command)->name, name) == 0)
            return *command;
    }
    return NULL;
}

/* Results that did not reach the reader are a failure too. */
static enum vcl_status flush_output(struct vcl_error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return vcl_error_set(err, VCL_E_IO, __FILE__, __LINE__, "cannot write standard output");
    return VCL_OK;
}

static enum vcl_status run(struct cli *cli, int argc, char **argv)
{
    void *options = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(1, cli->command->size + 1, &options, &cli->err));
    if (cli->command->defaults)
        memcpy(options, cli->command->defaults, cli->command->size);
    TRY(vcl_config_create(&cli->config, &cli->err));
    TRY(parse_options(cli, options, argc, argv));
    if (cli->common.help)
        print_command_help(cli->command);
    else
        TRY(cli->command->run(cli, options));
    TRY(flush_output(&cli->err));
out:
    vcl_ctx_destroy(&cli->ctx);
    vcl_config_destroy(&cli->config);
    free(options);
    return r;
}

int main(int argc, char **argv)
{
    struct cli cli = {.process_start = steady_seconds(), .common.seed = 1};
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return argc > 1 ? 0 : 2;
    }
    if (strcmp(name, "--version") == 0) {
        printf("vae-cl %s\n", vcl_version());
        return 0;
    }
    if (strcmp(name, "--list-devices") == 0)
        name = "devices";
    cli.command = find_command(name);
    enum vcl_status r = cli.command ? run(&cli, argc - 2, argv + 2)
                                    : unknown_command(name, &cli.err);
    if (r < 0)
        report_error(cli.command ? cli.command->name : NULL, &cli.err);
    return exit_status(r);
}
