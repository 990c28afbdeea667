/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/clock.h"
#include "cl/internal.h"

static enum vcl_status check_size(const struct vcl_ctx *ctx, size_t size, struct vcl_error *err)
{
    if (size == 0)
        return ERR(err, VCL_E_ARG, "a device buffer of 0 bytes");
    uint64_t most = ctx->info.max_alloc < ctx->info.memory || !ctx->info.memory
                        ? ctx->info.max_alloc
                        : ctx->info.memory;
    if (!most || size <= most)
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_DEVMEM, "a buffer of %.1f MiB is needed, '%s' allocates at most %.1f MiB",
            (double)size / (1 << 20), ctx->info.name, (double)most / (1 << 20));
    return vcl_error_hint(err, r, "a smaller --batch or model needs less device memory");
}

static enum vcl_status make(struct vcl_ctx *ctx, cl_mem mem, size_t size, struct vcl_buf **ret_buf,
                            struct vcl_error *err)
{
    struct vcl_buf *buf = NULL;
    enum vcl_status r = vcl_alloc(1, sizeof *buf, &buf, err);
    if (r < 0) {
        clReleaseMemObject(mem);
        return r;
    }
    *buf = (struct vcl_buf){.ctx = ctx, .mem = mem, .size = size};
    *ret_buf = buf;
    return VCL_OK;
}

enum vcl_status vcl_buf_create(struct vcl_ctx *ctx, size_t size, struct vcl_buf **ret_buf,
                               struct vcl_error *err)
{
    struct vcl_buf *buf = NULL;
    cl_int code;
    enum vcl_status r;
    TRY(check_size(ctx, size, err));
    cl_mem mem = clCreateBuffer(ctx->context, CL_MEM_READ_WRITE, size, NULL, &code);
    TRYCL(err, code, "clCreateBuffer");
    TRY(make(ctx, mem, size, &buf, err));
    TRY(vcl_buf_zero(buf, err));
    *ret_buf = buf;
    buf = NULL;
out:
    vcl_buf_destroy(&buf);
    return r;
}

enum vcl_status vcl_buf_view(struct vcl_buf *parent, size_t offset, size_t size,
                             struct vcl_buf **ret_buf, struct vcl_error *err)
{
    cl_int code;
    enum vcl_status r;
    if (size == 0 || offset > parent->size || size > parent->size - offset)
        FAIL(err, VCL_E_ARG, "a view of bytes %zu to %zu of a buffer of %zu", offset, offset + size,
             parent->size);
    const cl_buffer_region region = {offset, size};
    cl_mem mem = clCreateSubBuffer(parent->mem, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION,
                                   &region, &code);
    TRYCL(err, code, "clCreateSubBuffer");
    r = make(parent->ctx, mem, size, ret_buf, err);
out:
    return r;
}

void vcl_buf_destroy(struct vcl_buf **buf)
{
    if (!buf || !*buf)
        return;
    clReleaseMemObject((*buf)->mem);
    free(*buf);
    *buf = NULL;
}

size_t vcl_buf_size(const struct vcl_buf *buf)
{
    return buf->size;
}

size_t vcl_buf_alignment(const struct vcl_ctx *ctx)
{
    return ctx->alignment;
}

static enum vcl_status check_range(const struct vcl_buf *buf, size_t offset, size_t size,
                                   struct vcl_error *err)
{
    if (offset <= buf->size && size <= buf->size - offset)
        return VCL_OK;
    return ERR(err, VCL_E_ARG, "%zu bytes at %zu of a buffer of %zu", size, offset, buf->size);
}

enum vcl_status vcl_buf_write(struct vcl_buf *buf, size_t offset, size_t size, const void *data,
                              struct vcl_error *err)
{
    enum vcl_status r;
    TRY(check_range(buf, offset, size, err));
    if (size)
        TRYCL(err,
              clEnqueueWriteBuffer(buf->ctx->queue, buf->mem, CL_TRUE, offset, size, data, 0, NULL,
                                   NULL),
              "clEnqueueWriteBuffer");
out:
    return r;
}

enum vcl_status vcl_buf_read(struct vcl_buf *buf, size_t offset, size_t size, void *ret_data,
                             struct vcl_error *err)
{
    enum vcl_status r;
    double start = vcl_now();
    TRY(check_range(buf, offset, size, err));
    if (size)
        TRYCL(err,
              clEnqueueReadBuffer(buf->ctx->queue, buf->mem, CL_TRUE, offset, size, ret_data, 0,
                                  NULL, NULL),
              "clEnqueueReadBuffer");
    buf->ctx->waited += vcl_now() - start;
out:
    return r;
}

enum vcl_status vcl_buf_zero(struct vcl_buf *buf, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    const cl_uchar zero = 0;
    TRYCL(err,
          clEnqueueFillBuffer(buf->ctx->queue, buf->mem, &zero, sizeof zero, 0, buf->size, 0, NULL,
                              NULL),
          "clEnqueueFillBuffer");
out:
    return r;
}

enum vcl_status vcl_scratch_get(struct vcl_ctx *ctx, enum vcl_scratch slot, size_t size,
                                struct vcl_buf **ret_buf, struct vcl_error *err)
{
    struct vcl_buf **buf = &ctx->scratch[slot];
    if (!*buf || (*buf)->size < size) {
        struct vcl_buf *grown = NULL;
        enum vcl_status r = vcl_buf_create(ctx, size, &grown, err);
        if (r < 0)
            return r;
        if (*buf) {
            r = vcl_grow(&ctx->retired, &ctx->cap_retired, ctx->n_retired + 1, sizeof *ctx->retired,
                         err);
            if (r < 0) {
                vcl_buf_destroy(&grown);
                return r;
            }
            ctx->retired[ctx->n_retired++] = *buf;
        }
        *buf = grown;
    }
    *ret_buf = *buf;
    return VCL_OK;
}
