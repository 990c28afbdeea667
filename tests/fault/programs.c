/* SPDX-License-Identifier: MIT
 *
 * Stands before the calls for contexts and programs: drivers take most of a scenario's time to look
 * into sources, even those that they have compiled before. One context is kept from scenario to
 * scenario, with each program that was built in it. What the library holds is a handle of ours, and
 * a program's binary is the address of what was built: short, as it is copied and hashed often.
 */
#include <CL/cl.h>
#include <stdlib.h>
#include <string.h>

#include "fault.h"

void *__real_malloc(size_t size);
void __real_free(void *ptr);

static void *allocate(size_t size)
{
    void *memory = __real_malloc(size);
    if (!memory)
        abort();
    return memory;
}

static char *copy(const void *bytes, size_t size)
{
    char *memory = allocate(size + 1);
    memcpy(memory, bytes, size);
    memory[size] = '\0';
    return memory;
}

/* ---- the context ---- */

cl_context
__real_clCreateContext(const cl_context_properties *properties, cl_uint n, const cl_device_id *ids,
                       void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
                       void *user, cl_int *code);
cl_context
__wrap_clCreateContext(const cl_context_properties *properties, cl_uint n, const cl_device_id *ids,
                       void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
                       void *user, cl_int *code);

static cl_context kept;
static cl_device_id device;

cl_context
__wrap_clCreateContext(const cl_context_properties *properties, cl_uint n, const cl_device_id *ids,
                       void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
                       void *user, cl_int *code)
{
    if (fault_due(FAULT_clCreateContext)) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    if (!kept) {
        kept = __real_clCreateContext(properties, n, ids, notify, user, code);
        device = ids[0];
    }
    if (n != 1 || ids[0] != device)
        abort(); /* one device is tested */
    *code = kept ? clRetainContext(kept) : *code;
    fault_object(kept != NULL);
    return kept;
}

/* ---- programs ---- */

struct built {
    struct built *next;
    char *source, *options;
    cl_program program;
    cl_int code;
};

/* What the library takes for a cl_program. */
struct handle {
    char *source; /* NULL: from a binary */
    struct built *built;
};

static struct built *all;

static cl_program new_handle(char *source, struct built *built, cl_int *code)
{
    struct handle *handle = allocate(sizeof *handle);
    *handle = (struct handle){source, built};
    *code = CL_SUCCESS;
    fault_object(1);
    return (cl_program)handle;
}

cl_program __wrap_clCreateProgramWithSource(cl_context context, cl_uint n, const char **texts,
                                            const size_t *sizes, cl_int *code);
cl_program __real_clCreateProgramWithSource(cl_context context, cl_uint n, const char **texts,
                                            const size_t *sizes, cl_int *code);

cl_program __wrap_clCreateProgramWithSource(cl_context context, cl_uint n, const char **texts,
                                            const size_t *sizes, cl_int *code)
{
    if (fault_due(FAULT_clCreateProgramWithSource)) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    if (n != 1 || context != kept)
        abort();
    return new_handle(copy(texts[0], sizes[0]), NULL, code);
}

cl_program __wrap_clCreateProgramWithBinary(cl_context context, cl_uint n, const cl_device_id *ids,
                                            const size_t *sizes, const unsigned char **binaries,
                                            cl_int *states, cl_int *code);
cl_program __wrap_clCreateProgramWithBinary(cl_context context, cl_uint n, const cl_device_id *ids,
                                            const size_t *sizes, const unsigned char **binaries,
                                            cl_int *states, cl_int *code)
{
    if (fault_due(FAULT_clCreateProgramWithBinary)) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    struct built *built;
    if (n != 1 || context != kept || ids[0] != device || sizes[0] != sizeof built)
        abort();
    memcpy(&built, binaries[0], sizeof built);
    states[0] = CL_SUCCESS;
    return new_handle(NULL, built, code);
}

cl_int __wrap_clBuildProgram(cl_program program, cl_uint n, const cl_device_id *ids,
                             const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                             void *user);
