/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/c_locale.h"

const char *vcl_status_text(enum vcl_status status)
{
    switch (status) {
    case VCL_OK:
        return "success";
#define VCL_STATUS_CASE(name, value, text)                                                         \
    case VCL_##name:                                                                               \
        return text;
        VCL_STATUS_MAP(VCL_STATUS_CASE)
#undef VCL_STATUS_CASE
    }
    return "unknown status";
}

enum vcl_status vcl_error_set(struct vcl_error *err, enum vcl_status status, const char *file,
                              int line, const char *fmt, ...)
{
    if (!err)
        return status;
    err->status = status;
    err->cl = 0;
    err->file = file;
    err->line = line;
    err->hint[0] = '\0';
    va_list ap;
    va_start(ap, fmt);
    vcl_format_v(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    return status;
}

enum vcl_status vcl_error_hint(struct vcl_error *err, enum vcl_status status, const char *fmt, ...)
{
    if (!err)
        return status;
    va_list ap;
    va_start(ap, fmt);
    vcl_format_v(err->hint, sizeof err->hint, fmt, ap);
    va_end(ap);
    return status;
}

enum vcl_status vcl_error_wrap(struct vcl_error *err, enum vcl_status status, const char *fmt, ...)
{
    if (!err)
        return status;
    char context[sizeof err->msg], cause[sizeof err->msg];
    va_list ap;
    va_start(ap, fmt);
    vcl_format_v(context, sizeof context, fmt, ap);
    va_end(ap);
    memcpy(cause, err->msg, sizeof cause);
    snprintf(err->msg, sizeof err->msg, "%.400s: %.600s", context, cause);
    return status;
}
