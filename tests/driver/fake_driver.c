/* SPDX-License-Identifier: MIT
 *
 * An OpenCL driver that computes nothing: a GPU whose faults the environment chooses, for tests of
 * what is said about them. FAKE_DRIVER holds any of these words:
 *
 *   none     there is a platform, but no device
 *   many     claims a thousand million devices, and fills in four: Fake GPU 1, and three called 2
 *   numbers  device's numbers that cannot be
 *   aligned  buffers that must lie at multiples of 3 bits
 *   endless  texts that fill all the room they are given, without an end
 *   context, queue, buffer, program, build, kernel, launch   this fails
 *   log      a compiler's log of a million million bytes
 *   binary   a program's binary of that size
 *
 * Without any of them all goes well, but buffers hold nothing and launches do nothing.
 */
#include <CL/cl_icd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Each object begins with the table, by which the loader finds our functions. */
struct _cl_platform_id {
    const struct _cl_icd_dispatch *table;
};
struct _cl_device_id {
    const struct _cl_icd_dispatch *table;
};
struct object {
    const struct _cl_icd_dispatch *table;
};

enum { DEVICES = 4 };
static const struct _cl_icd_dispatch table;
static struct _cl_platform_id platform = {&table};
static struct _cl_device_id devices[DEVICES] = {{&table}, {&table}, {&table}, {&table}};
static struct object only = {&table}; /* every context, queue, buffer, program and kernel */

static bool has(const char *word)
{
    const char *words = getenv("FAKE_DRIVER");
    return words && strstr(words, word);
}

static void *make(const char *word, cl_int failure, cl_int *code)
{
    if (code)
        *code = has(word) ? failure : CL_SUCCESS;
    return has(word) ? NULL : &only;
}

/* ---- what it says of itself ---- */

static cl_int give(const void *value, size_t size, size_t room, void *out, size_t *ret_size)
{
    if (ret_size)
        *ret_size = size;
    if (!out)
        return CL_SUCCESS;
    if (room < size)
        return CL_INVALID_VALUE;
    memcpy(out, value, size);
    return CL_SUCCESS;
}

static cl_int give_text(const char *text, size_t room, void *out, size_t *ret_size)
{
    if (!has("endless") || !out)
        return give(text, strlen(text) + 1, room, out, ret_size);
    memset(out, 'x', room);
    if (ret_size)
        *ret_size = SIZE_MAX;
    return CL_SUCCESS;
}

static cl_int give_number(uint64_t number, size_t size, size_t room, void *out, size_t *ret_size)
{
    return give(&number, size, room, out, ret_size);
}

static cl_int platform_info(cl_platform_id of, cl_platform_info what, size_t room, void *out,
                            size_t *ret_size)
{
    (void)of;
    switch (what) {
    case CL_PLATFORM_NAME:
        return give_text("Fake Platform", room, out, ret_size);
    case CL_PLATFORM_VERSION:
        return give_text("OpenCL 1.2 fake", room, out, ret_size);
    case CL_PLATFORM_EXTENSIONS: /* the loader wants it */
        return give("cl_khr_icd", sizeof "cl_khr_icd", room, out, ret_size);
    case CL_PLATFORM_ICD_SUFFIX_KHR:
        return give("FAKE", sizeof "FAKE", room, out, ret_size);
    default:
        return give_text("Fake", room, out, ret_size);
    }
}

static cl_int device_ids(cl_platform_id of, cl_device_type type, cl_uint room, cl_device_id *out,
                         cl_uint *ret_count)
{
    unsigned there = has("none") ? 0 : has("many") ? DEVICES : 1;
    (void)of;
    (void)type;
    if (ret_count)
        *ret_count = has("many") ? 1000000000 : there;
    for (unsigned i = 0; out && i < there && i < room; i++)
        out[i] = &devices[i];
    return there ? CL_SUCCESS : CL_DEVICE_NOT_FOUND;
}

/* As a GPU has it, or nonsense. */
static uint64_t number_of(cl_device_info what)
{
    uint64_t huge = has("numbers") ? UINT32_MAX : 0;
    switch (what) {
    case CL_DEVICE_TYPE:
        return CL_DEVICE_TYPE_GPU;
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
        return 1;
    case CL_DEVICE_GLOBAL_MEM_SIZE:
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        return huge ? UINT64_MAX : (uint64_t)8 << 30;
    case CL_DEVICE_LOCAL_MEM_SIZE:
        return huge ? UINT64_MAX : 64 << 10;
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        return huge ? huge : 64;
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        return huge ? UINT64_MAX : 1024;
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
        return huge ? huge : 1;
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
        return has("aligned") ? 3 : 1024;
    case CL_DEVICE_SINGLE_FP_CONFIG:
        return CL_FP_DENORM | CL_FP_FMA;
    default:
        return huge;
    }
}

