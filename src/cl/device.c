/* SPDX-License-Identifier: MIT
 *
 * Finds devices. A platform that is broken or too old is listed with the reason and skipped: one
 * bad driver must not hide a good one, and platform 0 is no default.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/str.h"
#include "cl/internal.h"

#ifndef CL_DEVICE_HALF_FP_CONFIG
#define CL_DEVICE_HALF_FP_CONFIG 0x1033
#endif

enum { MAX_PLATFORMS = 64, MAX_DEVICES = 64 };

struct finder {
    struct vcl_device_info *infos;
    struct vcl_device_handle *handles;
    size_t count, cap_infos, cap_handles;
};

static void device_string(cl_device_id device, cl_device_info what, char *out, size_t size)
{
    char text[1024] = "";
    if (clGetDeviceInfo(device, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    const char *start = text;
    while (vcl_is_space(*start))
        start++;
    snprintf(out, size, "%s", start);
}

static void platform_string(cl_platform_id platform, cl_platform_info what, char *out, size_t size)
{
    char text[1024] = "";
    if (clGetPlatformInfo(platform, what, sizeof text - 1, text, NULL) != CL_SUCCESS)
        text[0] = '\0';
    snprintf(out, size, "%.*s", (int)size - 1, text);
}

static uint64_t device_number(cl_device_id device, cl_device_info what)
{
    uint64_t value = 0;
    size_t size = 0;
    if (clGetDeviceInfo(device, what, sizeof value, &value, &size) != CL_SUCCESS)
        return 0;
    return size == sizeof(cl_uint) ? (uint32_t)value : value; /* little-endian hosts only */
}

static bool too_old(const char *version)
{
    int major = 0, minor = 0;
    return sscanf(version, "OpenCL %d.%d", &major, &minor) != 2 || major < 1 ||
           (major == 1 && minor < 2);
}

static enum vcl_device_type device_type(cl_device_id device)
{
    cl_device_type type = (cl_device_type)device_number(device, CL_DEVICE_TYPE);
    if (type & CL_DEVICE_TYPE_GPU)
        return device_number(device, CL_DEVICE_HOST_UNIFIED_MEMORY) ? VCL_GPU_INTEGRATED
                                                                    : VCL_GPU_DISCRETE;
    return type & CL_DEVICE_TYPE_CPU ? VCL_CPU : VCL_ACCELERATOR;
}

const char *vcl_device_type_name(enum vcl_device_type type)
{
    static const char *const names[] = {
        [VCL_GPU_DISCRETE] = "discrete GPU",
        [VCL_GPU_INTEGRATED] = "integrated GPU",
        [VCL_ACCELERATOR] = "accelerator",
        [VCL_CPU] = "CPU",
    };
    return names[type];
}

bool vcl_ctx_has_extension(const struct vcl_ctx *ctx, const char *name)
{
    char extensions[8192] = "";
    size_t length = strlen(name);
    if (clGetDeviceInfo(ctx->device, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions,
                        NULL) != CL_SUCCESS)
        return false;
    for (const char *at = extensions; (at = strstr(at, name)); at += length) {
        if ((at == extensions || at[-1] == ' ') && (at[length] == ' ' || !at[length]))
            return true;
    }
    return false;
}

static void read_features(cl_device_id device, struct vcl_device_info *info)
{
    char extensions[8192] = "";
    if (clGetDeviceInfo(device, CL_DEVICE_EXTENSIONS, sizeof extensions - 1, extensions, NULL) !=
        CL_SUCCESS)
        extensions[0] = '\0';
    info->fp16 = strstr(extensions, "cl_khr_fp16") != NULL;
    info->fp64 = strstr(extensions, "cl_khr_fp64") != NULL;
    info->subgroups = strstr(extensions, "cl_khr_subgroups") != NULL ||
                      strstr(extensions, "cl_intel_subgroups") != NULL;
    uint64_t fp = device_number(device, CL_DEVICE_SINGLE_FP_CONFIG);
    info->exact_division = (fp & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT) != 0;
    info->subnormals = (fp & CL_FP_DENORM) != 0;
}

