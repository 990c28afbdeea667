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

static enum vcl_status make_kernel(struct vcl_ctx *ctx, const struct vcl_program *program,
                                   const char *name, cl_kernel *ret_kernel, struct vcl_error *err)
{
    cl_int code;
    cl_kernel kernel = clCreateKernel(program->program, name, &code);
    if (code != CL_SUCCESS) {
        enum vcl_status r = CLERR(err, code, "clCreateKernel");
        r = vcl_error_wrap(err, r, "kernel '%s'", name);
        return vcl_device_blame(ctx, r, err);
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
        TRY(make_kernel(ctx, program, name, &kernel, err));
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

cl_uint vcl_launch_dims(const size_t global[3])
{
    return global[2] > 1 ? 3 : global[1] > 1 ? 2 : 1;
}

static enum vcl_status enqueue(struct vcl_ctx *ctx, const struct vcl_list_item *item,
                               struct vcl_error *err)
{
    const size_t *global = item->global, *local = item->local;
    cl_uint dims = vcl_launch_dims(global);
    cl_event event = NULL;
    cl_int code =
        clEnqueueNDRangeKernel(ctx->queue, item->kernel, dims, NULL, global,
                               local[0] ? local : NULL, 0, NULL, ctx->profile ? &event : NULL);
    if (code != CL_SUCCESS) {
        enum vcl_status r = CLERR(err, code, "clEnqueueNDRangeKernel");
        r = vcl_error_wrap(err, r, "kernel '%s'", item->name);
        return r == VCL_E_CL ? vcl_device_blame(ctx, r, err) : r;
    }
    ctx->launches++;
    if (event)
        vcl_profile_add(ctx, item->name, item->use, event);
    return VCL_OK;
}

/* An item of these sizes; its name and use are the caller's. */
static struct vcl_list_item item_of(const struct vcl_launch *launch, cl_kernel kernel,
                                    const char *name, const char *use)
{
    struct vcl_list_item item = {.kernel = kernel, .name = name, .use = use};
    memcpy(item.global, launch->global, sizeof item.global);
    memcpy(item.local, launch->local, sizeof item.local);
    return item;
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

static enum vcl_status record(const struct vcl_emit *emit, const struct vcl_program *program,
                              const struct vcl_launch *launch, struct vcl_error *err)
{
    struct vcl_list *list = emit->list;
    char text[VCL_USE_TEXT], *name, *use;
    cl_kernel kernel = NULL;
    enum vcl_status r;
    vcl_label_text(&emit->label, text);
    TRY(vcl_arena_strdup(&list->arena, launch->kernel, &name, err));
    TRY(vcl_arena_strdup(&list->arena, text, &use, err));
    TRY(make_kernel(list->ctx, program, launch->kernel, &kernel, err));
    TRY(set_args(kernel, launch, err));
    const struct vcl_list_item item = item_of(launch, kernel, name, use);
    TRY(append(list, &item, err));
    kernel = NULL;
out:
    if (kernel)
        clReleaseKernel(kernel);
    return r;
}

enum vcl_status vcl_emit_launch(const struct vcl_emit *emit, const struct vcl_launch *launch,
                                struct vcl_error *err)
{
    struct vcl_ctx *ctx = emit->ctx;
    struct vcl_program *program;
    struct vcl_kernel_entry *entry;
    char use[VCL_USE_TEXT] = "";
    enum vcl_status r;
    if (emit->dry_run)
        return VCL_OK;
    TRY(vcl_program_get(ctx, launch, &program, err));
    if (emit->list)
        return record(emit, program, launch, err);
    TRY(shared_kernel(ctx, program, launch->kernel, &entry, err));
    TRY(set_args(entry->kernel, launch, err));
    if (ctx->profile)
        vcl_label_text(&emit->label, use);
    const struct vcl_list_item item = item_of(launch, entry->kernel, entry->name, use);
    TRY(enqueue(ctx, &item, err));
out:
    return r;
}

enum vcl_status vcl_launch_run(struct vcl_ctx *ctx, const struct vcl_launch *launch,
                               struct vcl_error *err)
{
    return vcl_emit_launch(VCL_AT_ONCE(ctx), launch, err);
}

enum vcl_status vcl_emit_call(const struct vcl_emit *emit,
                              enum vcl_status (*call)(struct vcl_ctx *ctx, const void *data,
                                                      struct vcl_error *err),
                              const void *data, size_t size, struct vcl_error *err)
{
    void *copy;
    enum vcl_status r;
    if (!emit->list)
        return call(emit->ctx, data, err);
    TRY(vcl_arena_alloc(&emit->list->arena, size, &copy, err));
    memcpy(copy, data, size);
    TRY(append(emit->list, &(struct vcl_list_item){.call = call, .data = copy}, err));
out:
    return r;
}

void vcl_emit_count(const struct vcl_emit *emit, uint64_t multiply_adds)
{
    *(emit->list ? &emit->list->multiply_adds : &emit->ctx->multiply_adds) += multiply_adds;
}

/* ---- lists ---- */

enum vcl_status vcl_list_create(struct vcl_ctx *ctx, struct vcl_list **ret_list,
                                struct vcl_error *err)
{
    struct vcl_list *list;
    enum vcl_status r = vcl_alloc(1, sizeof *list, &list, err);
    if (r < 0)
        return r;
    list->ctx = ctx;
    *ret_list = list;
    return VCL_OK;
}

void vcl_list_seal(struct vcl_list *list)
{
    vcl_command_buffer_make(list);
}

enum vcl_status vcl_list_run(struct vcl_list *list, struct vcl_error *err)
{
    struct vcl_ctx *ctx = list->ctx;
    bool done = false;
    enum vcl_status r = VCL_OK;
    if (list->command_buffer)
        TRY(vcl_command_buffer_run(list, &done, err));
    for (size_t i = 0; i < list->count && !done; i++) {
        const struct vcl_list_item *item = &list->items[i];
        if (item->call)
            TRY(item->call(ctx, item->data, err));
        else
            TRY(enqueue(ctx, item, err));
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

void vcl_list_destroy(struct vcl_list **ret_list)
{
    if (!ret_list || !*ret_list)
        return;
    struct vcl_list *list = *ret_list;
    vcl_command_buffer_release(list);
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].kernel)
            clReleaseKernel(list->items[i].kernel);
    }
    vcl_arena_finish(&list->arena);
    free(list->items);
    free(list);
    *ret_list = NULL;
}
