/* SPDX-License-Identifier: MIT
 *
 * OpenCL devices and the context that everything else runs in.
 */
#ifndef VAECL_DEVICE_H
#define VAECL_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vaecl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* In the order in which a default is chosen. */
enum vcl_device_type {
    VCL_GPU_DISCRETE,
    VCL_GPU_INTEGRATED,
    VCL_ACCELERATOR,
    VCL_CPU,
};

VCL_API const char *vcl_device_type_name(enum vcl_device_type type);

struct vcl_device_info {
    char id[24]; /* "P:D": platform and device number; "P" for a platform without devices */
    char platform[128], name[256], vendor[128], version[128], driver[128];
    enum vcl_device_type type;
    uint64_t memory, max_alloc, local_memory; /* bytes */
    uint32_t compute_units, clock_mhz, max_work_group;
    uint32_t vector_width; /* native, in floats */
    bool exact_division;   /* / and sqrt are correctly rounded */
    bool subnormals;       /* fp32 subnormals are kept: same-bits results hold */
    bool fp16, fp64, subgroups;
    bool usable;
    char why_not[160]; /* when not usable */
};

/* Every platform and device that the ICD loader shows; those that cannot be used say why. Having
 * none at all is not an error here. *ret_default is the index of the device chosen by default
 * (discrete GPU, integrated GPU, accelerator, CPU), or -1. *ret_list is released with free(). */
VCL_API enum vcl_status vcl_device_list(struct vcl_device_info **ret_list, size_t *ret_count,
                                        int *ret_default, struct vcl_error *err) VCL_MUST_CHECK;

enum vcl_log_level { VCL_LOG_WARNING, VCL_LOG_INFO, VCL_LOG_DEBUG };

struct vcl_ctx_params {
    /* "P:D", "gpu", "cpu", or a part of a name that no two different devices share, without regard
     * to case; NULL or "" for the default. A number alone is refused with VCL_E_ARG. */
    const char *device;
    const char *gemm; /* name of a GEMM implementation; NULL chooses for the device */
    bool same_bits;   /* only kernels that give the same bits on every device */
    /* Of matrix products: NULL or "exact": floats. "tf32", "bf16": operands are rounded to 11 or 8
     * bits for matrix units, sums are floats; refused with same_bits, and where the device has no
     * such unit that we know, by the first product with VCL_E_UNSUPPORTED. */
    const char *precision;
    const char
        *kernel_dir;       /* read kernels from this folder instead of the embedded ones, or NULL */
    const char *cache_dir; /* where compiled programs are kept, or NULL for none */
    const char *tuning_dir; /* where settings tuned for a device are kept (vaecl/tune.h), or NULL:
                               only those that the library brings along */
    bool profile;           /* time each kernel; slower */
    uint32_t lanes;         /* floats a work-item of element-wise kernels holds, 1 or 16; 0 chooses:
                               16 on CPUs with vectors, else 1. Results are the same bits. */
    void (*log)(void *user, enum vcl_log_level level, const char *message); /* or NULL */
    void *log_user;
};

/* A device, its queue and its compiled programs. Thread-safety: one thread at a time. */
struct vcl_ctx;

/* `params` NULL means all defaults; strings are copied. The caller owns *ret_ctx; buffers and
 * models made with it must be destroyed before it. */
VCL_API enum vcl_status vcl_ctx_create(const struct vcl_ctx_params *params,
                                       struct vcl_ctx **ret_ctx,
                                       struct vcl_error *err) VCL_MUST_CHECK;
VCL_API void vcl_ctx_destroy(struct vcl_ctx **ctx);

VCL_API const struct vcl_device_info *vcl_ctx_device(const struct vcl_ctx *ctx);

/* Waits until the device has done all that was enqueued. */
VCL_API enum vcl_status vcl_ctx_finish(struct vcl_ctx *ctx, struct vcl_error *err) VCL_MUST_CHECK;

/* One row for each kernel and use of it, when the context was made with `profile`. */
struct vcl_profile_row {
    char kernel[64];
    char use[96]; /* "encoder.0 forward, 128 x 400 x 784", or "" */
    uint64_t launches;
    double seconds; /* on the device */
};

/* Since the context was made or the last reset; sorted by time. *ret_rows is released with free().
 */
VCL_API enum vcl_status vcl_profile_read(struct vcl_ctx *ctx, struct vcl_profile_row **ret_rows,
                                         size_t *ret_count, struct vcl_error *err) VCL_MUST_CHECK;
VCL_API void vcl_profile_reset(struct vcl_ctx *ctx);

/* Launches since the context was made. */
VCL_API uint64_t vcl_ctx_launches(const struct vcl_ctx *ctx);
/* Multiply-adds of the matrix products run since the context was made: m n k each. */
VCL_API uint64_t vcl_ctx_multiply_adds(const struct vcl_ctx *ctx);

#ifdef __cplusplus
}
#endif
#endif
