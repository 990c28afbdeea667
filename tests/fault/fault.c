/* SPDX-License-Identifier: MIT */
#include "fault.h"

#include <CL/cl.h>
#include <jansson.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

const char *const fault_names[FAULT_COUNT] = {
#define FAULT_NAME(name) #name,
    FAULT_KINDS(FAULT_NAME)
#undef FAULT_NAME
};

static size_t calls[FAULT_COUNT];
static enum fault_kind wanted;
static size_t wanted_at;
static bool happened;
static atomic_long memory, objects;

static bool due(enum fault_kind kind)
{
    calls[kind]++;
    if (kind != wanted || calls[kind] != wanted_at)
        return false;
    happened = true;
    return true;
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
    return due(FAULT_malloc) ? NULL : count_memory(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return due(FAULT_calloc) ? NULL : count_memory(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
    if (due(FAULT_realloc))
        return NULL;
    void *moved = __real_realloc(old, size);
    return old ? moved : count_memory(moved);
}

void __wrap_free(void *ptr)
{
    memory -= ptr != NULL;
    __real_free(ptr);
}

static void *json_malloc(size_t size)
{
    return due(FAULT_json) ? NULL : count_memory(__real_malloc(size));
}

/* ---- OpenCL ---- */

#define STATUS_CALL(name, params, args)                                                            \
    cl_int __real_##name params;                                                                   \
    cl_int __wrap_##name params;                                                                   \
    cl_int __wrap_##name params                                                                    \
    {                                                                                              \
        return due(FAULT_##name) ? CL_OUT_OF_RESOURCES : __real_##name args;                       \
    }

/* Waits nevertheless: memory that the device still uses may be freed after it. */
#define WAITING_CALL(name, params, args)                                                           \
    cl_int __real_##name params;                                                                   \
    cl_int __wrap_##name params;                                                                   \
    cl_int __wrap_##name params                                                                    \
    {                                                                                              \
        cl_int code = __real_##name args;                                                          \
        return due(FAULT_##name) ? CL_OUT_OF_RESOURCES : code;                                     \
    }

#define OBJECT_CALL(type, name, params, args)                                                      \
    type __real_##name params;                                                                     \
    type __wrap_##name params;                                                                     \
    type __wrap_##name params                                                                      \
    {                                                                                              \
        if (due(FAULT_##name)) {                                                                   \
            *code = CL_OUT_OF_HOST_MEMORY;                                                         \
            return NULL;                                                                           \
        }                                                                                          \
        type object = __real_##name args;                                                          \
        objects += object != NULL;                                                                 \
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
STATUS_CALL(clGetPlatformInfo,
            (cl_platform_id id, cl_platform_info what, size_t n, void *out, size_t *ret),
            (id, what, n, out, ret))
STATUS_CALL(clGetDeviceIDs,
            (cl_platform_id id, cl_device_type type, cl_uint n, cl_device_id *ids, cl_uint *ret),
            (id, type, n, ids, ret))
STATUS_CALL(clGetDeviceInfo,
            (cl_device_id id, cl_device_info what, size_t n, void *out, size_t *ret),
            (id, what, n, out, ret))
OBJECT_CALL(cl_context, clCreateContext,
            (const cl_context_properties *properties, cl_uint n, const cl_device_id *ids,
             void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *user,
             cl_int *code),
            (properties, n, ids, notify, user, code))
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
OBJECT_CALL(cl_program, clCreateProgramWithSource,
            (cl_context context, cl_uint n, const char **texts, const size_t *sizes, cl_int *code),
            (context, n, texts, sizes, code))
OBJECT_CALL(cl_program, clCreateProgramWithBinary,
            (cl_context context, cl_uint n, const cl_device_id *ids, const size_t *sizes,
             const unsigned char **binaries, cl_int *states, cl_int *code),
            (context, n, ids, sizes, binaries, states, code))
STATUS_CALL(clBuildProgram,
            (cl_program program, cl_uint n, const cl_device_id *ids, const char *options,
             void(CL_CALLBACK *notify)(cl_program, void *), void *user),
            (program, n, ids, options, notify, user))
STATUS_CALL(clGetProgramInfo,
            (cl_program program, cl_program_info what, size_t n, void *out, size_t *ret),
            (program, what, n, out, ret))
STATUS_CALL(clGetProgramBuildInfo,
            (cl_program program, cl_device_id id, cl_program_build_info what, size_t n, void *out,
             size_t *ret),
            (program, id, what, n, out, ret))
OBJECT_CALL(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *code),
            (program, name, code))
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
        if (due(FAULT_##name))                                                                     \
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
    if (due(FAULT_clRetainEvent))
        return CL_OUT_OF_RESOURCES;
    objects++;
    return __real_clRetainEvent(event);
}

RELEASE_CALL(clReleaseContext, cl_context)
RELEASE_CALL(clReleaseCommandQueue, cl_command_queue)
RELEASE_CALL(clReleaseMemObject, cl_mem)
RELEASE_CALL(clReleaseProgram, cl_program)
RELEASE_CALL(clReleaseKernel, cl_kernel)
RELEASE_CALL(clReleaseEvent, cl_event)

/* ---- cl_khr_command_buffer: functions asked for by name ---- */

static void *real_create, *real_add, *real_finalize, *real_enqueue, *real_release;

/* A function of this type from a pointer to data. */
#define AS(type, pointer)                                                                          \
    type function;                                                                                 \
    memcpy(&function, &(pointer), sizeof function)

typedef void *create_fn(cl_uint, const cl_command_queue *, const cl_ulong *, cl_int *);
typedef cl_int add_fn(void *, cl_command_queue, const cl_ulong *, cl_kernel, cl_uint,
                      const size_t *, const size_t *, const size_t *, cl_uint, const cl_uint *,
                      cl_uint *, void **);
typedef cl_int buffer_fn(void *);
typedef cl_int enqueue_fn(cl_uint, cl_command_queue *, void *, cl_uint, const cl_event *,
                          cl_event *);

static void *create(cl_uint n, const cl_command_queue *queues, const cl_ulong *p, cl_int *code)
{
    AS(create_fn *, real_create);
    if (due(FAULT_clCreateCommandBufferKHR)) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    void *buffer = function(n, queues, p, code);
    objects += buffer != NULL;
    return buffer;
}

static cl_int add(void *buffer, cl_command_queue queue, const cl_ulong *p, cl_kernel kernel,
                  cl_uint dims, const size_t *offset, const size_t *global, const size_t *local,
                  cl_uint n, const cl_uint *after, cl_uint *point, void **handle)
{
    AS(add_fn *, real_add);
    return due(FAULT_clCommandNDRangeKernelKHR) ? CL_OUT_OF_RESOURCES
                                                : function(buffer, queue, p, kernel, dims, offset,
                                                           global, local, n, after, point, handle);
}

static cl_int finalize(void *buffer)
{
    AS(buffer_fn *, real_finalize);
    return due(FAULT_clFinalizeCommandBufferKHR) ? CL_OUT_OF_RESOURCES : function(buffer);
}

/* As a driver says that cannot run one twice at once after all. */
static cl_int enqueue(cl_uint n_queues, cl_command_queue *queues, void *buffer, cl_uint n,
                      const cl_event *after, cl_event *event)
{
    AS(enqueue_fn *, real_enqueue);
    if (due(FAULT_clEnqueueCommandBufferKHR))
        return CL_INVALID_OPERATION;
    cl_int code = function(n_queues, queues, buffer, n, after, event);
    objects += code == CL_SUCCESS && event;
    return code;
}

static cl_int release(void *buffer)
{
    AS(buffer_fn *, real_release);
    objects--;
    return function(buffer);
}

void *__real_clGetExtensionFunctionAddressForPlatform(cl_platform_id id, const char *name);
void *__wrap_clGetExtensionFunctionAddressForPlatform(cl_platform_id id, const char *name);

void *__wrap_clGetExtensionFunctionAddressForPlatform(cl_platform_id id, const char *name)
{
    static const struct {
        const char *name;
        void **real;
        void (*ours)(void);
    } rows[] = {
        {"clCreateCommandBufferKHR", &real_create, (void (*)(void))create},
        {"clCommandNDRangeKernelKHR", &real_add, (void (*)(void))add},
        {"clFinalizeCommandBufferKHR", &real_finalize, (void (*)(void))finalize},
        {"clEnqueueCommandBufferKHR", &real_enqueue, (void (*)(void))enqueue},
        {"clReleaseCommandBufferKHR", &real_release, (void (*)(void))release},
    };
    void *real = __real_clGetExtensionFunctionAddressForPlatform(id, name);
    if (due(FAULT_clGetExtensionFunctionAddressForPlatform))
        return NULL;
    for (size_t i = 0; real && i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            *rows[i].real = real;
            memcpy(&real, &rows[i].ours, sizeof real);
        }
    }
    return real;
}

/* ---- control ---- */

void fault_begin(enum fault_kind kind, size_t at)
{
    json_set_alloc_funcs(json_malloc, __wrap_free);
    for (int i = 0; i < FAULT_COUNT; i++)
        calls[i] = 0;
    wanted = kind;
    wanted_at = at;
    happened = false;
}

void fault_end(void)
{
    wanted_at = 0;
}

size_t fault_calls(enum fault_kind kind)
{
    return calls[kind];
}

bool fault_happened(void)
{
    return happened;
}

long fault_live_memory(void)
{
    return memory;
}

long fault_live_objects(void)
{
    return objects;
}
