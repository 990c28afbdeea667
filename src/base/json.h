/* SPDX-License-Identifier: MIT
 *
 * What jansson leaves to do: text of unknown origin (paths, names of devices) as JSON, which holds
 * UTF-8 alone; writing that notices when memory is out.
 */
#ifndef VCL_BASE_JSON_H
#define VCL_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>

bool vcl_is_utf8(const char *text);

/* A new string; bytes that are no UTF-8 become U+FFFD each. NULL if memory is out. */
json_t *vcl_json_text(const char *text);

/* json_dumps, which may return a part of the text if memory runs out within it (seen with jansson
 * 2.14): here it is all of it or NULL. The caller frees it. */
char *vcl_json_dump(const json_t *value, size_t flags);

/* json_loadb and json_load_file with JSON_REJECT_DUPLICATES. The caller drops the reference.
 * All three work in the C locale: jansson itself copes with a decimal point of one byte only. */
json_t *vcl_json_load(const void *text, size_t size, json_error_t *problem);
json_t *vcl_json_load_file(const char *path, json_error_t *problem);

#endif
