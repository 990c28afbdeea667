/* SPDX-License-Identifier: MIT */
#include "data/input.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define BUFFER_SIZE ((size_t)64 << 10)
#define WHOLE_LIMIT ((uint64_t)1 << 28) /* unzipped files that promise no size: single pictures */
#define MAX_RATIO   1032                /* deflate's best: 258 bytes in 2 bits */
#define MAX_FEED    ((size_t)1 << 30)   /* zlib counts in unsigned int */

static bool is_gzip(const struct vcl_input *input)
{
    return input->left >= 2 && input->next[0] == 0x1f && input->next[1] == 0x8b;
}

/* Sees to it that two bytes are there, enough to know gzip by, unless the file ends. */
static enum vcl_status fetch(struct vcl_input *input, struct vcl_error *err)
{
    if (input->left >= 2 || !input->file)
        return VCL_OK;
    memmove(input->buffer, input->next, input->left);
    input->next = input->buffer;
    size_t got = fread(input->buffer + input->left, 1, BUFFER_SIZE - input->left, input->file);
    input->left += got;
    input->fetched += got;
    return ferror(input->file)
               ? ERR(err, VCL_E_IO, "cannot read '%s': %s", input->name, strerror(errno))
               : VCL_OK;
}

/* ---- gzip ---- */

/* At the end of a member: another one, the end of the file, or bytes that do not belong. */
static enum vcl_status next_member(struct vcl_input *input, struct vcl_error *err)
{
    enum vcl_status r = fetch(input, err);
    if (r < 0)
        return r;
    input->ended = input->left == 0;
    if (input->ended || (is_gzip(input) && inflateReset(&input->z) == Z_OK))
        return VCL_OK;
    bool known = input->size != UINT64_MAX;
    return ERR(err, VCL_E_FORMAT, "'%s': %s%" PRIu64 " bytes follow the compressed data",
               input->name, known ? "" : "at least ",
               input->left + (known ? input->size - input->fetched : 0));
}

static enum vcl_status inflate_error(const struct vcl_input *input, int code, struct vcl_error *err)
{
    if (code == Z_BUF_ERROR)
        return ERR(err, VCL_E_FORMAT,
                   "'%s': compressed data end early, after %" PRIu64 " bytes of contents",
                   input->name, input->unzipped);
    if (code == Z_MEM_ERROR)
        return ERR(err, VCL_E_NOMEM, "'%s': no memory to decompress it", input->name);
    return ERR(err, VCL_E_FORMAT, "'%s': damaged gzip data (%s)", input->name,
               input->z.msg ? input->z.msg : "cannot be decompressed");
}

/* Decompresses some bytes, at most `n`; none only at the end. */
static enum vcl_status inflate_some(struct vcl_input *input, unsigned char *to, size_t n,
                                    size_t *ret_got, struct vcl_error *err)
{
    z_stream *z = &input->z;
    enum vcl_status r;
    TRY(fetch(input, err));
    uInt given = (uInt)(input->left < MAX_FEED ? input->left : MAX_FEED);
    z->next_in = (unsigned char *)input->next; /* zlib's const is optional; it only reads */
    z->avail_in = given;
    z->next_out = to;
    z->avail_out = (uInt)(n < MAX_FEED ? n : MAX_FEED);
    int code = inflate(z, Z_NO_FLUSH);
    input->left -= given - z->avail_in;
    input->next = z->next_in;
    *ret_got = (size_t)(z->next_out - to);
    input->unzipped += *ret_got;
    if (code == Z_STREAM_END)
        TRY(next_member(input, err));
    else if (code != Z_OK)
        r = inflate_error(input, code, err);
out:
    return r;
}

/* ---- plain ---- */

static enum vcl_status copy_some(struct vcl_input *input, unsigned char *to, size_t n,
                                 size_t *ret_got, struct vcl_error *err)
{
    enum vcl_status r = fetch(input, err);
    size_t got = input->left < n ? input->left : n;
    memcpy(to, input->next, got);
    input->next += got;
    input->left -= got;
    input->ended = got == 0;
    *ret_got = got;
    return r;
}

