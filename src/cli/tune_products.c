/* SPDX-License-Identifier: MIT
 *
 * Tuning as a part of another command.
 */
#include <stdio.h>

#include "cli/cli.h"

/* With the rest of a start this stays well below ten seconds. */
static const double AUTOMATIC_SECONDS = 5;

bool draw_tuning(void *user, const struct vcl_tune_progress *progress)
{
    const struct cli *cli = user;
    char text[128];
    snprintf(text, sizeof text, "%s, %u of %u  %.0f s left", progress->product, progress->done + 1,
             progress->count, progress->of_seconds - progress->seconds);
    draw_bar(cli, "tuning", progress->seconds / progress->of_seconds, text);
    return interrupted();
}

void tune_products(struct cli *cli, const struct vcl_gemm *products, size_t count)
{
    struct vcl_tune_summary summary;
    struct vcl_error err;
    enum vcl_status r = vcl_tune(cli->ctx,
                                 &(struct vcl_tune_params){.products = products,
                                                           .count = count,
                                                           .seconds = AUTOMATIC_SECONDS,
                                                           .progress = draw_tuning,
                                                           .user = cli},
                                 &summary, &err);
    clear_bar(cli);
    if (r < 0 && cli->common.verbose)
        say(cli, "tuning: %s", err.msg);
    if (r == VCL_OK && summary.tuned)
        say(cli, "tuned %u products in %.1f s (once for this device; --no-tune leaves it out)%s",
            summary.tuned, summary.seconds,
            summary.left ? "; 'vae-cl tune' takes more time for it" : "");
}