static size_t size_of(cl_device_info what)
{
    switch (what) {
    case CL_DEVICE_MAX_COMPUTE_UNITS:
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
    case CL_DEVICE_MAX_CLOCK_FREQUENCY:
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
    case CL_DEVICE_HOST_UNIFIED_MEMORY:
        return sizeof(cl_uint);
    default:
        return sizeof(uint64_t);
    }
}

static cl_int device_info(cl_device_id device, cl_device_info what, size_t room, void *out,
                          size_t *ret_size)
{
    switch (what) {
    case CL_DEVICE_NAME:
        return give_text(device == devices ? "Fake GPU 1" : "Fake GPU 2", room, out, ret_size);
    case CL_DEVICE_VERSION:
        return give_text("OpenCL 1.2 fake", room, out, ret_size);
    case CL_DEVICE_VENDOR:
    case CL_DRIVER_VERSION:
        return give_text("1", room, out, ret_size);
    case CL_DEVICE_EXTENSIONS:
        return give_text("", room, out, ret_size);
    default:
        return give_number(number_of(what), size_of(what), room, out, ret_size);
    }
}

/* ---- what it does ---- */

static cl_context create_context(const cl_context_properties *p, cl_uint n, const cl_device_id *d,
                                 void(CL_CALLBACK *notify)(const char *, const void *, size_t,
                                                           void *),
                                 void *user, cl_int *code)
{
    (void)p, (void)n, (void)d, (void)notify, (void)user;
    return make("context", CL_OUT_OF_RESOURCES, code);
}

static cl_command_queue create_queue(cl_context c, cl_device_id d, cl_command_queue_properties p,
                                     cl_int *code)
{
    (void)c, (void)d, (void)p;
    return make("queue", CL_OUT_OF_HOST_MEMORY, code);
}

static cl_mem create_buffer(cl_context c, cl_mem_flags flags, size_t size, void *host, cl_int *code)
{
    (void)c, (void)flags, (void)size, (void)host;
    return make("buffer", CL_MEM_OBJECT_ALLOCATION_FAILURE, code);
}

static cl_mem create_sub_buffer(cl_mem of, cl_mem_flags flags, cl_buffer_create_type type,
                                const void *info, cl_int *code)
{
    (void)of, (void)flags, (void)type, (void)info;
    return make("buffer", CL_MEM_OBJECT_ALLOCATION_FAILURE, code);
}

static cl_program create_program(cl_context c, cl_uint n, const char **text, const size_t *size,
                                 cl_int *code)
{
    (void)c, (void)n, (void)text, (void)size;
    return make("program", CL_OUT_OF_RESOURCES, code);
}

static cl_program create_from_binary(cl_context c, cl_uint n, const cl_device_id *d,
                                     const size_t *size, const unsigned char **binary,
                                     cl_int *status, cl_int *code)
{
    (void)c, (void)n, (void)d, (void)size, (void)binary;
    if (status)
        *status = CL_INVALID_BINARY;
    if (code)
        *code = CL_INVALID_BINARY;
    return NULL;
}

static cl_int build_program(cl_program p, cl_uint n, const cl_device_id *d, const char *options,
                            void(CL_CALLBACK *notify)(cl_program, void *), void *user)
{
    (void)p, (void)n, (void)d, (void)options, (void)notify, (void)user;
    return has("build") ? CL_BUILD_PROGRAM_FAILURE : CL_SUCCESS;
}

static cl_int build_info(cl_program p, cl_device_id d, cl_program_build_info what, size_t room,
                         void *out, size_t *ret_size)
{
    (void)p, (void)d, (void)what;
    if (!has("log"))
        return give_text("", room, out, ret_size);
    if (ret_size)
        *ret_size = (size_t)1000000000000;
    if (out && room)
        memset(out, 'x', room);
    return CL_SUCCESS;
}

static cl_int program_info(cl_program p, cl_program_info what, size_t room, void *out,
                           size_t *ret_size)
{
    (void)p;
    if (what == CL_PROGRAM_BINARY_SIZES)
        return give_number(has("binary") ? 1000000000000 : 0, sizeof(size_t), room, out, ret_size);
    return CL_INVALID_VALUE;
}

static cl_kernel create_kernel(cl_program p, const char *name, cl_int *code)
{
    (void)p, (void)name;
    return make("kernel", CL_OUT_OF_RESOURCES, code);
}

static cl_int set_arg(cl_kernel k, cl_uint i, size_t size, const void *value)
{
    (void)k, (void)i, (void)size, (void)value;
    return CL_SUCCESS;
}