/* Behind the head. */
static enum vcl_status read_on(struct vcl_input *input, unsigned char *to, size_t n,
                               size_t *ret_got, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    size_t done = 0, got = 0;
    while (done < n && !input->ended) {
        TRY((input->zipped ? inflate_some : copy_some)(input, to + done, n - done, &got, err));
        done += got;
    }
out:
    *ret_got = done;
    return r;
}

enum vcl_status vcl_input_read(struct vcl_input *input, void *to, size_t n, size_t *ret_got,
                               struct vcl_error *err)
{
    size_t here = input->n_head - input->head_at, got = 0;
    here = here < n ? here : n;
    memcpy(to, input->head + input->head_at, here);
    input->head_at += here;
    enum vcl_status r = read_on(input, (unsigned char *)to + here, n - here, &got, err);
    *ret_got = here + got;
    return r;
}

enum vcl_status vcl_input_read_all(struct vcl_input *input, unsigned char **ret_data,
                                   size_t *ret_size, struct vcl_error *err)
{
    uint64_t total = vcl_input_total(input);
    unsigned char *data = NULL;
    size_t size = 0, cap = 0, got = 0;
    enum vcl_status r;
    if (total < SIZE_MAX)
        TRY(vcl_grow(&data, &cap, (size_t)total + 1, 1, err));
    do {
        TRY(vcl_grow(&data, &cap, size + 1, 1, err));
        TRY(vcl_input_read(input, data + size, cap - size, &got, err));
        size += got;
        if (input->zipped && size > WHOLE_LIMIT)
            FAIL(err, VCL_E_FORMAT, "'%s': unzipped, it is larger than any picture", input->name);
    } while (got > 0);
    *ret_data = data;
    *ret_size = size;
    data = NULL;
out:
    free(data);
    return r;
}

uint64_t vcl_input_total(const struct vcl_input *input)
{
    if (input->ended)
        return input->n_head; /* asked before anything else was read */
    return input->zipped ? UINT64_MAX : input->size;
}

enum vcl_status vcl_input_can_hold(const struct vcl_input *input, uint64_t promised,
                                   struct vcl_error *err)
{
    if (!input->zipped || input->size == UINT64_MAX || promised / MAX_RATIO <= input->size)
        return VCL_OK;
    return ERR(err, VCL_E_FORMAT,
               "'%s': header promises %s%" PRIu64 " bytes, more than %" PRIu64
               " compressed bytes hold",
               input->name, promised == UINT64_MAX ? "over " : "", promised, input->size);
}

/* ---- beginning and end ---- */

/* Reads the head; `input` has its file, or its bytes. */
static enum vcl_status begin(struct vcl_input *input, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_alloc(BUFFER_SIZE, 1, &input->head_buffer, err));
    TRY(fetch(input, err));
    input->zipped = is_gzip(input);
    if (input->zipped) {
        if (inflateInit2(&input->z, 16 + MAX_WBITS) != Z_OK)
            FAIL(err, VCL_E_NOMEM, "'%s': no memory to decompress it", input->name);
        input->unzip_ready = true;
    }
    TRY(read_on(input, input->head_buffer, BUFFER_SIZE, &input->n_head, err));
    input->head = input->head_buffer;
out:
    if (r < 0)
        vcl_input_finish(input);
    return r;
}

enum vcl_status vcl_input_open(struct vcl_input *input, const char *path, struct vcl_error *err)
{
    enum vcl_status r;
    *input = (struct vcl_input){.name = path};
    TRY(vcl_file_open(path, &input->file, &input->size, err));
    TRY(vcl_alloc(BUFFER_SIZE, 1, &input->buffer, err));
    input->next = input->buffer;
    return begin(input, err);
out:
    vcl_input_finish(input);
    return r;
}

enum vcl_status vcl_input_wrap(struct vcl_input *input, const char *name, const void *data,
                               size_t size, struct vcl_error *err)
{
    static const unsigned char nothing;
    *input = (struct vcl_input){
        .name = name, .size = size, .next = size ? data : &nothing, .left = size};
    return begin(input, err);
}

void vcl_input_finish(struct vcl_input *input)
{
    if (!input)
        return;
    if (input->unzip_ready)
        inflateEnd(&input->z);
    if (input->file)
        fclose(input->file);
    free(input->head_buffer);
    free(input->buffer);
    *input = (struct vcl_input){0};
}