static void judge(cl_device_id device, struct vcl_device_info *info)
{
    info->usable = false;
    if (too_old(info->version))
        snprintf(info->why_not, sizeof info->why_not, "'%.60s' is older than OpenCL 1.2",
                 info->version);
    else if (!device_number(device, CL_DEVICE_AVAILABLE))
        snprintf(info->why_not, sizeof info->why_not, "the driver says it is not available");
    else if (!device_number(device, CL_DEVICE_COMPILER_AVAILABLE))
        snprintf(info->why_not, sizeof info->why_not, "the driver has no compiler");
    else if (info->max_work_group < 16)
        snprintf(info->why_not, sizeof info->why_not, "work-groups of %u items are too small",
                 info->max_work_group);
    else
        info->usable = true;
}

/* Some drivers say 0 of what they do not know. */
static uint32_t at_least_one(uint64_t number)
{
    return number ? (uint32_t)number : 1;
}

static void read_info(cl_device_id device, struct vcl_device_info *info)
{
    device_string(device, CL_DEVICE_NAME, info->name, sizeof info->name);
    device_string(device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    device_string(device, CL_DEVICE_VERSION, info->version, sizeof info->version);
    device_string(device, CL_DRIVER_VERSION, info->driver, sizeof info->driver);
    info->type = device_type(device);
    info->memory = device_number(device, CL_DEVICE_GLOBAL_MEM_SIZE);
    info->max_alloc = device_number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE);
    info->local_memory = device_number(device, CL_DEVICE_LOCAL_MEM_SIZE);
    info->compute_units = at_least_one(device_number(device, CL_DEVICE_MAX_COMPUTE_UNITS));
    info->clock_mhz = (uint32_t)device_number(device, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info->max_work_group = (uint32_t)device_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE);
    info->vector_width = at_least_one(device_number(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT));
    read_features(device, info);
    judge(device, info);
}

static enum vcl_status finder_add(struct finder *finder, const struct vcl_device_info *info,
                                  struct vcl_device_handle handle, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_grow(&finder->infos, &finder->cap_infos, finder->count + 1, sizeof *finder->infos,
                 err));
    TRY(vcl_grow(&finder->handles, &finder->cap_handles, finder->count + 1, sizeof *finder->handles,
                 err));
    finder->infos[finder->count] = *info;
    finder->handles[finder->count++] = handle;
out:
    return r;
}

