/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/clock.h"
#include "cl/internal.h"

static enum vcl_status copy_string(struct vcl_ctx *ctx, const char *text, const char **ret_copy,
                                   struct vcl_error *err)
{
    if (!text || !*text)
        return VCL_OK;
    char *copy;
    enum vcl_status r = vcl_arena_strdup(&ctx->arena, text, &copy, err);
    if (r == VCL_OK)
        *ret_copy = copy;
    return r;
}

/* One of our words, which need no copy. */
static enum vcl_status find_precision(const struct vcl_ctx_params *params,
                                      const char **ret_precision, struct vcl_error *err)
{
    static const char *const names[] = {"exact", "tf32", "bf16", NULL};
    const char *asked = params->precision && *params->precision ? params->precision : names[0];
    size_t i = 0;
    while (names[i] && strcmp(asked, names[i]) != 0)
        i++;
    if (!names[i])
        return ERR(err, VCL_E_ARG, "precision '%s': exact, tf32 and bf16 are there", asked);
    if (i > 0 && params->same_bits)
        return ERR(err, VCL_E_ARG, "precision '%s' does not give the same bits on every device",
                   asked);
    *ret_precision = names[i];
    return VCL_OK;
}

static enum vcl_status copy_params(struct vcl_ctx *ctx, const struct vcl_ctx_params *params,
                                   struct vcl_error *err)
{
    enum vcl_status r;
    ctx->same_bits = params->same_bits;
    ctx->profile = params->profile;
    ctx->log = params->log;
    ctx->log_user = params->log_user;
    TRY(find_precision(params, &ctx->precision, err));
    TRY(copy_string(ctx, params->gemm, &ctx->gemm, err));
    TRY(copy_string(ctx, params->kernel_dir, &ctx->kernel_dir, err));
    TRY(copy_string(ctx, params->cache_dir, &ctx->cache_dir, err));
    TRY(copy_string(ctx, params->tuning_dir, &ctx->tuning_dir, err));
    if (ctx->kernel_dir)
        TRY(vcl_kernel_dir_check(ctx->kernel_dir, err));
out:
    return r;
}

static enum vcl_status make_queue(struct vcl_ctx *ctx, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    cl_int code;
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM,
                                                (cl_context_properties)ctx->platform, 0};
    ctx->context = clCreateContext(properties, 1, &ctx->device, NULL, NULL, &code);
    TRYCL(err, code, "clCreateContext");
    ctx->queue = clCreateCommandQueue(ctx->context, ctx->device,
                                      ctx->profile ? CL_QUEUE_PROFILING_ENABLE : 0, &code);
    TRYCL(err, code, "clCreateCommandQueue");
out:
    return r < 0 ? vcl_device_blame(ctx, r, err) : r;
}

static enum vcl_status open_device(struct vcl_ctx *ctx, const char *spec, struct vcl_error *err)
{
    enum vcl_status r;
    struct vcl_device_handle handle;
    TRY(vcl_device_find(spec, &ctx->info, &handle, &ctx->cpu_beside, err));
    ctx->platform = handle.platform;
    ctx->device = handle.device;
    ctx->alignment = vcl_device_alignment(ctx->device);
    if (!ctx->alignment) /* it told one a moment ago */
        FAIL(err, VCL_E_NODEVICE, "'%s': the driver tells no usable alignment of buffers",
             ctx->info.name);
    TRY(make_queue(ctx, err));
out:
    return r;
}

/* Vectors pay on CPUs, unless the driver is one that takes them apart (llvmpipe's width is 1). */
static uint32_t default_lanes(const struct vcl_device_info *info)
{
    return info->type == VCL_CPU && info->vector_width >= 4 ? 16 : 1;
}

