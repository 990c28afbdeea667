/* SPDX-License-Identifier: MIT
 *
 * The C locale for this thread and a while. The host program may have set another, in which numbers
 * have a decimal comma; what the library reads and writes must not depend on it. Whatever formats
 * or parses a fraction does it in here, or through vcl_format, vcl_str_add and vcl_parse_f64.
 */
#ifndef VCL_BASE_C_LOCALE_H
#define VCL_BASE_C_LOCALE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "vaecl/status.h"

struct vcl_c_locale {
    void *own, *before;
};

/* False where the system has no memory for it (glibc and musl need none): nothing has changed. */
bool vcl_c_locale_enter(struct vcl_c_locale *locale) VCL_MUST_CHECK;
/* Puts back what the thread had. */
void vcl_c_locale_leave(struct vcl_c_locale *locale);

/* snprintf and vsnprintf in the C locale; after a negative result `out` is "". */
int vcl_format(char *out, size_t size, const char *fmt, ...) VCL_PRINTF(3, 4);
int vcl_format_v(char *out, size_t size, const char *fmt, va_list ap) VCL_PRINTF(3, 0);

/* <ctype.h> of the C locale: ASCII alone. */
static inline bool vcl_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char vcl_to_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static inline bool vcl_is_letter_or_digit(char c)
{
    return vcl_is_digit(c) || (vcl_to_lower(c) >= 'a' && vcl_to_lower(c) <= 'z');
}

static inline bool vcl_is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static inline bool vcl_is_control(char c)
{
    return (c >= 0 && c < ' ') || c == 0x7f;
}

#endif
