/* SPDX-License-Identifier: MIT
 *
 * NumPy's .npy files: npy_header.c knows their headers, array_read.c the types of values.
 */
#include "data/npy_header.h"

static int probe(const unsigned char *head, size_t n)
{
    return vcl_npy_is_magic(head, n) ? 100 : 0;
}

const struct vcl_format_def vcl_format_npy = {
    .name = "npy",
    .help = "NPY",
    .probe = probe,
    .parse_head = vcl_npy_header_parse,
};
