/* SPDX-License-Identifier: MIT
 *
 * Reads what platforms and devices there are. A platform that is broken or too old is listed with
 * the reason and skipped: one bad driver must not hide a good one. Nor is a driver believed: counts
 * and sizes that it gives are kept within what we have room for and what a device can be.
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
/* Of a device: more than any has. */
enum { MAX_UNITS = 1 << 16, MAX_WIDTH = 64, MAX_GROUP = 1 << 16, MAX_ALIGNMENT = 1 << 20 };

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

/* Kernels are made for 256 at least. */
size_t vcl_device_alignment(cl_device_id device)
{
    uint64_t bytes = device_number(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN) / 8;
    bool power = bytes && (bytes & (bytes - 1)) == 0;
    return !power || bytes > MAX_ALIGNMENT ? 0 : bytes > 256 ? (size_t)bytes : 256;
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
    else if (!vcl_device_alignment(device))
        snprintf(info->why_not, sizeof info->why_not,
                 "the driver tells no usable alignment of buffers");
    else
        info->usable = true;
}

/* Within 1 and `most`: some drivers say 0 of what they do not know, and more than can be. */
static uint32_t bounded(uint64_t number, uint32_t most)
{
    return number < 1 ? 1 : number > most ? most : (uint32_t)number;
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
    info->compute_units = bounded(device_number(device, CL_DEVICE_MAX_COMPUTE_UNITS), MAX_UNITS);
    info->clock_mhz = (uint32_t)device_number(device, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    info->max_work_group = bounded(device_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE), MAX_GROUP);
    info->vector_width =
        bounded(device_number(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT), MAX_WIDTH);
    read_features(device, info);
    judge(device, info);
}

static enum vcl_status add(struct vcl_devices *devices, const struct vcl_device_info *info,
                           struct vcl_device_handle handle, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_grow(&devices->infos, &devices->cap_infos, devices->count + 1, sizeof *devices->infos,
                 err));
    TRY(vcl_grow(&devices->handles, &devices->cap_handles, devices->count + 1,
                 sizeof *devices->handles, err));
    devices->infos[devices->count] = *info;
    devices->handles[devices->count++] = handle;
out:
    return r;
}

static enum vcl_status add_platform(struct vcl_devices *devices, cl_platform_id platform,
                                    unsigned index, struct vcl_error *err)
{
    cl_device_id found[MAX_DEVICES] = {NULL};
    cl_uint claimed = 0;
    struct vcl_device_info info = {0};
    struct vcl_device_handle handle = {platform, NULL};
    platform_string(platform, CL_PLATFORM_NAME, info.platform, sizeof info.platform);
    cl_int code = clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MAX_DEVICES, found, &claimed);
    if (code != CL_SUCCESS || !claimed || !found[0]) {
        snprintf(info.id, sizeof info.id, "%u", index);
        platform_string(platform, CL_PLATFORM_VENDOR, info.vendor, sizeof info.vendor);
        platform_string(platform, CL_PLATFORM_VERSION, info.version, sizeof info.version);
        snprintf(info.why_not, sizeof info.why_not, "the platform has no device (%s)",
                 vcl_cl_name(code == CL_SUCCESS ? CL_DEVICE_NOT_FOUND : code));
        return add(devices, &info, handle, err);
    }
    for (unsigned i = 0; i < MAX_DEVICES && i < claimed && found[i]; i++) {
        struct vcl_device_info one = info;
        snprintf(one.id, sizeof one.id, "%u:%u", index, i);
        read_info(found[i], &one);
        handle.device = found[i];
        enum vcl_status r = add(devices, &one, handle, err);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

enum vcl_status vcl_devices_read(struct vcl_devices *devices, struct vcl_error *err)
{
    cl_platform_id platforms[MAX_PLATFORMS] = {NULL};
    cl_uint claimed = 0;
    if (clGetPlatformIDs(MAX_PLATFORMS, platforms, &claimed) != CL_SUCCESS)
        return VCL_OK; /* no platform at all: an empty list */
    for (unsigned i = 0; i < MAX_PLATFORMS && i < claimed && platforms[i]; i++) {
        enum vcl_status r = add_platform(devices, platforms[i], i, err);
        if (r < 0)
            return r;
    }
    return VCL_OK;
}

void vcl_devices_finish(struct vcl_devices *devices)
{
    free(devices->infos);
    free(devices->handles);
    *devices = (struct vcl_devices){0};
}

enum vcl_status vcl_device_list(struct vcl_device_info **ret_list, size_t *ret_count,
                                int *ret_default, struct vcl_error *err)
{
    struct vcl_devices devices = {0};
    enum vcl_status r;
    TRY(vcl_devices_read(&devices, err));
    *ret_list = devices.infos;
    *ret_count = devices.count;
    *ret_default = vcl_device_default(devices.infos, devices.count);
    devices.infos = NULL;
out:
    vcl_devices_finish(&devices);
    return r;
}
