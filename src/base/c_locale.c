/* SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "base/c_locale.h"

#include <locale.h>
#include <stdio.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif

bool vcl_c_locale_enter(struct vcl_c_locale *locale)
{
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c)
        return false;
    locale->own = c;
    locale->before = uselocale(c);
    return true;
}

void vcl_c_locale_leave(struct vcl_c_locale *locale)
{
    uselocale(locale->before);
    freelocale(locale->own);
}

int vcl_format_v(char *out, size_t size, const char *fmt, va_list ap)
{
    struct vcl_c_locale locale;
    int length = -1;
    if (vcl_c_locale_enter(&locale)) {
        length = vsnprintf(out, size, fmt, ap);
        vcl_c_locale_leave(&locale);
    }
    if (length < 0 && size)
        out[0] = '\0';
    return length;
}

int vcl_format(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int length = vcl_format_v(out, size, fmt, ap);
    va_end(ap);
    return length;
}
