/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cli/cli.h"
#include "commands.rows.h"

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
        return interrupted_status();
    default:
        return 1;
    }
}

/* One line, whatever a path or a file's content put into it. */
static void print_line(const char *prefix, const char *command, const char *text)
{
    fprintf(stderr, "%s%s%s", prefix, command ? command : "", command ? ": " : "");
    for (; *text; text++)
        fputc(iscntrl((unsigned char)*text) ? '?' : *text, stderr);
    fputc('\n', stderr);
}

static void report_error(const char *command, const struct vcl_error *err)
{
    print_line("vae-cl: ", command, err->msg);
    if (err->hint[0])
        print_line("hint: ", NULL, err->hint);
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
    if (results_lost())
        return vcl_error_set(err, VCL_E_NOMEM, __FILE__, __LINE__,
                             "cannot write the results as JSON: memory is out, or a number that is "
                             "not finite is among them");
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
    surroundings_explain(cli, r);
    vcl_ctx_destroy(&cli->ctx);
    surroundings_finish(cli);
    vcl_config_destroy(&cli->config);
    free(options);
    return r;
}

static int finish_text(struct vcl_error *err)
{
    enum vcl_status r = flush_output(err);
    if (r < 0)
        report_error(NULL, err);
    return exit_status(r);
}

int main(int argc, char **argv)
{
    struct cli cli = {.process_start = vcl_now(), .common.seed = 1};
    const char *name = argc > 1 ? argv[1] : "--help";
    note_ignored_signals();
    signal(SIGXFSZ, SIG_IGN); /* a file that grows too large is an error to report */
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_help();
        return argc > 1 ? finish_text(&cli.err) : 2;
    }
    if (strcmp(name, "--version") == 0) {
        printf("vae-cl %s\n", vcl_version());
        return finish_text(&cli.err);
    }
    if (strcmp(name, "--list-devices") == 0)
        name = "devices";
    cli.command = find_command(name);
    enum vcl_status r =
        cli.command ? run(&cli, argc - 2, argv + 2) : unknown_command(name, &cli.err);
    if (r < 0)
        report_error(cli.command ? cli.command->name : NULL, &cli.err);
    return exit_status(r);
}
