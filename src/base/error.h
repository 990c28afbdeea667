/* SPDX-License-Identifier: MIT
 *
 * How library code reports errors: ERR sets the caller's error value and yields the status;
 * TRY and FAIL leave for the single `out:` label of a function that keeps its status in `r`.
 */
#ifndef VCL_BASE_ERROR_H
#define VCL_BASE_ERROR_H

#include "vaecl/status.h"

enum vcl_status vcl_error_set(struct vcl_error *err, enum vcl_status status, const char *file,
                              int line, const char *fmt, ...) VCL_PRINTF(5, 6);

/* Sets the remedy shown on the `hint:` line. Returns err->status, or `status` if err is NULL. */
enum vcl_status vcl_error_hint(struct vcl_error *err, enum vcl_status status, const char *fmt, ...)
    VCL_PRINTF(3, 4);

/* Puts "context: " before the message that is already there; returns `status` unchanged. */
enum vcl_status vcl_error_wrap(struct vcl_error *err, enum vcl_status status, const char *fmt, ...)
    VCL_PRINTF(3, 4);

#define ERR(err, status, ...) vcl_error_set((err), (status), __FILE__, __LINE__, __VA_ARGS__)

#define TRY(expr)                                                                                  \
    do {                                                                                           \
        if ((r = (expr)) < 0)                                                                      \
            goto out;                                                                              \
    } while (0)

#define FAIL(err, status, ...)                                                                     \
    do {                                                                                           \
        r = ERR(err, status, __VA_ARGS__);                                                         \
        goto out;                                                                                  \
    } while (0)

#endif
