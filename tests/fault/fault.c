/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <CL/cl.h>
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unwind.h>

const char *const fault_names[FAULT_COUNT] = {
#define FAULT_NAME(name) #name,
    FAULT_KINDS(FAULT_NAME)
#undef FAULT_NAME
};

static struct fault_places places[FAULT_COUNT];
static size_t hashes[FAULT_COUNT][FAULT_MAX_PLACES];
static size_t calls[FAULT_COUNT];
static bool learning;
static enum fault_kind wanted;
static size_t wanted_at;
static atomic_long memory, objects;

/* ---- where a call comes from ---- */

/* Of the stack: three of ours, and the five that led there. All of it would make twice as many
 * places and hardly any other errors. */
enum { DEPTH = 8 };

struct stack {
    size_t frames, hash;
};

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *user)
{
    struct stack *stack = user;
    stack->hash = (stack->hash ^ (size_t)_Unwind_GetIP(context)) * (size_t)0x100000001b3;
    return ++stack->frames < DEPTH ? _URC_NO_REASON : _URC_END_OF_STACK;
}

/* Remembers the first call from each place. */
static void note_place(enum fault_kind kind)
{
    struct fault_places *p = &places[kind];
    struct stack stack = {0};
    _Unwind_Backtrace(add_frame, &stack);
    for (size_t i = 0; i < p->count; i++) {
        if (hashes[kind][i] == stack.hash)
            return;
    }
    if (p->count == FAULT_MAX_PLACES)
        abort();
    hashes[kind][p->count] = stack.hash;
    p->first[p->count++] = calls[kind];
}

bool fault_due(enum fault_kind kind)
{
    calls[kind]++;
    if (learning)
        note_place(kind);
    return kind == wanted && calls[kind] == wanted_at;
}

void fault_object(int change)
{
    objects += change;
}

static void *count_memory(void *ptr)
{
    memory += ptr != NULL;
    return ptr;
}

/* ---- host memory ---- */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __real_free(void *ptr);
void __wrap_free(void *ptr);

