/* SPDX-License-Identifier: MIT
 *
 * Makes the n-th call of a function fail: of malloc and its kin (jansson's too), of OpenCL, or of
 * some for files. The linker's --wrap puts these functions before the real ones. Also counts what
 * is not given back.
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
    X(strndup)                                                                                     \
    X(fdopen)                                                                                      \
    X(fdopendir)                                                                                   \
    X(fsync)                                                                                       \
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

/* The number of the first call from each place. A place is the whole stack of calls that led there.
 */
enum { FAULT_MAX_PLACES = 4096 };

struct fault_places {
    size_t count, first[FAULT_MAX_PLACES];
};

/* From now on, counts from 0, and the call number `at` (from 1; 0: none) of `kind` fails. `learn`:
 * also remembers places, which takes longer. */
void fault_begin(enum fault_kind kind, size_t at, bool learn);
const struct fault_places *fault_places(enum fault_kind kind);
/* Nothing fails any more. */
void fault_end(void);
/* For what stands before the functions: counts a call, true where it must fail; counts objects. */
bool fault_due(enum fault_kind kind);
void fault_object(int change);

/* Allocations and OpenCL objects that are there now. */
long fault_live_memory(void);
long fault_live_objects(void);

#endif