static enum vcl_status add_platform(struct finder *finder, cl_platform_id platform, unsigned index,
                                    struct vcl_error *err)
{
    cl_device_id devices[MAX_DEVICES];
    cl_uint n = 0;
    struct vcl_device_info info = {0};
    struct vcl_device_handle handle = {platform, NULL};
    platform_string(platform, CL_PLATFORM_NAME, info.platform, sizeof info.platform);
    cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, devices, &n);
    if (code != CL_SUCCESS || n == 0) {
        snprintf(info.id, sizeof info.id, "%u", index);
        platform_string(platform, CL_PLATFORM_VENDOR, info.vendor, sizeof info.vendor);
        platform_string(platform, CL_PLATFORM_VERSION, info.version, sizeof info.version);
        snprintf(info.why_not, sizeof info.why_not, "the platform has no device (%s)",
                 vcl_cl_name(code == CL_SUCCESS ? CL_DEVICE_NOT_FOUND : code));
        return finder_add(finder, &info, handle, err);
    }
    n = n < MAX_DEVICES ? n : MAX_DEVICES;
    for (unsigned i = 0; i < n; i++) {
        struct vcl_device_info found = info;
        snprintf(found.id, sizeof found.id, "%u:%u", index, i);
        read_info(devices[i], &found);
        handle.device = devices[i];
        enum vcl_status r = finder_add(finder, &found, handle, err);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

static enum vcl_status find_all(struct finder *finder, struct vcl_error *err)
{
    cl_platform_id platforms[MAX_PLATFORMS];
    cl_uint n = 0;
    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &n) != CL_SUCCESS)
        return VCL_OK; /* no platform at all: an empty list */
    n = n < MAX_PLATFORMS ? n : MAX_PLATFORMS;
    for (unsigned i = 0; i < n; i++) {
        enum vcl_status r = add_platform(finder, platforms[i], i, err);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

static void finder_finish(struct finder *finder)
{
    free(finder->infos);
    free(finder->handles);
}

/* Lower is better: by type, and software that imitates a GPU or checks each access comes last. */
static int rank(const struct vcl_device_info *info)
{
    bool emulator = vcl_contains(info->name, "llvmpipe") || vcl_contains(info->name, "oclgrind");
    return (int)info->type + (emulator ? VCL_CPU + 1 : 0);
}

static int default_index(const struct finder *finder)
{
    int best = -1;
    for (size_t i = 0; i < finder->count; i++) {
        if (finder->infos[i].usable &&
            (best < 0 || rank(&finder->infos[i]) < rank(&finder->infos[best])))
            best = (int)i;
    }
    return best;
}

static bool matches(const struct vcl_device_info *info, const char *spec)
{
    bool is_gpu = info->type == VCL_GPU_DISCRETE || info->type == VCL_GPU_INTEGRATED;
    if (strcmp(spec, "gpu") == 0)
        return is_gpu;
    if (strcmp(spec, "cpu") == 0)
        return info->type == VCL_CPU;
    return vcl_contains(info->name, spec) || vcl_contains(info->platform, spec);
}

/* The best usable device that matches; a P:D names one device, usable or not. */
static int matching_index(const struct finder *finder, const char *spec)
{
    int best = -1;
    for (size_t i = 0; i < finder->count; i++) {
        const struct vcl_device_info *info = &finder->infos[i];
        if (strcmp(spec, info->id) == 0)
            return (int)i;
        if (info->usable && matches(info, spec) &&
            (best < 0 || rank(info) < rank(&finder->infos[best])))
            best = (int)i;
    }
    return best;
}

static enum vcl_status no_device(const struct finder *finder, const char *spec,
                                 struct vcl_error *err)
{
    bool any = default_index(finder) >= 0;
    if (any) {
        enum vcl_status r = ERR(err, VCL_E_NODEVICE, "no usable OpenCL device matches '%s'", spec);
        return vcl_error_hint(err, r, "'vae-cl devices' lists what is there");
    }
    enum vcl_status r = ERR(err, VCL_E_NODEVICE, "no usable OpenCL device was found");
    return vcl_error_hint(err, r,
                          "install your GPU's OpenCL driver, or for CPUs the package "
                          "pocl-opencl-icd (Debian, Ubuntu), pocl (Fedora, Arch)");
}

enum vcl_status vcl_device_find(const char *spec, struct vcl_device_info *ret_info,
                                struct vcl_device_handle *ret_handle, struct vcl_error *err)
{
    struct finder finder = {0};
    enum vcl_status r;
    TRY(find_all(&finder, err));
    bool by_default = !spec || !*spec;
    int index = by_default ? default_index(&finder) : matching_index(&finder, spec);
    if (index < 0) {
        r = no_device(&finder, by_default ? "" : spec, err);
        goto out;
    }
    if (!finder.infos[index].usable)
        FAIL(err, VCL_E_NODEVICE, "device %s '%s': %s", finder.infos[index].id,
             finder.infos[index].name, finder.infos[index].why_not);
    *ret_info = finder.infos[index];
    *ret_handle = finder.handles[index];
out:
    finder_finish(&finder);
    return r;
}

enum vcl_status vcl_device_list(struct vcl_device_info **ret_list, size_t *ret_count,
                                int *ret_default, struct vcl_error *err)
{
    struct finder finder = {0};
    enum vcl_status r;
    TRY(find_all(&finder, err));
    *ret_list = finder.infos;
    *ret_count = finder.count;
    *ret_default = default_index(&finder);
    finder.infos = NULL;
out:
    finder_finish(&finder);
    return r;
}
