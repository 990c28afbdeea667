/* SPDX-License-Identifier: MIT
 *
 * What the folders above src/cl may see of a context. Only src/cl and src/gemm include CL headers;
 * the others use the functions here and in vaecl/compute.h.
 */
#ifndef VCL_CL_CONTEXT_H
#define VCL_CL_CONTEXT_H

#include "base/error.h"
#include "vaecl/compute.h"

/* 16 on CPU devices, 1 on GPUs: how many floats a work-item of an element-wise kernel holds, see
 * kernels/prelude.cl. */
uint32_t vcl_ctx_vec(const struct vcl_ctx *ctx);
bool vcl_ctx_is_cpu(const struct vcl_ctx *ctx);
bool vcl_ctx_same_bits(const struct vcl_ctx *ctx);
const char *vcl_ctx_precision(const struct vcl_ctx *ctx); /* "exact", "tf32" or "bf16" */
const char *vcl_ctx_gemm_name(const struct vcl_ctx *ctx); /* as asked for; NULL chooses */

void vcl_log(struct vcl_ctx *ctx, enum vcl_log_level level, const char *fmt, ...) VCL_PRINTF(3, 4);

/* Scratch memory of at least `size` bytes that belongs to the context; valid until the next call
 * for the same slot asks for more. In-order execution makes sharing it between launches safe. */
enum vcl_scratch {
    VCL_SCRATCH_A,
    VCL_SCRATCH_B,
    VCL_SCRATCH_REDUCE,
    VCL_SCRATCH_CLIP,
    VCL_SCRATCH_COUNT
};
enum vcl_status vcl_scratch_get(struct vcl_ctx *ctx, enum vcl_scratch slot, size_t size,
                                struct vcl_buf **ret_buf, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- launch lists ---- */

/* A list of launches recorded once, arguments bound, and run many times. */
struct vcl_list;

/* Between begin and end every vcl_launch_run is compiled and appended instead of run. */
enum vcl_status vcl_list_begin(struct vcl_ctx *ctx, struct vcl_list **ret_list,
                               struct vcl_error *err) VCL_MUST_CHECK;
void vcl_list_end(struct vcl_ctx *ctx);
enum vcl_status vcl_list_run(struct vcl_list *list, struct vcl_error *err) VCL_MUST_CHECK;
size_t vcl_list_length(const struct vcl_list *list);
void vcl_list_destroy(struct vcl_list **list);

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
