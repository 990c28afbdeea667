/* SPDX-License-Identifier: MIT */
#include "data/gunzip.h"

#include <inttypes.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/mem.h"

#define HEAD_SIZE     ((size_t)64 << 10)  /* decompressed before the promise is asked for */
#define UNKNOWN_LIMIT ((uint64_t)1 << 28) /* for formats that promise nothing: single pictures */
#define MAX_RATIO     1032                /* deflate's best: 258 bytes in 2 bits */
#define MAX_FEED      ((size_t)1 << 30)   /* zlib counts in unsigned int */

struct unzipping {
    const char *name;
    z_stream z;
    const unsigned char *rest; /* not yet given to zlib */
    size_t n_rest;
    unsigned char *out;
    size_t size, cap;
    bool ended;
};

bool vcl_is_gzip(const unsigned char *data, size_t size)
{
    return size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
}

static void feed(struct unzipping *u)
{
    if (u->z.avail_in > 0 || u->n_rest == 0)
        return;
    size_t n = u->n_rest < MAX_FEED ? u->n_rest : MAX_FEED;
    u->z.next_in = (unsigned char *)u->rest; /* zlib's const is optional; it only reads */
    u->z.avail_in = (uInt)n;
    u->rest += n;
    u->n_rest -= n;
}

/* At the end of a member: another one, the end of the file, or bytes that do not belong. */
static enum vcl_status next_member(struct unzipping *u, struct vcl_error *err)
{
    feed(u);
    if (u->z.avail_in == 0) {
        u->ended = true;
        return VCL_OK;
    }
    if (!vcl_is_gzip(u->z.next_in, u->z.avail_in) || inflateReset(&u->z) != Z_OK)
        return ERR(err, VCL_E_FORMAT, "'%s': %zu bytes follow the compressed data", u->name,
                   u->z.avail_in + u->n_rest);
    return VCL_OK;
}

/* Decompresses until `until` bytes are there or the file ends. */
static enum vcl_status inflate_until(struct unzipping *u, uint64_t until, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    while (!u->ended && u->size < until) {
        TRY(vcl_grow(&u->out, &u->cap, u->size + HEAD_SIZE, 1, err));
        size_t room =
            u->cap - u->size < until - u->size ? u->cap - u->size : (size_t)(until - u->size);
        feed(u);
        u->z.next_out = u->out + u->size;
        u->z.avail_out = (uInt)(room < MAX_FEED ? room : MAX_FEED);
        int code = inflate(&u->z, Z_NO_FLUSH);
        u->size = (size_t)(u->z.next_out - u->out);
        if (code == Z_STREAM_END)
            TRY(next_member(u, err));
        else if (code == Z_BUF_ERROR && u->z.avail_in == 0)
            FAIL(err, VCL_E_FORMAT, "'%s': compressed data end early, after %zu bytes of contents",
                 u->name, u->size);
        else if (code == Z_MEM_ERROR)
            FAIL(err, VCL_E_NOMEM, "'%s': no memory to decompress it", u->name);
        else if (code != Z_OK)
            FAIL(err, VCL_E_FORMAT, "'%s': damaged gzip data (%s)", u->name,
                 u->z.msg ? u->z.msg : "cannot be decompressed");
    }
out:
    return r;
}

static enum vcl_status choose_limit(const struct unzipping *u, size_t compressed, uint64_t promised,
                                    uint64_t *ret_limit, struct vcl_error *err)
{
    if (promised / MAX_RATIO > compressed)
        return ERR(err, VCL_E_FORMAT,
                   "'%s': header promises %s%" PRIu64 " bytes, more than %zu compressed bytes hold",
                   u->name, promised == UINT64_MAX ? "over " : "", promised, compressed);
    *ret_limit = promised ? promised : UNKNOWN_LIMIT;
    return VCL_OK;
}

enum vcl_status vcl_gunzip(const char *name, const unsigned char *data, size_t size,
                           uint64_t (*promised_size)(const unsigned char *head, size_t n),
                           unsigned char **ret_data, size_t *ret_size, bool *ret_more,
                           struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct unzipping u = {.name = name, .rest = data, .n_rest = size};
    uint64_t limit = 0;
    bool more = false;
    if (inflateInit2(&u.z, 16 + MAX_WBITS) != Z_OK)
        return ERR(err, VCL_E_NOMEM, "'%s': no memory to decompress it", name);
    TRY(inflate_until(&u, HEAD_SIZE, err));
    if (!u.ended) {
        TRY(choose_limit(&u, size, promised_size(u.out, u.size), &limit, err));
        TRY(inflate_until(&u, limit + 1, err));
        more = u.size > limit;
    }
    *ret_data = u.out;
    *ret_size = u.size;
    *ret_more = more;
    u.out = NULL;
out:
    inflateEnd(&u.z);
    free(u.out);
    return r;
}
