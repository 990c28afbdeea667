/* SPDX-License-Identifier: MIT
 *
 * cl_khr_command_buffer: a recorded list as one object that the driver has seen whole, run by one
 * call. The extension is provisional, so its few names are written down here instead of taken from
 * headers that change. Whatever is missing or fails leaves the list as it is, with a debug line.
 */
#include <string.h>

#include "cl/internal.h"

#define DEVICE_CAPABILITIES   0x12A9
#define DEVICE_REQUIRED_QUEUE 0x12AA
#define CAPABILITY_SIMULTANEOUS                                                                    \
    (1 << 2) /* may be enqueued while it runs: step n+1 during step n                              \
              */
#define BUFFER_FLAGS        0x1293
#define BUFFER_SIMULTANEOUS (1 << 0)

typedef cl_ulong properties;

/* The extension's functions; command buffers and sync points are opaque to us. */
struct vcl_command_buffer_calls {
    void *(CL_API_CALL *create)(cl_uint n, const cl_command_queue *queues, const properties *p,
                                cl_int *code);
    cl_int(CL_API_CALL *add)(void *buffer, cl_command_queue queue, const properties *p,
                             cl_kernel kernel, cl_uint dims, const size_t *offset,
                             const size_t *global, const size_t *local, cl_uint n_after,
                             const cl_uint *after, cl_uint *point, void **handle);
    cl_int(CL_API_CALL *finalize)(void *buffer);
    cl_int(CL_API_CALL *enqueue)(cl_uint n, cl_command_queue *queues, void *buffer, cl_uint n_after,
                                 const cl_event *after, cl_event *event);
    cl_int(CL_API_CALL *release)(void *buffer);
};

static bool load(struct vcl_ctx *ctx, const char *name, void *ret_function)
{
    void *function = clGetExtensionFunctionAddressForPlatform(ctx->platform, name);
    memcpy(ret_function, &function, sizeof function);
    return function != NULL;
}

static bool load_calls(struct vcl_ctx *ctx, struct vcl_command_buffer_calls *calls)
{
    return load(ctx, "clCreateCommandBufferKHR", &calls->create) &&
           load(ctx, "clCommandNDRangeKernelKHR", &calls->add) &&
           load(ctx, "clFinalizeCommandBufferKHR", &calls->finalize) &&
           load(ctx, "clEnqueueCommandBufferKHR", &calls->enqueue) &&
           load(ctx, "clReleaseCommandBufferKHR", &calls->release);
}

/* What the device says it can: lists are run again while they run, on a plain queue. */
static bool supported(const struct vcl_ctx *ctx)
{
    char extensions[8192] = "";
    cl_ulong capabilities = 0, queue = 0;
    return clGetDeviceInfo(ctx->device, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions,
                           NULL) == CL_SUCCESS &&
           strstr(extensions, "cl_khr_command_buffer") &&
           clGetDeviceInfo(ctx->device, DEVICE_CAPABILITIES, sizeof capabilities, &capabilities,
                           NULL) == CL_SUCCESS &&
           (capabilities & CAPABILITY_SIMULTANEOUS) &&
           clGetDeviceInfo(ctx->device, DEVICE_REQUIRED_QUEUE, sizeof queue, &queue, NULL) ==
               CL_SUCCESS &&
           queue == 0;
}

/* Where one call costs as much as the launches it stands for. pocl 3.1 makes them one by one inside
 * it. Training with 64 units a layer and batches of 20 made 61600 images/s with lists and 60300
 * with buffers, mnist-fc with batches of 128 made 36000 and 33500; with threads pinned to cores
 * 67600 and 67000, 37500 and 39400 (medians of eleven in alternation; the spread is larger). */
static bool slower_than_lists(const struct vcl_ctx *ctx)
{
    static const char *const platforms[] = {"Portable Computing Language"};
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        if (vcl_contains(ctx->info.platform, platforms[i]))
            return true;
    }
    return false;
}

void vcl_command_buffers_open(struct vcl_ctx *ctx)
{
    struct vcl_command_buffer_calls *calls;
    if (!supported(ctx) || vcl_arena_alloc(&ctx->arena, sizeof *calls, &calls, NULL) < 0)
        return;
    if (!load_calls(ctx, calls)) {
        vcl_log(ctx, VCL_LOG_DEBUG, "command buffers: the driver lacks a function");
        return;
    }
    ctx->command_calls = calls;
    ctx->command_buffers = !ctx->profile && !slower_than_lists(ctx); /* an event a kernel */
}

bool vcl_ctx_command_buffers(struct vcl_ctx *ctx, bool on)
{
    ctx->command_buffers = on && ctx->command_calls && !ctx->profile;
    return ctx->command_buffers;
}

static cl_int fill(const struct vcl_list *list, void *buffer)
{
    const struct vcl_command_buffer_calls *calls = list->ctx->command_calls;
    cl_int code = CL_SUCCESS;
    for (size_t i = 0; i < list->count && code == CL_SUCCESS; i++) {
        const struct vcl_list_item *item = &list->items[i];
        code = calls->add(buffer, NULL, NULL, item->kernel, vcl_launch_dims(item->global), NULL,
                          item->global, item->local[0] ? item->local : NULL, 0, NULL, NULL, NULL);
    }
    return code == CL_SUCCESS ? calls->finalize(buffer) : code;
}

static bool has_library_calls(const struct vcl_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->items[i].call)
            return true;
    }
    return false;
}

void vcl_command_buffer_make(struct vcl_list *list)
{
    struct vcl_ctx *ctx = list->ctx;
    const struct vcl_command_buffer_calls *calls = ctx->command_calls;
    const properties p[] = {BUFFER_FLAGS, BUFFER_SIMULTANEOUS, 0};
    cl_int code = CL_SUCCESS;
    if (!ctx->command_buffers || !list->count || has_library_calls(list))
        return;
    void *buffer = calls->create(1, &ctx->queue, p, &code);
    if (buffer)
        code = fill(list, buffer);
    if (buffer && code != CL_SUCCESS) {
        calls->release(buffer);
        buffer = NULL;
    }
    list->command_buffer = buffer;
    vcl_log(ctx, VCL_LOG_DEBUG, "command buffer of %zu launches: %s", list->count,
            buffer ? "made" : vcl_cl_name(code));
}

enum vcl_status vcl_command_buffer_run(struct vcl_list *list, bool *ret_done, struct vcl_error *err)
{
    struct vcl_ctx *ctx = list->ctx;
    cl_event event = NULL; /* unused, but pocl 3.1 cannot do without */
    cl_int code = ctx->command_calls->enqueue(0, NULL, list->command_buffer, 0, NULL, &event);
    if (event)
        clReleaseEvent(event);
    *ret_done = code == CL_SUCCESS;
    if (code == CL_SUCCESS)
        ctx->launches += list->count;
    if (code == CL_SUCCESS || code == CL_OUT_OF_RESOURCES || code == CL_OUT_OF_HOST_MEMORY)
        return code == CL_SUCCESS ? VCL_OK : CLERR(err, code, "clEnqueueCommandBufferKHR");
    vcl_log(ctx, VCL_LOG_DEBUG, "command buffer refused: %s", vcl_cl_name(code));
    vcl_command_buffer_release(list); /* as a list from now on */
    return VCL_OK;
}

void vcl_command_buffer_release(struct vcl_list *list)
{
    if (list->command_buffer)
        list->ctx->command_calls->release(list->command_buffer);
    list->command_buffer = NULL;
}
