/* SPDX-License-Identifier: MIT
 *
 * Text: a growing string, strict number parsing, and the nearest name for "did you mean".
 */
#ifndef VCL_BASE_STR_H
#define VCL_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* A string that grows; zero-initialise, release with vcl_str_finish. A failed allocation is
 * remembered in `failed` and checked once at the end. */
struct vcl_str {
    char *text; /* always terminated once anything was added; NULL while empty */
    size_t len, cap;
    bool failed;
};

void vcl_str_add(struct vcl_str *str, const char *fmt, ...) VCL_PRINTF(2, 3);
void vcl_str_add_bytes(struct vcl_str *str, const void *bytes, size_t len);
enum vcl_status vcl_str_check(const struct vcl_str *str, struct vcl_error *err) VCL_MUST_CHECK;
void vcl_str_finish(struct vcl_str *str);

/* Whole-string number parsing in the C locale; false if anything is left over or out of range. */
bool vcl_parse_i64(const char *text, int64_t *ret_value);
bool vcl_parse_u64(const char *text, uint64_t *ret_value);
bool vcl_parse_f64(const char *text, double *ret_value);

/* The name nearest to `word` by edit distance, or NULL if none is near. `names` ends with NULL. */
const char *vcl_nearest(const char *word, const char *const *names);

/* FNV-1a over the text and its terminator, from VCL_HASH or on from an earlier hash: for names and
 * keys, where an accident, not an attacker, is the concern. */
#define VCL_HASH UINT64_C(0xCBF29CE484222325)
uint64_t vcl_hash(uint64_t hash, const char *text);

/* Does `text` end with `suffix`, ignoring ASCII case? */
bool vcl_ends_with(const char *text, const char *suffix);

/* Is `part` contained in `text`, ignoring ASCII case? */
bool vcl_contains(const char *text, const char *part);

/* The same text, ignoring ASCII case? */
bool vcl_same_word(const char *a, const char *b);

#endif
