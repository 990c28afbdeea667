/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "base/clock.h"
#include "cl/internal.h"

enum { RING = 4 };

struct vcl_upload {
    struct vcl_ctx *ctx;
    unsigned char *blocks[RING];
    cl_event reading[RING]; /* set while the device may still read the block */
    int next;
};

enum vcl_status vcl_upload_create(struct vcl_ctx *ctx, size_t block_size,
                                  struct vcl_upload **ret_upload, struct vcl_error *err)
{
    struct vcl_upload *upload = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(1, sizeof *upload, &upload, err));
    upload->ctx = ctx;
    for (int i = 0; i < RING; i++)
        TRY(vcl_alloc(block_size, 1, &upload->blocks[i], err));
    *ret_upload = upload;
    upload = NULL;
out:
    vcl_upload_destroy(&upload);
    return r;
}

void vcl_upload_destroy(struct vcl_upload **ret_upload)
{
    if (!ret_upload || !*ret_upload)
        return;
    struct vcl_upload *upload = *ret_upload;
    for (int i = 0; i < RING; i++) {
        if (upload->reading[i]) {
            clWaitForEvents(1, &upload->reading[i]);
            clReleaseEvent(upload->reading[i]);
        }
        free(upload->blocks[i]);
    }
    free(upload);
    *ret_upload = NULL;
}

enum vcl_status vcl_upload_next(struct vcl_upload *upload, void **ret_block, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    cl_event *reading = &upload->reading[upload->next];
    if (*reading) {
        double start = vcl_now();
        TRYCL(err, clWaitForEvents(1, reading), "clWaitForEvents");
        upload->ctx->waited += vcl_now() - start;
        clReleaseEvent(*reading);
        *reading = NULL;
    }
    *ret_block = upload->blocks[upload->next];
out:
    return r;
}

enum vcl_status vcl_upload_send(struct vcl_upload *upload, size_t size, struct vcl_buf *buf,
                                struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    int slot = upload->next;
    TRYCL(err,
          clEnqueueWriteBuffer(upload->ctx->queue, buf->mem, CL_FALSE, 0, size,
                               upload->blocks[slot], 0, NULL, &upload->reading[slot]),
          "clEnqueueWriteBuffer");
    if (upload->ctx->profile && clRetainEvent(upload->reading[slot]) == CL_SUCCESS)
        vcl_profile_add(upload->ctx, "(upload)", "", upload->reading[slot]);
    upload->next = (slot + 1) % RING;
out:
    return r;
}
