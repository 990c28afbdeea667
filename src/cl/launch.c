/* SPDX-License-Identifier: MIT
 *
 * Launches, at once or recorded into a list. A recorded kernel is an object of its own with its
 * arguments bound, so running a list costs one enqueue an item.
 */
#include <stdlib.h>
#include <string.h>

#include "cl/internal.h"

struct vcl_arg vcl_arg_int(int32_t value)
{
    return (struct vcl_arg){.bits = (uint32_t)value};
}

struct vcl_arg vcl_arg_uint(uint32_t value)
{
    return (struct vcl_arg){.bits = value};
}

struct vcl_arg vcl_arg_float(float value)
{
    struct vcl_arg arg = {0};
    memcpy(&arg.bits, &value, sizeof value);
    return arg;
}

struct vcl_arg vcl_arg_buf(struct vcl_buf *buf)
{
    return (struct vcl_arg){.buf = buf};
}

static enum vcl_status make_kernel(const struct vcl_program *program, const char *name,
                                   cl_kernel *ret_kernel, struct vcl_error *err)
{
    cl_int code;
    cl_kernel kernel = clCreateKernel(program->program, name, &code);
    if (code != CL_SUCCESS) {
        enum vcl_status r = CLERR(err, code, "clCreateKernel");
        return vcl_error_wrap(err, r, "kernel '%s'", name);
    }
    *ret_kernel = kernel;
    return VCL_OK;
}

/* The program's own object of that kernel, shared by launches that run at once. */
static enum vcl_status shared_kernel(struct vcl_ctx *ctx, struct vcl_program *program,
                                     const char *name, struct vcl_kernel_entry **ret_entry,
                                     struct vcl_error *err)
{
    struct vcl_kernel_entry *entry = program->kernels;
    char *copy;
    cl_kernel kernel = NULL;
    enum vcl_status r = VCL_OK;
    while (entry && strcmp(entry->name, name) != 0)
        entry = entry->next;
    if (!entry) {
        TRY(make_kernel(program, name, &kernel, err));
        TRY(vcl_arena_strdup(&ctx->arena, name, &copy, err));
        TRY(vcl_arena_alloc(&ctx->arena, sizeof *entry, &entry, err));
        *entry = (struct vcl_kernel_entry){program->kernels, copy, kernel};
        program->kernels = entry;
        kernel = NULL;
    }
    *ret_entry = entry;
out:
    if (kernel)
        clReleaseKernel(kernel);
    return r;
}

static enum vcl_status set_args(cl_kernel kernel, const struct vcl_launch *launch,
                                struct vcl_error *err)
{
    for (uint32_t i = 0; i < launch->n_args; i++) {
        const struct vcl_arg *arg = &launch->args[i];
        cl_int code = arg->buf ? clSetKernelArg(kernel, i, sizeof arg->buf->mem, &arg->buf->mem)
                               : clSetKernelArg(kernel, i, sizeof arg->bits, &arg->bits);
        if (code != CL_SUCCESS) {
            enum vcl_status r = CLERR(err, code, "clSetKernelArg");
            return vcl_error_wrap(err, r, "kernel '%s', argument %u", launch->kernel, i);
        }
    }
    return VCL_OK;
}

static enum vcl_status enqueue(struct vcl_ctx *ctx, cl_kernel kernel, const char *name,
                               const size_t global[3], const size_t local[3], struct vcl_error *err)
{
    cl_uint dims = global[2] > 1 ? 3 : global[1] > 1 ? 2 : 1;
    cl_event event = NULL;
    cl_int code =
        clEnqueueNDRangeKernel(ctx->queue, kernel, dims, NULL, global, local[0] ? local : NULL, 0,
                               NULL, ctx->profile ? &event : NULL);
    if (code != CL_SUCCESS) {
        enum vcl_status r = CLERR(err, code, "clEnqueueNDRangeKernel");
        return vcl_error_wrap(err, r, "kernel '%s'", name);
    }
    ctx->launches++;
    if (event)
        vcl_profile_add(ctx, name, event);
    return VCL_OK;
}

