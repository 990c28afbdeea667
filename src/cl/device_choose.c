/* SPDX-License-Identifier: MIT
 *
 * Which device is meant, and what to say where there is none. Platform 0 is no default.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/c_locale.h"
#include "base/str.h"
#include "cl/internal.h"

/* ---- by default ---- */

/* Lower is better: by type, and software that imitates a GPU or checks each access comes last. */
static int rank(const struct vcl_device_info *info)
{
    bool emulator = vcl_contains(info->name, "llvmpipe") || vcl_contains(info->name, "oclgrind");
    return (int)info->type + (emulator ? VCL_CPU + 1 : 0);
}

typedef bool matches_fn(const struct vcl_device_info *info, const char *spec);

/* The best device that matches, the first of equals; -1 if none does. */
static int best(const struct vcl_device_info *infos, size_t count, matches_fn *matches,
                const char *spec, bool usable)
{
    int found = -1;
    for (size_t i = 0; i < count; i++) {
        if (infos[i].usable == usable && matches(&infos[i], spec) &&
            (found < 0 || rank(&infos[i]) < rank(&infos[found])))
            found = (int)i;
    }
    return found;
}

static bool any(const struct vcl_device_info *info, const char *spec)
{
    (void)info;
    (void)spec;
    return true;
}

int vcl_device_default(const struct vcl_device_info *infos, size_t count)
{
    return best(infos, count, any, NULL, true);
}

/* ---- by a word ---- */

static bool is_type(const struct vcl_device_info *info, const char *spec)
{
    bool gpu = info->type == VCL_GPU_DISCRETE || info->type == VCL_GPU_INTEGRATED;
    return info->name[0] && (vcl_same_word(spec, "gpu") ? gpu : info->type == VCL_CPU);
}

static bool has_name(const struct vcl_device_info *info, const char *spec)
{
    return vcl_same_word(info->name, spec);
}

static bool has_part(const struct vcl_device_info *info, const char *spec)
{
    return vcl_contains(info->name, spec) || vcl_contains(info->platform, spec);
}

/* "0:0 'name', 1:0 'other name'": the devices that match, or all. */
static void list_devices(const struct vcl_devices *devices, matches_fn *matches, const char *spec,
                         struct vcl_str *out)
{
    for (size_t i = 0; i < devices->count; i++) {
        const struct vcl_device_info *info = &devices->infos[i];
        if (info->usable && matches(info, spec))
            vcl_str_add(out, "%s%s '%.60s'", out->len ? ", " : "", info->id, info->name);
    }
}

/* A hint that begins with `text` and lists them. */
static enum vcl_status hint_list(const struct vcl_devices *devices, matches_fn *matches,
                                 const char *spec, const char *text, enum vcl_status r,
                                 struct vcl_error *err)
{
    struct vcl_str list = {0};
    list_devices(devices, matches, spec, &list);
    r = vcl_error_hint(err, r, "%s %s", text, list.text ? list.text : "none");
    vcl_str_finish(&list);
    return r;
}

/* Another usable device that a part of a name fits, too, and that is another kind of device: of
 * several like cards the first is meant. */
static bool is_ambiguous(const struct vcl_devices *devices, const char *spec, int found)
{
    for (size_t i = 0; i < devices->count; i++) {
        const struct vcl_device_info *info = &devices->infos[i];
        if (info->usable && has_part(info, spec) &&
            strcmp(info->name, devices->infos[found].name) != 0)
            return true;
    }
    return false;
}

static bool is_type_name(const char *spec)
{
    return vcl_same_word(spec, "gpu") || vcl_same_word(spec, "cpu");
}

/* A device that matches but cannot be used is named with the reason. */
static enum vcl_status no_match(const struct vcl_devices *devices, const char *spec,
                                struct vcl_error *err)
{
    matches_fn *matches = is_type_name(spec) ? is_type : has_part;
    int index = best(devices->infos, devices->count, matches, spec, false);
    const struct vcl_device_info *info = index < 0 ? NULL : &devices->infos[index];
    enum vcl_status r =
        info ? ERR(err, VCL_E_NODEVICE, "no usable OpenCL device matches '%s': %s '%s': %s", spec,
                   info->id, info->name[0] ? info->name : info->platform, info->why_not)
             : ERR(err, VCL_E_NODEVICE, "no usable OpenCL device matches '%s'", spec);
    return vcl_error_hint(err, r, "'vae-cl devices' lists what is there");
}

static enum vcl_status find_word(const struct vcl_devices *devices, const char *spec,
                                 int *ret_index, struct vcl_error *err)
{
    bool type = is_type_name(spec);
    int found = best(devices->infos, devices->count, type ? is_type : has_name, spec, true);
    if (found < 0 && !type) {
        found = best(devices->infos, devices->count, has_part, spec, true);
        if (found >= 0 && is_ambiguous(devices, spec, found)) {
            enum vcl_status r = ERR(err, VCL_E_ARG, "device '%s': more than one matches", spec);
            return hint_list(devices, has_part, spec, "give one of", r, err);
        }
    }
    if (found < 0)
        return no_match(devices, spec, err);
    *ret_index = found;
    return VCL_OK;
}

/* ---- by a number ---- */

