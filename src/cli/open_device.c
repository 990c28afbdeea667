/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"
#include "base/file.h"
#include "cli/cli.h"

static void log_line(void *user, enum vcl_log_level level, const char *message)
{
    const struct cli *cli = user;
    if (level == VCL_LOG_DEBUG && !cli->common.verbose)
        return;
    clear_bar(cli);
    say(cli, "%s", message);
}

/* $XDG_CACHE_HOME/vae-cl, else ~/.cache/vae-cl; NULL without a home. A relative path counts as
 * none, as its specification wants it. Freed by the caller. */
static char *cache_folder(void)
{
    const char *xdg = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char *path = NULL;
    if (xdg && xdg[0] == '/') {
        if (vcl_path_join(xdg, "vae-cl", &path, NULL) < 0)
            return NULL;
    } else if (home && *home) {
        if (vcl_path_join(home, ".cache/vae-cl", &path, NULL) < 0)
            return NULL;
    }
    return path;
}

enum vcl_status open_context(struct cli *cli)
{
    const struct common *common = &cli->common;
    const char *variable = getenv("VAE_CL_DEVICE");
    surroundings_prepare(cli);
    char *cache = cache_folder();
    const struct vcl_ctx_params params = {
        .device = common->device ? common->device : variable,
        .gemm = common->gemm,
        .same_bits = common->same_bits,
        .precision = common->precision,
        .kernel_dir = common->kernel_dir ? common->kernel_dir : getenv("VAE_CL_KERNEL_DIR"),
        .cache_dir = cache,
        .tuning_dir = cache,
        .profile = common->profile,
        .log = log_line,
        .log_user = cli,
    };
    enum vcl_status r = vcl_ctx_create(&params, &cli->ctx, &cli->err);
    free(cache);
    if (r == VCL_OK) {
        const struct vcl_device_info *device = vcl_ctx_device(cli->ctx);
        say(cli, "device %s: %s (%s), matrix products: %s", device->id, device->name,
            device->platform, vcl_gemm_chosen(cli->ctx));
        surroundings_report(cli);
    } else if (!common->device && variable && *variable &&
               (r == VCL_E_NODEVICE || r == VCL_E_ARG)) {
        r = vcl_error_wrap(&cli->err, r, "VAE_CL_DEVICE=%.100s", variable);
    }
    return r;
}