cl_int __real_clBuildProgram(cl_program program, cl_uint n, const cl_device_id *ids,
                             const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                             void *user);

static struct built *find(const char *source, const char *options)
{
    struct built *built = all;
    while (built && (strcmp(built->options, options) != 0 || strcmp(built->source, source) != 0))
        built = built->next;
    return built;
}

static struct built *build(const char *source, const char *options)
{
    struct built *built = allocate(sizeof *built);
    size_t size = strlen(source);
    *built = (struct built){
        .next = all, .source = copy(source, size), .options = copy(options, strlen(options))};
    built->program = __real_clCreateProgramWithSource(kept, 1, &source, &size, &built->code);
    if (built->program)
        built->code = __real_clBuildProgram(built->program, 1, &device, options, NULL, NULL);
    all = built;
    return built;
}

cl_int __wrap_clBuildProgram(cl_program program, cl_uint n, const cl_device_id *ids,
                             const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                             void *user)
{
    struct handle *handle = (struct handle *)program;
    if (n != 1 || ids[0] != device || notify || user)
        abort();
    if (fault_due(FAULT_clBuildProgram))
        return CL_OUT_OF_RESOURCES;
    if (!handle->built)
        handle->built = find(handle->source, options);
    if (!handle->built)
        handle->built = build(handle->source, options);
    return handle->built->code;
}

/* None of the driver's, which refuses that, where nothing was built. */
static cl_program real_of(cl_program program)
{
    const struct handle *handle = (const struct handle *)program;
    return handle->built ? handle->built->program : NULL;
}

cl_int __wrap_clGetProgramInfo(cl_program program, cl_program_info what, size_t n, void *out,
                               size_t *ret);

cl_int __wrap_clGetProgramInfo(cl_program program, cl_program_info what, size_t n, void *out,
                               size_t *ret)
{
    const struct handle *handle = (const struct handle *)program;
    const size_t size = sizeof handle->built;
    (void)ret;
    if (fault_due(FAULT_clGetProgramInfo))
        return CL_OUT_OF_RESOURCES;
    if (what == CL_PROGRAM_BINARY_SIZES && n == sizeof size)
        memcpy(out, &size, n);
    else if (what == CL_PROGRAM_BINARIES)
        memcpy(*(unsigned char **)out, &handle->built, size);
    else
        abort(); /* nothing else is asked for */
    return CL_SUCCESS;
}

cl_int __wrap_clGetProgramBuildInfo(cl_program program, cl_device_id id, cl_program_build_info what,
                                    size_t n, void *out, size_t *ret);
cl_int __real_clGetProgramBuildInfo(cl_program program, cl_device_id id, cl_program_build_info what,
                                    size_t n, void *out, size_t *ret);

cl_int __wrap_clGetProgramBuildInfo(cl_program program, cl_device_id id, cl_program_build_info what,
                                    size_t n, void *out, size_t *ret)
{
    return fault_due(FAULT_clGetProgramBuildInfo)
               ? CL_OUT_OF_RESOURCES
               : __real_clGetProgramBuildInfo(real_of(program), id, what, n, out, ret);
}

cl_kernel __wrap_clCreateKernel(cl_program program, const char *name, cl_int *code);
cl_kernel __real_clCreateKernel(cl_program program, const char *name, cl_int *code);

cl_kernel __wrap_clCreateKernel(cl_program program, const char *name, cl_int *code)
{
    if (fault_due(FAULT_clCreateKernel)) {
        *code = CL_OUT_OF_HOST_MEMORY;
        return NULL;
    }
    cl_kernel kernel = __real_clCreateKernel(real_of(program), name, code);
    fault_object(kernel != NULL);
    return kernel;
}

cl_int __wrap_clReleaseProgram(cl_program program);

cl_int __wrap_clReleaseProgram(cl_program program)
{
    struct handle *handle = (struct handle *)program;
    fault_object(-1);
    __real_free(handle->source);
    __real_free(handle);
    return CL_SUCCESS;
}
