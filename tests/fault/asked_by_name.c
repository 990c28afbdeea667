/* SPDX-License-Identifier: MIT
 *
 * Stands before the functions of cl_khr_command_buffer, which are asked for by name.
 */
#include <CL/cl.h>
#include <string.h>

#include "fault.h"

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
    if (fault_due(FAULT_clCreateCommandBufferKHR)) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    void *buffer = function(n, queues, p, code);
    fault_object(buffer != NULL);
    return buffer;
}

static cl_int add(void *buffer, cl_command_queue queue, const cl_ulong *p, cl_kernel kernel,
                  cl_uint dims, const size_t *offset, const size_t *global, const size_t *local,
                  cl_uint n, const cl_uint *after, cl_uint *point, void **handle)
{
    AS(add_fn *, real_add);
    return fault_due(FAULT_clCommandNDRangeKernelKHR)
               ? CL_OUT_OF_RESOURCES
               : function(buffer, queue, p, kernel, dims, offset, global, local, n, after, point,
                          handle);
}

static cl_int finalize(void *buffer)
{
    AS(buffer_fn *, real_finalize);
    return fault_due(FAULT_clFinalizeCommandBufferKHR) ? CL_OUT_OF_RESOURCES : function(buffer);
}

/* As a driver says that cannot run one twice at once after all. */
static cl_int enqueue(cl_uint n_queues, cl_command_queue *queues, void *buffer, cl_uint n,
                      const cl_event *after, cl_event *event)
{
    AS(enqueue_fn *, real_enqueue);
    if (fault_due(FAULT_clEnqueueCommandBufferKHR))
        return CL_INVALID_OPERATION;
    cl_int code = function(n_queues, queues, buffer, n, after, event);
    fault_object(code == CL_SUCCESS && event);
    return code;
}

static cl_int release(void *buffer)
{
    AS(buffer_fn *, real_release);
    fault_object(-1);
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
    if (fault_due(FAULT_clGetExtensionFunctionAddressForPlatform))
        return NULL;
    for (size_t i = 0; real && i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(name, rows[i].name) == 0) {
            *rows[i].real = real;
            memcpy(&real, &rows[i].ours, sizeof real);
        }
    }
    return real;
}
