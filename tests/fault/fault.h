/* SPDX-License-Identifier: MIT
 *
 * Makes the n-th call of a function fail: of malloc and its kin (jansson's too), or of OpenCL. The
 * linker's --wrap puts these functions before the real ones. Also counts what is not given back.
 */
#ifndef TEST_FAULT_H
#define TEST_FAULT_H

#include <stdbool.h>
#include <stddef.h>

/* Functions that can fail; the list for the linker in meson.build has the same names, but for those
 * that are asked for at run time. */
#define FAULT_KINDS(X)                                                                             \
    X(malloc)                                                                                      \
    X(calloc)                                                                                      \
    X(realloc)                                                                                     \
    X(json)                                                                                        \
    X(clGetPlatformIDs)                                                                            \
    X(clGetPlatformInfo)                                                                           \
    X(clGetDeviceIDs)                                                                              \
    X(clGetDeviceInfo)                                                                             \
    X(clCreateContext)                                                                             \
    X(clCreateCommandQueue)                                                                        \
    X(clCreateBuffer)                                                                              \
    X(clCreateSubBuffer)                                                                           \
    X(clCreateProgramWithSource)                                                                   \
    X(clCreateProgramWithBinary)                                                                   \
    X(clBuildProgram)                                                                              \
    X(clGetProgramInfo)                                                                            \
    X(clGetProgramBuildInfo)                                                                       \
    X(clCreateKernel)                                                                              \
    X(clSetKernelArg)                                                                              \
    X(clEnqueueNDRangeKernel)                                                                      \
    X(clEnqueueFillBuffer)                                                                         \
    X(clEnqueueReadBuffer)                                                                         \
    X(clEnqueueWriteBuffer)                                                                        \
    X(clRetainEvent)                                                                               \
    X(clGetExtensionFunctionAddressForPlatform)                                                    \
    X(clCreateCommandBufferKHR)                                                                    \
    X(clCommandNDRangeKernelKHR)                                                                   \
    X(clFinalizeCommandBufferKHR)                                                                  \
    X(clEnqueueCommandBufferKHR)                                                                   \
    X(clGetEventProfilingInfo)                                                                     \
    X(clWaitForEvents)                                                                             \
    X(clFlush)                                                                                     \
    X(clFinish)

enum fault_kind {
#define FAULT_ENUM(name) FAULT_##name,
    FAULT_KINDS(FAULT_ENUM)
#undef FAULT_ENUM
        FAULT_COUNT,
};

extern const char *const fault_names[FAULT_COUNT];

/* From now on, counts from 0, and the call number `at` (from 1; 0: none) of `kind` fails. */
void fault_begin(enum fault_kind kind, size_t at);
/* Nothing fails any more. */
void fault_end(void);
/* Calls of a kind since fault_begin; whether the wanted one has come. */
size_t fault_calls(enum fault_kind kind);
bool fault_happened(void);

/* Allocations and OpenCL objects that are there now. */
long fault_live_memory(void);
long fault_live_objects(void);

#endif
