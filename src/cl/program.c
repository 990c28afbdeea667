/* SPDX-License-Identifier: MIT
 *
 * Compiled programs, found by source and options. Each kernel object is made once a program.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cl/internal.h"

static void build_options(const struct vcl_ctx *ctx, const char *options, struct vcl_str *out)
{
    /* A simulator has no cache to fetch into, and does not know the instruction. */
    bool prefetch = !vcl_contains(ctx->info.platform, "Oclgrind");
    vcl_str_add(out, "-cl-std=CL1.2 -DVEC=%u -DHAS_EXACT_DIV=%d -DHAS_PREFETCH=%d",
                vcl_ctx_vec(ctx), ctx->info.exact_division, prefetch);
    if (ctx->info.exact_division)
        vcl_str_add(out, " -cl-fp32-correctly-rounded-divide-sqrt");
    if (options && *options)
        vcl_str_add(out, " %s", options);
}

static enum vcl_status build_failed(struct vcl_ctx *ctx, cl_program program,
                                    const struct vcl_source *source, int code,
                                    struct vcl_error *err)
{
    enum { LONGEST = 1 << 20 }; /* what is longer is none, but a driver's nonsense */
    size_t size = 0;
    char *log = NULL;
    struct vcl_str first = {0};
    clGetProgramBuildInfo(program, ctx->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    size = size > LONGEST ? LONGEST : size;
    if (vcl_alloc(size + 1, 1, &log, err) < 0)
        return VCL_E_NOMEM;
    clGetProgramBuildInfo(program, ctx->device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
    vcl_log(ctx, VCL_LOG_DEBUG, "build log: %s", log);
    vcl_source_first_error(source, log, &first);
    enum vcl_status r = first.len ? ERR(err, VCL_E_BUILD, "%s", first.text)
                                  : ERR(err, VCL_E_BUILD, "the compiler gives no reason: %s (%d)",
                                        vcl_cl_name(code), code);
    if (err)
        err->cl = code;
    vcl_str_finish(&first);
    free(log);
    return ctx->kernel_dir ? r : vcl_device_blame(ctx, r, err); /* our own kernels do compile */
}

static enum vcl_status compile(struct vcl_ctx *ctx, const struct vcl_source *source,
                               const char *options, cl_program *ret_program, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    cl_int code;
    cl_program program = vcl_binary_cache_load(ctx, source->text.text, options);
    if (!program) {
        const char *text = source->text.text;
        program = clCreateProgramWithSource(ctx->context, 1, &text, &source->text.len, &code);
        if (code != CL_SUCCESS) {
            r = vcl_device_blame(ctx, CLERR(err, code, "clCreateProgramWithSource"), err);
            goto out;
        }
        code = clBuildProgram(program, 1, &ctx->device, options, NULL, NULL);
        if (code != CL_SUCCESS) {
            r = build_failed(ctx, program, source, code, err);
            goto out;
        }
        vcl_binary_cache_save(ctx, text, options, program);
    }
    *ret_program = program;
    program = NULL;
out:
    if (program)
        clReleaseProgram(program);
    return r;
}

static struct vcl_program *find(struct vcl_ctx *ctx, const char *source, const char *options)
{
    for (struct vcl_program *p = ctx->programs; p; p = p->next) {
        if (strcmp(p->source, source) == 0 && strcmp(p->options, options) == 0)
            return p;
    }
    return NULL;
}

static enum vcl_status remember(struct vcl_ctx *ctx, const char *source, const char *options,
                                cl_program program, struct vcl_program **ret_entry,
                                struct vcl_error *err)
{
    struct vcl_program *entry = NULL;
    char *key_source, *key_options;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&ctx->arena, sizeof *entry, &entry, err));
    TRY(vcl_arena_strdup(&ctx->arena, source, &key_source, err));
    TRY(vcl_arena_strdup(&ctx->arena, options, &key_options, err));
    *entry = (struct vcl_program){
        .next = ctx->programs, .source = key_source, .options = key_options, .program = program};
    ctx->programs = entry;
    *ret_entry = entry;
out:
    return r;
}

enum vcl_status vcl_program_get(struct vcl_ctx *ctx, const struct vcl_launch *launch,
                                struct vcl_program **ret_program, struct vcl_error *err)
{
    const char *key = launch->source ? launch->source : launch->text;
    const char *options = launch->options ? launch->options : "";
    struct vcl_program *entry = find(ctx, key, options);
    struct vcl_source source = {0};
    struct vcl_str all_options = {0};
    cl_program program = NULL;
    enum vcl_status r = VCL_OK;
    if (!entry) {
        double start = vcl_now();
        TRY(vcl_source_load(ctx, launch->source, launch->text, &source, err));
        build_options(ctx, options, &all_options);
        TRY(vcl_str_check(&all_options, err));
        TRY(compile(ctx, &source, all_options.text, &program, err));
        TRY(remember(ctx, key, options, program, &entry, err));
        program = NULL;
        vcl_log(ctx, VCL_LOG_DEBUG, "program %s %s: %.0f ms",
                launch->source ? launch->source : "text", options, 1e3 * (vcl_now() - start));
    }
    *ret_program = entry;
out:
    if (program)
        clReleaseProgram(program);
    vcl_source_finish(&source);
    vcl_str_finish(&all_options);
    return r;
}

enum vcl_status vcl_program_prepare(struct vcl_ctx *ctx, const char *source, const char *options,
                                    struct vcl_error *err)
{
    struct vcl_program *program;
    return vcl_program_get(ctx, &(struct vcl_launch){.source = source, .options = options},
                           &program, err);
}

void vcl_programs_release(struct vcl_ctx *ctx)
{
    for (struct vcl_program *p = ctx->programs; p; p = p->next) {
        for (struct vcl_kernel_entry *k = p->kernels; k; k = k->next)
            clReleaseKernel(k->kernel);
        clReleaseProgram(p->program);
    }
    ctx->programs = NULL;
}
