/* SPDX-License-Identifier: MIT */
#include "data/format.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "data/array_head.h"
#include "formats.rows.h"

const struct vcl_format_def *const vcl_formats[] = {
#define X(name) &vcl_format_##name,
    FORMATS(X)
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

static enum vcl_status unknown_format(const struct vcl_input *input, struct vcl_error *err)
{
    uint64_t total = vcl_input_total(input);
    struct vcl_str known = {0};
    if (input->n_head == 0)
        return ERR(err, VCL_E_FORMAT, "'%s': the file is empty", input->name);
    for (size_t i = 0; vcl_formats[i]; i++)
        vcl_str_add(&known, "%s%s", i ? ", " : "", vcl_formats[i]->help);
    enum vcl_status r = ERR(
        err, VCL_E_FORMAT, "'%s': no known format begins like its %s%" PRIu64 " bytes", input->name,
        total == UINT64_MAX ? "first " : "", total == UINT64_MAX ? (uint64_t)input->n_head : total);
    if (known.text)
        r = vcl_error_hint(err, r, "known are: %s; each may be gzipped", known.text);
    vcl_str_finish(&known);
    return r;
}

static enum vcl_status read_array(const struct vcl_format_def *format, struct vcl_input *input,
                                  struct vcl_examples *examples, struct vcl_error *err)
{
    const struct vcl_blob blob = {.name = input->name,
                                  .data = input->head,
                                  .size = input->n_head,
                                  .more = vcl_input_total(input) > input->n_head};
    struct vcl_array_head head;
    enum vcl_status r = format->parse_head(&blob, &head, err);
    return r < 0 ? r : vcl_array_read(input, &head, examples, err);
}

static enum vcl_status read_whole(const struct vcl_format_def *format, struct vcl_input *input,
                                  struct vcl_examples *examples, struct vcl_error *err)
{
    struct vcl_blob blob = {.name = input->name};
    struct vcl_examples read = {0};
    unsigned char *data = NULL;
    size_t before = examples->count;
    enum vcl_status r;
    TRY(vcl_input_read_all(input, &data, &blob.size, err));
    blob.data = data;
    TRY(format->read(&blob, &read, err));
    TRY(vcl_examples_extend(examples, read.count, read.shape, read.dtype, input->name, err));
    memcpy((char *)examples->values + before * vcl_examples_stride(examples), read.values,
           read.count * vcl_examples_stride(&read));
out:
    vcl_examples_finish(&read);
    free(data);
    return r;
}

enum vcl_status vcl_format_read_as(const struct vcl_format_def *format, struct vcl_input *input,
                                   struct vcl_examples *examples, struct vcl_error *err)
{
    return (format->parse_head ? read_array : read_whole)(format, input, examples, err);
}

static enum vcl_status read_input(struct vcl_input *input, const struct vcl_format_def **ret_format,
                                  struct vcl_examples *examples, struct vcl_error *err)
{
    const struct vcl_format_def *format = vcl_format_probe(input->head, input->n_head);
    if (!format)
        return unknown_format(input, err);
    *ret_format = format;
    return vcl_format_read_as(format, input, examples, err);
}

enum vcl_status vcl_format_read(const char *name, const unsigned char *data, size_t size,
                                const struct vcl_format_def **ret_format,
                                struct vcl_examples *examples, struct vcl_error *err)
{
    struct vcl_input input;
    enum vcl_status r = vcl_input_wrap(&input, name, data, size, err);
    if (r < 0)
        return r;
    r = read_input(&input, ret_format, examples, err);
    vcl_input_finish(&input);
    return r;
}

enum vcl_status vcl_format_read_file(const char *path, const struct vcl_format_def **ret_format,
                                     struct vcl_examples *examples, struct vcl_error *err)
{
    struct vcl_input input;
    enum vcl_status r = vcl_input_open(&input, path, err);
    if (r < 0)
        return r;
    r = read_input(&input, ret_format, examples, err);
    vcl_input_finish(&input);
    return r;
}
