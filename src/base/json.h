/* SPDX-License-Identifier: MIT
 *
 * Text of unknown origin (paths, names of devices) as JSON, which holds UTF-8 alone.
 */
#ifndef VCL_BASE_JSON_H
#define VCL_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>

bool vcl_is_utf8(const char *text);

/* A new string; bytes that are no UTF-8 become U+FFFD each. NULL if memory is out. */
json_t *vcl_json_text(const char *text);

#endif
