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
    VCL_SCRATCH_COUNT
};
enum vcl_status vcl_scratch_get(struct vcl_ctx *ctx, enum vcl_scratch slot, size_t size,
                                struct vcl_buf **ret_buf, struct vcl_error *err) VCL_MUST_CHECK;

/* Compiles a program before its first launch, with the launch's source and options. */
enum vcl_status vcl_program_prepare(struct vcl_ctx *ctx, const char *source, const char *options,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* ---- profiles ---- */

/* What launches from now on are for, by which profiles tell them apart: a layer and its pass, and
 * the shape of a matrix product. */
struct vcl_label {
    const char *name, *pass; /* kept by the caller while launches are made; NULL: nothing known */
    uint32_t m, n, k;        /* 0: no product */
};
/* Returns the label until now, for the caller to put back. */
struct vcl_label vcl_ctx_label(struct vcl_ctx *ctx, struct vcl_label label);
struct vcl_label vcl_ctx_label_shape(struct vcl_ctx *ctx, uint32_t m, uint32_t n, uint32_t k);

/* Between on and off counts how long the device ran and how long from the first start to the last
 * end; on again starts anew. Each waits for the device, but only with `profile`. */
void vcl_profile_watch(struct vcl_ctx *ctx, bool on);
/* The former as a share of the latter, over all that was watched; 0 if nothing was. */
double vcl_profile_busy_share(const struct vcl_ctx *ctx);
/* Seconds the host has spent in waiting for the device. */
double vcl_ctx_waited(const struct vcl_ctx *ctx);

/* ---- launch lists ---- */

/* A list of launches recorded once, arguments bound, and run many times. */
struct vcl_list;

/* Between begin and end every vcl_launch_run is compiled and appended instead of run. */
enum vcl_status vcl_list_begin(struct vcl_ctx *ctx, struct vcl_list **ret_list,
                               struct vcl_error *err) VCL_MUST_CHECK;
void vcl_list_end(struct vcl_ctx *ctx);
/* Whether lists recorded from now on become command buffers, for tests; returns false if the device
 * has none. By default they do where that is known to be faster. */
bool vcl_ctx_command_buffers(struct vcl_ctx *ctx, bool on);
enum vcl_status vcl_list_run(struct vcl_list *list, struct vcl_error *err) VCL_MUST_CHECK;
size_t vcl_list_length(const struct vcl_list *list);
uint64_t vcl_list_multiply_adds(const struct vcl_list *list); /* at each run */
void vcl_list_destroy(struct vcl_list **list);

/* Notes a matrix product's multiply-adds, as now run or, while recording, as run with the list. */
void vcl_count_multiply_adds(struct vcl_ctx *ctx, uint64_t count);
/* While it is on, launches do nothing at all: a pass over a model then only tells what it would do.
 */
void vcl_ctx_look(struct vcl_ctx *ctx, bool on);

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
