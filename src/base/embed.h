/* SPDX-License-Identifier: MIT
 *
 * Text files (kernels, presets, tuned settings) embedded into the library by tools/embed.py.
 */
#ifndef VCL_BASE_EMBED_H
#define VCL_BASE_EMBED_H

#include <stddef.h>

struct vcl_embedded {
    const char *name;         /* file name without folder, NULL ends a table */
    const char *const *lines; /* each ends with a newline */
    size_t count;
};

extern const struct vcl_embedded vcl_embedded_kernels[];
extern const struct vcl_embedded vcl_embedded_models[];
extern const struct vcl_embedded vcl_embedded_tunings[];

const struct vcl_embedded *vcl_embedded_find(const struct vcl_embedded *table, const char *name);

#endif