void *__wrap_malloc(size_t size)
{
    return fault_due(FAULT_malloc) ? NULL : count_memory(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fault_due(FAULT_calloc) ? NULL : count_memory(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (fault_due(FAULT_realloc))
        return NULL;
    void *moved = __real_realloc(old, size);
    return old ? moved : count_memory(moved);
}

void __wrap_free(void *ptr)
{
    memory -= ptr != NULL;
    __real_free(ptr);
}

char *__real_strndup(const char *text, size_t len);
char *__wrap_strndup(const char *text, size_t len);

char *__wrap_strndup(const char *text, size_t len)
{
    return fault_due(FAULT_strndup) ? NULL : count_memory(__real_strndup(text, len));
}

/* The buffer of a word grows by powers of two; where it can't, jansson 2.14 goes on without the
 * letters and may stop at an assertion (lex_save in load.c ignores it). src/base/json.c sees to it
 * beforehand that there is memory. */
static bool is_words_buffer(size_t size)
{
    return size >= 32 && (size & (size - 1)) == 0;
}

static void *json_malloc(size_t size)
{
    bool fails = !is_words_buffer(size) && fault_due(FAULT_json);
    return fails ? NULL : count_memory(__real_malloc(size));
}

/* ---- files: those calls whose failing tests/power does not try ---- */

FILE *__real_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode);

FILE *__wrap_fdopen(int fd, const char *mode)
{
    return fault_due(FAULT_fdopen) ? NULL : __real_fdopen(fd, mode);
}

DIR *__real_fdopendir(int fd);
DIR *__wrap_fdopendir(int fd);

DIR *__wrap_fdopendir(int fd)
{
    return fault_due(FAULT_fdopendir) ? NULL : __real_fdopendir(fd);
}

int __wrap_fsync(int fd);

/* No power is lost here, and it takes the most time. */
int __wrap_fsync(int fd)
{
    errno = EIO;
    return fault_due(FAULT_fsync) ? -1 : fd < 0 ? -1 : 0;
}

/* ---- OpenCL ---- */

#define STATUS_CALL(name, params, args)                                                            \
    cl_int __real_##name params;                                                                   \
    cl_int __wrap_##name params;                                                                   \
    cl_int __wrap_##name params                                                                    \
    {                                                                                              \
        return fault_due(FAULT_##name) ? CL_OUT_OF_RESOURCES : __real_##name args;                 \
    }

/* Waits nevertheless: memory that the device still uses may be freed after it. */
#define WAITING_CALL(name, params, args)                                                           \
    cl_int __real_##name params;                                                                   \
    cl_int __wrap_##name params;                                                                   \
    cl_int __wrap_##name params                                                                    \
    {                                                                                              \
        cl_int code = __real_##name args;                                                          \
        return fault_due(FAULT_##name) ? CL_OUT_OF_RESOURCES : code;                               \
    }

#define OBJECT_CALL(type, name, params, args)                                                      \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        if (fault_due(FAULT_##name)) {                                                             \
            *code = CL_OUT_OF_HOST_MEMORY;                                                         \
            return NULL;                                                                           \
        }                                                                                          \
        type object = __real_##name args;                                                          \
        fault_object(object != NULL);                                                              \
        return object;                                                                             \
    }

#define RELEASE_CALL(name, type)                                                                   \
    cl_int __real_##name(type object);                                                             \
    cl_int __wrap_##name(type object);                                                             \
    cl_int __wrap_##name(type object)                                                              \
    {                                                                                              \
        objects--;                                                                                 \
        return __real_##name(object);                                                              \
    }

STATUS_CALL(clGetPlatformIDs, (cl_uint n, cl_platform_id *ids, cl_uint *ret), (n, ids, ret))
/* Under another name the driver is one whose programs the library keeps. */
cl_int __real_clGetPlatformInfo(cl_platform_id id, cl_platform_info what, size_t n, void *out,
                                size_t *ret);
cl_int __wrap_clGetPlatformInfo(cl_platform_id id, cl_platform_info what, size_t n, void *out,
                                size_t *ret);

cl_int __wrap_clGetPlatformInfo(cl_platform_id id, cl_platform_info what, size_t n, void *out,
                                size_t *ret)
{
    if (fault_due(FAULT_clGetPlatformInfo))
        return CL_OUT_OF_RESOURCES;
    cl_int code = __real_clGetPlatformInfo(id, what, n, out, ret);
    if (code == CL_SUCCESS && what == CL_PLATFORM_NAME && out && n > 0)
        ((char *)out)[0] = '~';
    return code;
}

STATUS_CALL(clGetDeviceIDs,
            (cl_platform_id id, cl_device_type type, cl_uint n, cl_device_id *ids, cl_uint *ret),
            (id, type, n, ids, ret))
STATUS_CALL(clGetDeviceInfo,
            (cl_device_id id, cl_device_info what, size_t n, void *out, size_t *ret),
            (id, what, n, out, ret))
OBJECT_CALL(cl_command_queue, clCreateCommandQueue,
            (cl_context context, cl_device_id id, cl_command_queue_properties properties,
             cl_int *code),
            (context, id, properties, code))
OBJECT_CALL(cl_mem, clCreateBuffer,
            (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *code),
            (context, flags, size, host, code))
OBJECT_CALL(cl_mem, clCreateSubBuffer,
            (cl_mem parent, cl_mem_flags flags, cl_buffer_create_type type, const void *info,
             cl_int *code),
            (parent, flags, type, info, code))
STATUS_CALL(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
            (kernel, index, size, value))
STATUS_CALL(clEnqueueFillBuffer,
            (cl_command_queue queue, cl_mem mem, const void *pattern, size_t pattern_size,
             size_t offset, size_t size, cl_uint n, const cl_event *after, cl_event *event),
            (queue, mem, pattern, pattern_size, offset, size, n, after, event))
STATUS_CALL(clEnqueueReadBuffer,
            (cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t offset, size_t size,
             void *out, cl_uint n, const cl_event *after, cl_event *event),
            (queue, mem, blocking, offset, size, out, n, after, event))
STATUS_CALL(clGetEventProfilingInfo,
            (cl_event event, cl_profiling_info what, size_t n, void *out, size_t *ret),
            (event, what, n, out, ret))
WAITING_CALL(clWaitForEvents, (cl_uint n, const cl_event *events), (n, events))
STATUS_CALL(clFlush, (cl_command_queue queue), (queue))
WAITING_CALL(clFinish, (cl_command_queue queue), (queue))

/* These may also make an event. */
#define EVENT_CALL(name, params, args)                                                             \
    cl_int __real_##name params;                                                                   \
    cl_int __wrap_##name params;                                                                   \
    cl_int __wrap_##name params                                                                    \
    {                                                                                              \
        if (fault_due(FAULT_##name))                                                               \
            return CL_OUT_OF_RESOURCES;                                                            \
        cl_int code = __real_##name args;                                                          \
        objects += code == CL_SUCCESS && event;                                                    \
        return code;                                                                               \
    }

EVENT_CALL(clEnqueueWriteBuffer,
           (cl_command_queue queue, cl_mem mem, cl_bool blocking, size_t offset, size_t size,
            const void *data, cl_uint n, const cl_event *after, cl_event *event),
           (queue, mem, blocking, offset, size, data, n, after, event))
EVENT_CALL(clEnqueueNDRangeKernel,
           (cl_command_queue queue, cl_kernel kernel, cl_uint dims, const size_t *offset,
            const size_t *global, const size_t *local, cl_uint n, const cl_event *after,
            cl_event *event),
           (queue, kernel, dims, offset, global, local, n, after, event))

cl_int __real_clRetainEvent(cl_event event);
cl_int __wrap_clRetainEvent(cl_event event);

cl_int __wrap_clRetainEvent(cl_event event)
{
    if (fault_due(FAULT_clRetainEvent))
        return CL_OUT_OF_RESOURCES;
    objects++;
    return __real_clRetainEvent(event);
}

RELEASE_CALL(clReleaseContext, cl_context)
RELEASE_CALL(clReleaseCommandQueue, cl_command_queue)
RELEASE_CALL(clReleaseMemObject, cl_mem)
RELEASE_CALL(clReleaseKernel, cl_kernel)
RELEASE_CALL(clReleaseEvent, cl_event)

/* ---- control ---- */

void fault_begin(enum fault_kind kind, size_t at, bool learn)
{
    json_set_alloc_funcs(json_malloc, __wrap_free);
    for (int i = 0; i < FAULT_COUNT; i++) {
        calls[i] = 0;
        places[i].count = learn ? 0 : places[i].count;
    }
    wanted = kind;
    wanted_at = at;
    learning = learn;
}

const struct fault_places *fault_places(enum fault_kind kind)
{
    return &places[kind];
}

void fault_end(void)
{
    learning = false;
    wanted_at = 0;
}

long fault_live_memory(void)
{
    return memory;
}

long fault_live_objects(void)
{
    return objects;
}
