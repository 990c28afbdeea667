/* SPDX-License-Identifier: MIT */
#include "on_device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/internal.h"

enum { MEMORY = 32 << 20 };

static struct vcl_ctx *ctx;

static void destroy(void)
{
    vcl_ctx_destroy(&ctx);
}

struct vcl_ctx *fuzz_context(void)
{
    struct vcl_error err = {0};
    if (ctx)
        return ctx;
    if (vcl_ctx_create(&(struct vcl_ctx_params){.same_bits = true}, &ctx, &err) < 0) {
        fprintf(stderr, "no device: %s\n", err.msg);
        exit(1);
    }
    ctx->info.memory = MEMORY;
    ctx->info.max_alloc = MEMORY;
    atexit(destroy);
    return ctx;
}

void fuzz_check_status(enum vcl_status r, const struct vcl_error *err)
{
    if (r >= 0 || (err->status == r && err->msg[0] && !strchr(err->msg, '\n')))
        return;
    fprintf(stderr, "status %d, the error says %d: %s\n", r, err->status, err->msg);
    abort();
}
