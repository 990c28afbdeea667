/* SPDX-License-Identifier: MIT */
#include "data/format.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/str.h"
#include "data/gunzip.h"

#define X(name) extern const struct vcl_format_def vcl_format_##name;
#include "data/formats.def.h"
#undef X

const struct vcl_format_def *const vcl_formats[] = {
#define X(name) &vcl_format_##name,
#include "data/formats.def.h"
#undef X
    NULL,
};

const struct vcl_format_def *vcl_format_probe(const unsigned char *head, size_t n)
{
    const struct vcl_format_def *best = NULL;
    int best_score = 0;
    for (size_t i = 0; vcl_formats[i]; i++) {
        int score = vcl_formats[i]->probe(head, n);
        if (score > best_score) {
            best_score = score;
            best = vcl_formats[i];
        }
    }
    return best;
}

static uint64_t promised_size(const unsigned char *head, size_t n)
{
    const struct vcl_format_def *format = vcl_format_probe(head, n);
    return format && format->promised_size ? format->promised_size(head, n) : 0;
}

static enum vcl_status unknown_format(const struct vcl_blob *blob, struct vcl_error *err)
{
    if (blob->size == 0)
        return ERR(err, VCL_E_FORMAT, "'%s': the file is empty", blob->name);
    struct vcl_str known = {0};
    for (size_t i = 0; vcl_formats[i]; i++)
        vcl_str_add(&known, "%s%s", i ? ", " : "", vcl_formats[i]->help);
    enum vcl_status r = ERR(err, VCL_E_FORMAT, "'%s': no known format begins like its %zu bytes",
                            blob->name, blob->size);
    if (known.text)
        r = vcl_error_hint(err, r, "known are: %s; each may be gzipped", known.text);
    vcl_str_finish(&known);
    return r;
}

enum vcl_status vcl_format_read(const char *name, const unsigned char *data, size_t size,
                                const struct vcl_format_def **ret_format,
                                struct vcl_examples *ret_examples, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    struct vcl_blob blob = {.name = name, .data = data, .size = size};
    unsigned char *unzipped = NULL;
    if (vcl_is_gzip(data, size)) {
        TRY(vcl_gunzip(name, data, size, promised_size, &unzipped, &blob.size, &blob.more, err));
        blob.data = unzipped;
    }
    const struct vcl_format_def *format = vcl_format_probe(blob.data, blob.size);
    if (!format) {
        r = unknown_format(&blob, err);
        goto out;
    }
    TRY(format->read(&blob, ret_examples, err));
    *ret_format = format;
out:
    free(unzipped);
    return r;
}

enum vcl_status vcl_format_read_file(const char *path, const struct vcl_format_def **ret_format,
                                     struct vcl_examples *ret_examples, struct vcl_error *err)
{
    unsigned char *data = NULL;
    size_t size = 0;
    enum vcl_status r = vcl_file_read(path, &data, &size, err);
    if (r < 0)
        return r;
    r = vcl_format_read(path, data, size, ret_format, ret_examples, err);
    free(data);
    return r;
}