/* Without a letter it is no part of a name, whatever digits names have in them. */
static bool is_word(const char *spec)
{
    for (; *spec; spec++) {
        bool letter = vcl_is_letter_or_digit(*spec) && !vcl_is_digit(*spec);
        if (letter || (unsigned char)*spec >= 0x80)
            return true;
    }
    return false;
}

static bool is_id(const char *spec)
{
    size_t platform = strspn(spec, "0123456789");
    size_t device = strspn(spec + platform + (spec[platform] == ':'), "0123456789");
    return platform && spec[platform] == ':' && device && !spec[platform + 1 + device];
}

static enum vcl_status find_id(const struct vcl_devices *devices, const char *spec, int *ret_index,
                               struct vcl_error *err)
{
    for (size_t i = 0; i < devices->count; i++) {
        if (strcmp(spec, devices->infos[i].id) == 0 && is_id(spec)) {
            *ret_index = (int)i;
            return VCL_OK;
        }
    }
    enum vcl_status r =
        is_id(spec)
            ? ERR(err, VCL_E_NODEVICE, "there is no device %s", spec)
            : ERR(err, VCL_E_ARG, "device '%s': a number alone names no device, P:D does", spec);
    return hint_list(devices, any, NULL, "the devices are", r, err);
}

/* ---- none at all ---- */

/* How many files this process may yet open, up to `most`. */
static int files_left(int most)
{
    int files[64], n = 0;
    while (n < most && n < 64 && (files[n] = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0)
        n++;
    bool limited = n < most && (errno == EMFILE || errno == ENFILE);
    for (int i = 0; i < n; i++)
        close(files[i]);
    return limited ? n : most;
}

static enum vcl_status no_platform(struct vcl_error *err)
{
    enum { NEEDED = 16 };
    enum vcl_status r =
        ERR(err, VCL_E_NODEVICE, "no usable OpenCL device was found: no driver shows a platform");
    int files = files_left(NEEDED);
    if (files < NEEDED)
        return vcl_error_hint(err, r,
                              "only %d more files can be opened, too few to load a driver: raise "
                              "the limit (ulimit -n)",
                              files);
    return vcl_error_hint(err, r,
                          "install your GPU's OpenCL driver, or for CPUs the package "
                          "pocl-opencl-icd (Debian, Ubuntu), pocl (Fedora, Arch)");
}

enum vcl_status vcl_device_none(const struct vcl_device_info *infos, size_t count,
                                struct vcl_error *err)
{
    const struct vcl_device_info *pocl = NULL;
    struct vcl_str why = {0};
    if (!count)
        return no_platform(err);
    for (size_t i = 0; i < count; i++) {
        const struct vcl_device_info *info = &infos[i];
        vcl_str_add(&why, "%s'%.80s': %s", i ? "; " : "",
                    info->name[0] ? info->name : info->platform, info->why_not);
        if (!info->name[0] && vcl_contains(info->platform, "Portable Computing Language"))
            pocl = info;
    }
    enum vcl_status r = ERR(err, VCL_E_NODEVICE, "no usable OpenCL device was found: %s",
                            why.failed ? "" : why.text);
    vcl_str_finish(&why);
    if (pocl)
        return vcl_error_hint(err, r,
                              "pocl has no device where it cannot write its cache: name a folder "
                              "for it in POCL_CACHE_DIR");
    return vcl_error_hint(err, r,
                          "a driver is there, but shows no device that can be used: update it, or "
                          "install for CPUs the package pocl-opencl-icd (Debian, Ubuntu)");
}

/* ---- all of it ---- */

static enum vcl_status choose(const struct vcl_devices *devices, const char *spec, int *ret_index,
                              struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    int index = vcl_device_default(devices->infos, devices->count);
    if (index < 0 && !(spec && is_id(spec)))
        return vcl_device_none(devices->infos, devices->count, err);
    if (spec && *spec)
        r = is_word(spec) ? find_word(devices, spec, &index, err)
                          : find_id(devices, spec, &index, err);
    if (r == VCL_OK)
        *ret_index = index;
    return r;
}

enum vcl_status vcl_device_find(const char *spec, struct vcl_device_info *ret_info,
                                struct vcl_device_handle *ret_handle, bool *ret_cpu_beside,
                                struct vcl_error *err)
{
    struct vcl_devices devices = {0};
    enum vcl_status r;
    int index = -1;
    TRY(vcl_devices_read(&devices, err));
    TRY(choose(&devices, spec, &index, err));
    const struct vcl_device_info *info = &devices.infos[index];
    if (!info->usable)
        FAIL(err, VCL_E_NODEVICE, "device %s '%s': %s", info->id, info->name, info->why_not);
    int cpu = best(devices.infos, devices.count, is_type, "cpu", true);
    *ret_info = *info;
    *ret_handle = devices.handles[index];
    *ret_cpu_beside = cpu >= 0 && info->type != VCL_CPU;
out:
    vcl_devices_finish(&devices);
    return r;
}

enum vcl_status vcl_device_blame(const struct vcl_ctx *ctx, enum vcl_status r,
                                 struct vcl_error *err)
{
    r = vcl_error_wrap(err, r, "device %s '%.80s'", ctx->info.id, ctx->info.name);
    return ctx->cpu_beside
               ? vcl_error_hint(err, r, "its driver may be broken: --device cpu does without it")
               : r;
}
