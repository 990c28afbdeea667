/* SPDX-License-Identifier: MIT
 *
 * Every reader of every format over arbitrary bytes: first as a file would be opened (gzip, probe,
 * read), then each reader by itself, past its probe. Whatever is accepted must hold what it says.
 */
#include <stdlib.h>
#include <string.h>

#include "data/format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Touches every byte, for the sanitizers, and the invariants of a reader's result. */
static void check_result(struct vcl_examples *examples)
{
    volatile unsigned char last = 0;
    const unsigned char *bytes = examples->values;
    if (!examples->values && !examples->labels)
        abort();
    if (examples->count == 0 || (bytes && vcl_examples_stride(examples) == 0))
        abort();
    for (size_t i = 0; bytes && i < examples->count * vcl_examples_stride(examples); i++)
        last = bytes[i];
    for (size_t i = 0; examples->labels && i < examples->count; i++)
        last = (unsigned char)examples->labels[i];
    (void)last;
    vcl_examples_finish(examples);
}

static void check_error(enum vcl_status r, const struct vcl_error *err)
{
    if (r >= 0 || err->status != r || !strstr(err->msg, "fuzz"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vcl_error err = {0};
    struct vcl_examples examples = {0};
    const struct vcl_format_def *format = NULL;
    enum vcl_status r = vcl_format_read("fuzz", data, size, &format, &examples, &err);
    if (r == VCL_OK)
        check_result(&examples);
    else
        check_error(r, &err);
    for (size_t i = 0; vcl_formats[i]; i++) {
        struct vcl_input input;
        memset(&err, 0, sizeof err);
        memset(&examples, 0, sizeof examples);
        if (vcl_input_wrap(&input, "fuzz", data, size, &err) < 0)
            continue; /* damaged gzip data */
        r = vcl_format_read_as(vcl_formats[i], &input, &examples, &err);
        vcl_input_finish(&input);
        if (r == VCL_OK)
            check_result(&examples);
        else
            check_error(r, &err);
    }
    return 0;
}