enum vcl_status vcl_ctx_create(const struct vcl_ctx_params *params, struct vcl_ctx **ret_ctx,
                               struct vcl_error *err)
{
    static const struct vcl_ctx_params defaults = {0};
    struct vcl_ctx *ctx = NULL;
    enum vcl_status r;
    if (!params)
        params = &defaults;
    if (params->lanes != 0 && params->lanes != 1 && params->lanes != 16)
        return ERR(err, VCL_E_ARG, "%u lanes: 1 and 16 are there", params->lanes);
    TRY(vcl_alloc(1, sizeof *ctx, &ctx, err));
    TRY(copy_params(ctx, params, err));
    TRY(vcl_arena_alloc(&ctx->arena, sizeof *ctx->gemm_keep, &ctx->gemm_keep, err));
    TRY(open_device(ctx, params->device, err));
    ctx->vec = params->lanes ? params->lanes : default_lanes(&ctx->info);
    vcl_command_buffers_open(ctx);
    vcl_log(ctx, VCL_LOG_DEBUG, "device %s: %s, %s, driver %s", ctx->info.id, ctx->info.name,
            ctx->info.platform, ctx->info.driver);
    *ret_ctx = ctx;
    ctx = NULL;
out:
    vcl_ctx_destroy(&ctx);
    return r;
}

void vcl_ctx_destroy(struct vcl_ctx **ret_ctx)
{
    if (!ret_ctx || !*ret_ctx)
        return;
    struct vcl_ctx *ctx = *ret_ctx;
    if (ctx->queue)
        clFinish(ctx->queue);
    vcl_profile_finish(ctx);
    for (int i = 0; i < VCL_SCRATCH_COUNT; i++)
        vcl_buf_destroy(&ctx->scratch[i]);
    for (size_t i = 0; i < ctx->n_retired; i++)
        vcl_buf_destroy(&ctx->retired[i]);
    free(ctx->retired);
    vcl_programs_release(ctx);
    if (ctx->queue)
        clReleaseCommandQueue(ctx->queue);
    if (ctx->context)
        clReleaseContext(ctx->context);
    if (ctx->gemm_keep)
        vcl_arena_finish(&ctx->gemm_keep->arena);
    vcl_arena_finish(&ctx->arena);
    free(ctx);
    *ret_ctx = NULL;
}

const struct vcl_device_info *vcl_ctx_device(const struct vcl_ctx *ctx)
{
    return &ctx->info;
}

bool vcl_ctx_is_cpu(const struct vcl_ctx *ctx)
{
    return ctx->info.type == VCL_CPU;
}

uint32_t vcl_ctx_vec(const struct vcl_ctx *ctx)
{
    return ctx->vec;
}

bool vcl_ctx_same_bits(const struct vcl_ctx *ctx)
{
    return ctx->same_bits;
}

const char *vcl_ctx_precision(const struct vcl_ctx *ctx)
{
    return ctx->precision;
}

const char *vcl_ctx_gemm_name(const struct vcl_ctx *ctx)
{
    return ctx->gemm;
}

const char *vcl_ctx_tuning_dir(const struct vcl_ctx *ctx)
{
    return ctx->tuning_dir;
}

struct vcl_gemm_keep *vcl_ctx_gemm_keep(const struct vcl_ctx *ctx)
{
    return ctx->gemm_keep;
}

uint64_t vcl_ctx_launches(const struct vcl_ctx *ctx)
{
    return ctx->launches;
}

uint64_t vcl_ctx_multiply_adds(const struct vcl_ctx *ctx)
{
    return ctx->multiply_adds;
}

double vcl_ctx_waited(const struct vcl_ctx *ctx)
{
    return ctx->waited;
}

enum vcl_status vcl_ctx_finish(struct vcl_ctx *ctx, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    double start = vcl_now();
    TRYCL(err, clFinish(ctx->queue), "clFinish");
    ctx->waited += vcl_now() - start;
out:
    return r;
}

void vcl_log(const struct vcl_ctx *ctx, enum vcl_log_level level, const char *fmt, ...)
{
    if (!ctx->log)
        return;
    char message[2048];
    va_list ap;
    va_start(ap, fmt);
    vcl_format_v(message, sizeof message, fmt, ap);
    va_end(ap);
    ctx->log(ctx->log_user, level, message);
}