static enum vcl_status append(struct vcl_list *list, const struct vcl_list_item *item,
                              struct vcl_error *err)
{
    enum vcl_status r =
        vcl_grow(&list->items, &list->cap, list->count + 1, sizeof *list->items, err);
    if (r == VCL_OK)
        list->items[list->count++] = *item;
    return r;
}

static enum vcl_status record(struct vcl_list *list, struct vcl_program *program,
                              const struct vcl_launch *launch, struct vcl_error *err)
{
    struct vcl_list_item item = {0};
    char *name;
    enum vcl_status r;
    TRY(vcl_arena_strdup(&list->arena, launch->kernel, &name, err));
    item.name = name;
    memcpy(item.global, launch->global, sizeof item.global);
    memcpy(item.local, launch->local, sizeof item.local);
    TRY(make_kernel(program, launch->kernel, &item.kernel, err));
    TRY(set_args(item.kernel, launch, err));
    TRY(append(list, &item, err));
    item.kernel = NULL;
out:
    if (item.kernel)
        clReleaseKernel(item.kernel);
    return r;
}

enum vcl_status vcl_launch_run(struct vcl_ctx *ctx, const struct vcl_launch *launch,
                               struct vcl_error *err)
{
    struct vcl_program *program;
    struct vcl_kernel_entry *entry;
    enum vcl_status r;
    if (ctx->looking)
        return VCL_OK;
    TRY(vcl_program_get(ctx, launch, &program, err));
    if (ctx->recording)
        return record(ctx->recording, program, launch, err);
    TRY(shared_kernel(ctx, program, launch->kernel, &entry, err));
    TRY(set_args(entry->kernel, launch, err));
    TRY(enqueue(ctx, entry->kernel, entry->name, launch->global, launch->local, err));
out:
    return r;
}

enum vcl_status vcl_list_add_call(struct vcl_ctx *ctx,
                                  enum vcl_status (*call)(struct vcl_ctx *ctx, const void *data,
                                                          struct vcl_error *err),
                                  const void *data, size_t size, struct vcl_error *err)
{
    void *copy;
    enum vcl_status r = vcl_arena_alloc(&ctx->recording->arena, size, &copy, err);
    if (r < 0)
        return r;
    memcpy(copy, data, size);
    return append(ctx->recording, &(struct vcl_list_item){.call = call, .data = copy}, err);
}

enum vcl_status vcl_list_begin(struct vcl_ctx *ctx, struct vcl_list **ret_list,
                               struct vcl_error *err)
{
    struct vcl_list *list;
    enum vcl_status r = vcl_alloc(1, sizeof *list, &list, err);
    if (r < 0)
        return r;
    list->ctx = ctx;
    ctx->recording = list;
    *ret_list = list;
    return VCL_OK;
}

void vcl_list_end(struct vcl_ctx *ctx)
{
    ctx->recording = NULL;
}

enum vcl_status vcl_list_run(struct vcl_list *list, struct vcl_error *err)
{
    struct vcl_ctx *ctx = list->ctx;
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < list->count; i++) {
        const struct vcl_list_item *item = &list->items[i];
        if (item->call)
            TRY(item->call(ctx, item->data, err));
        else
            TRY(enqueue(ctx, item->kernel, item->name, item->global, item->local, err));
    }
    ctx->multiply_adds += list->multiply_adds;
    TRYCL(err, clFlush(ctx->queue), "clFlush");
out:
    return r;
}

size_t vcl_list_length(const struct vcl_list *list)
{
    return list->count;
}

uint64_t vcl_list_multiply_adds(const struct vcl_list *list)
{
    return list->multiply_adds;
}

void vcl_count_multiply_adds(struct vcl_ctx *ctx, uint64_t count)
{
    *(ctx->recording ? &ctx->recording->multiply_adds : &ctx->multiply_adds) += count;
}

void vcl_list_destroy(struct vcl_list **ret_list)
{
    if (!ret_list || !*ret_list)
        return;
    struct vcl_list *list = *ret_list;
    if (list->ctx->recording == list)
        list->ctx->recording = NULL;
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kernel)
            clReleaseKernel(list->items[i].kernel);
    }
    vcl_arena_finish(&list->arena);
    free(list->items);
    free(list);
    *ret_list = NULL;
}