static cl_int launch(cl_command_queue q, cl_kernel k, cl_uint n, const size_t *offset,
                     const size_t *global, const size_t *local, cl_uint waits, const cl_event *wait,
                     cl_event *event)
{
    (void)q, (void)k, (void)n, (void)offset, (void)global, (void)local, (void)waits, (void)wait;
    if (event)
        *event = NULL;
    return has("launch") ? CL_INVALID_PROGRAM_EXECUTABLE : CL_SUCCESS;
}

static cl_int fill(cl_command_queue q, cl_mem m, const void *pattern, size_t n, size_t at,
                   size_t size, cl_uint waits, const cl_event *wait, cl_event *event)
{
    (void)q, (void)m, (void)pattern, (void)n, (void)at, (void)size, (void)waits, (void)wait;
    if (event)
        *event = NULL;
    return CL_SUCCESS;
}

static cl_int write_buffer(cl_command_queue q, cl_mem m, cl_bool now, size_t at, size_t size,
                           const void *from, cl_uint waits, const cl_event *wait, cl_event *event)
{
    (void)q, (void)m, (void)now, (void)at, (void)size, (void)from, (void)waits, (void)wait;
    if (event)
        *event = NULL;
    return CL_SUCCESS;
}

static cl_int read_buffer(cl_command_queue q, cl_mem m, cl_bool now, size_t at, size_t size,
                          void *to, cl_uint waits, const cl_event *wait, cl_event *event)
{
    (void)q, (void)m, (void)now, (void)at, (void)waits, (void)wait;
    memset(to, 0, size);
    if (event)
        *event = NULL;
    return CL_SUCCESS;
}

static cl_int done_queue(cl_command_queue q)
{
    (void)q;
    return CL_SUCCESS;
}

static cl_int done_context(cl_context c)
{
    (void)c;
    return CL_SUCCESS;
}

static cl_int done_buffer(cl_mem m)
{
    (void)m;
    return CL_SUCCESS;
}

static cl_int done_program(cl_program p)
{
    (void)p;
    return CL_SUCCESS;
}

static cl_int done_kernel(cl_kernel k)
{
    (void)k;
    return CL_SUCCESS;
}

/* ---- for the loader ---- */

static cl_int platform_ids(cl_uint room, cl_platform_id *out, cl_uint *ret_count)
{
    if (ret_count)
        *ret_count = 1;
    if (out && room)
        out[0] = &platform;
    return CL_SUCCESS;
}

static void *extension_of_platform(cl_platform_id of, const char *name)
{
    (void)of;
    (void)name;
    return NULL;
}

static const struct _cl_icd_dispatch table = {
    .clGetPlatformIDs = platform_ids,
    .clGetPlatformInfo = platform_info,
    .clGetDeviceIDs = device_ids,
    .clGetDeviceInfo = device_info,
    .clCreateContext = create_context,
    .clReleaseContext = done_context,
    .clCreateCommandQueue = create_queue,
    .clReleaseCommandQueue = done_queue,
    .clCreateBuffer = create_buffer,
    .clCreateSubBuffer = create_sub_buffer,
    .clReleaseMemObject = done_buffer,
    .clCreateProgramWithSource = create_program,
    .clCreateProgramWithBinary = create_from_binary,
    .clBuildProgram = build_program,
    .clGetProgramInfo = program_info,
    .clGetProgramBuildInfo = build_info,
    .clReleaseProgram = done_program,
    .clCreateKernel = create_kernel,
    .clSetKernelArg = set_arg,
    .clReleaseKernel = done_kernel,
    .clEnqueueNDRangeKernel = launch,
    .clEnqueueFillBuffer = fill,
    .clEnqueueWriteBuffer = write_buffer,
    .clEnqueueReadBuffer = read_buffer,
    .clFlush = done_queue,
    .clFinish = done_queue,
    .clGetExtensionFunctionAddressForPlatform = extension_of_platform,
};

#define EXPORTED __attribute__((visibility("default")))
EXPORTED void *clGetExtensionFunctionAddress(const char *name);

/* All that the loader asks for by name. */
void *clGetExtensionFunctionAddress(const char *name)
{
    cl_int (*ids)(cl_uint, cl_platform_id *, cl_uint *) = platform_ids;
    cl_int (*info)(cl_platform_id, cl_platform_info, size_t, void *, size_t *) = platform_info;
    void *address = NULL;
    if (strcmp(name, "clIcdGetPlatformIDsKHR") == 0)
        memcpy(&address, &ids, sizeof address);
    else if (strcmp(name, "clGetPlatformInfo") == 0)
        memcpy(&address, &info, sizeof address);
    return address;
}
