/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/mem.h"

static bool reserve(struct vcl_str *str, size_t extra)
{
    if (!str->failed && vcl_grow(&str->text, &str->cap, str->len + extra + 1, 1, NULL) < 0)
        str->failed = true;
    return !str->failed;
}

void vcl_str_add(struct vcl_str *str, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int len = vcl_format_v(NULL, 0, fmt, ap);
    va_end(ap);
    if (len < 0 || !reserve(str, (size_t)len))
        return;
    va_start(ap, fmt);
    vcl_format_v(str->text + str->len, (size_t)len + 1, fmt, ap);
    va_end(ap);
    str->len += (size_t)len;
}

void vcl_str_add_bytes(struct vcl_str *str, const void *bytes, size_t len)
{
    if (!reserve(str, len))
        return;
    if (len)
        memcpy(str->text + str->len, bytes, len);
    str->len += len;
    str->text[str->len] = '\0';
}

enum vcl_status vcl_str_check(const struct vcl_str *str, struct vcl_error *err)
{
    return str->failed ? ERR(err, VCL_E_NOMEM, "cannot allocate memory for text") : VCL_OK;
}

void vcl_str_finish(struct vcl_str *str)
{
    if (!str)
        return;
    free(str->text);
    *str = (struct vcl_str){0};
}

/* strtol and friends skip leading blanks and accept a sign where none belongs; we do not. */
static bool starts_number(const char *text, const char *also)
{
    return *text && (vcl_is_digit(*text) || strchr(also, *text));
}

bool vcl_parse_i64(const char *text, int64_t *ret_value)
{
    char *end;
    if (!starts_number(text, "+-"))
        return false;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno || end == text || *end)
        return false;
    *ret_value = value;
    return true;
}

bool vcl_parse_u64(const char *text, uint64_t *ret_value)
{
    char *end;
    if (!starts_number(text, ""))
        return false;
    errno = 0;
    unsigned long long value = strtoull(text, &end, 10);
    if (errno || *end)
        return false;
    *ret_value = value;
    return true;
}

bool vcl_parse_f64(const char *text, double *ret_value)
{
    char *end;
    if (!starts_number(text, "+-."))
        return false;
    errno = 0;
    struct vcl_c_locale locale;
    if (!vcl_c_locale_enter(&locale))
        return false;
    double value = strtod(text, &end);
    vcl_c_locale_leave(&locale);
    if (end == text || *end || value != value || value - value != 0)
        return false;
    *ret_value = value;
    return true;
}

/* Levenshtein distance with one row of memory, enough for option names. */
static size_t edit_distance(const char *a, const char *b)
{
    enum { MAX = 64 };
    size_t na = strlen(a), nb = strlen(b), row[MAX + 1];
    if (na > MAX || nb > MAX)
        return MAX;
    for (size_t j = 0; j <= nb; j++)
        row[j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            size_t insert = row[j - 1] + 1, delete = row[j] + 1;
            row[j] = change < insert ? change : insert;
            row[j] = row[j] < delete ? row[j] : delete;
        }
    }
    return row[nb];
}

const char *vcl_nearest(const char *word, const char *const *names)
{
    const char *best = NULL;
    size_t best_distance = strlen(word) / 3 + 2;
    for (; *names; names++) {
        size_t distance = edit_distance(word, *names);
        if (distance < best_distance) {
            best_distance = distance;
            best = *names;
        }
    }
    return best;
}

static bool same_letters(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (vcl_to_lower(a[i]) != vcl_to_lower(b[i]))
            return false;
    }
    return true;
}

bool vcl_ends_with(const char *text, const char *suffix)
{
    size_t nt = strlen(text), ns = strlen(suffix);
    return nt >= ns && same_letters(text + nt - ns, suffix, ns);
}

bool vcl_contains(const char *text, const char *part)
{
    size_t nt = strlen(text), np = strlen(part);
    for (size_t i = 0; i + np <= nt; i++) {
        if (same_letters(text + i, part, np))
            return true;
    }
    return false;
}

bool vcl_same_word(const char *a, const char *b)
{
    size_t len = strlen(a);
    return strlen(b) == len && same_letters(a, b, len);
}

uint64_t vcl_hash(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001B3);
    while (*text++);
    return hash;
}
