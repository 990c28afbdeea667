/* SPDX-License-Identifier: MIT
 *
 * What the folders above src/cl may see of a context. Only src/cl and src/gemm include CL headers;
 * the others use the functions here and in vaecl/compute.h.
 */
#ifndef VCL_CL_CONTEXT_H
#define VCL_CL_CONTEXT_H

#include "base/mem.h"
#include "vaecl/compute.h"

/* 16 on CPU devices, 1 on GPUs: how many floats a work-item of an element-wise kernel holds, see
 * kernels/prelude.cl. */
uint32_t vcl_ctx_vec(const struct vcl_ctx *ctx);
bool vcl_ctx_is_cpu(const struct vcl_ctx *ctx);
bool vcl_ctx_same_bits(const struct vcl_ctx *ctx);
const char *vcl_ctx_precision(const struct vcl_ctx *ctx);  /* "exact", "tf32" or "bf16" */
const char *vcl_ctx_gemm_name(const struct vcl_ctx *ctx);  /* as asked for; NULL chooses */
const char *vcl_ctx_tuning_dir(const struct vcl_ctx *ctx); /* or NULL */

/* Of such a list in which no device is usable: the error that says why. */
enum vcl_status vcl_device_none(const struct vcl_device_info *infos, size_t count,
                                struct vcl_error *err);

/* What src/gemm keeps with a context; the arena's memory is released with it. */
struct vcl_tuning;
struct vcl_gemm_keep {
    struct vcl_arena arena;
    struct vcl_tuning *tuning; /* NULL until the first choice of an implementation */
};
struct vcl_gemm_keep *vcl_ctx_gemm_keep(const struct vcl_ctx *ctx);

/* Of the text, with all it includes, of the kernel files whose names begin with `prefix`: what was
 * measured with other kernels than these says nothing about them. */
enum vcl_status vcl_kernels_hash(const struct vcl_ctx *ctx, const char *prefix, uint64_t *ret_hash,
                                 struct vcl_error *err) VCL_MUST_CHECK;

void vcl_log(const struct vcl_ctx *ctx, enum vcl_log_level level, const char *fmt, ...)
    VCL_PRINTF(3, 4);

/* Scratch memory of at least `size` bytes that belongs to the context; valid until the next call
 * for the same slot asks for more. In-order execution makes sharing it between launches safe. */
enum vcl_scratch {
    VCL_SCRATCH_A,
    VCL_SCRATCH_B,
    VCL_SCRATCH_REDUCE,
    VCL_SCRATCH_CLIP,
    VCL_SCRATCH_GRADIENT,
    VCL_SCRATCH_COUNT
};
enum vcl_status vcl_scratch_get(struct vcl_ctx *ctx, enum vcl_scratch slot, size_t size,
                                struct vcl_buf **ret_buf, struct vcl_error *err) VCL_MUST_CHECK;

/* Compiles a program before its first launch, with the launch's source and options. */
enum vcl_status vcl_program_prepare(struct vcl_ctx *ctx, const char *source, const char *options,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* ---- profiles ---- */

/* Between on and off counts how long the device ran and how long from the first start to the last
 * end; on again starts anew. Each waits for the device, but only with `profile`. */
void vcl_profile_watch(struct vcl_ctx *ctx, bool on);
/* The former as a share of the latter, over all that was watched; 0 if nothing was. */
double vcl_profile_busy_share(const struct vcl_ctx *ctx);
/* Seconds the host has spent in waiting for the device. */
double vcl_ctx_waited(const struct vcl_ctx *ctx);

/* ---- uploads ---- */

/* A ring of host blocks written to the device without waiting: filling the next block overlaps
 * the device's work on earlier ones. */
struct vcl_upload;
enum vcl_status vcl_upload_create(struct vcl_ctx *ctx, size_t block_size,
                                  struct vcl_upload **ret_upload,
                                  struct vcl_error *err) VCL_MUST_CHECK;
void vcl_upload_destroy(struct vcl_upload **upload);
/* The next free block to fill; waits if the device is still reading it. */
enum vcl_status vcl_upload_next(struct vcl_upload *upload, void **ret_block,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* Enqueues the write of the block's first `size` bytes to `buf`. */
enum vcl_status vcl_upload_send(struct vcl_upload *upload, size_t size, struct vcl_buf *buf,
                                struct vcl_error *err) VCL_MUST_CHECK;

#endif
