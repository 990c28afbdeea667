/* SPDX-License-Identifier: MIT
 *
 * Status codes and the error value that every fallible function of the library fills.
 *
 * A fallible function returns an `enum vcl_status`: 0 on success, negative otherwise. Its last
 * parameter is a `struct vcl_error *`: a value the caller owns, with nothing to free; NULL is
 * allowed. Output parameters are named `ret_x` and are written on success only.
 * The library never prints, exits or reads the environment.
 */
#ifndef VAECL_STATUS_H
#define VAECL_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define VCL_API          __attribute__((visibility("default")))
#define VCL_MUST_CHECK   __attribute__((warn_unused_result))
#define VCL_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define VCL_API
#define VCL_MUST_CHECK
#define VCL_PRINTF(f, a)
#endif

#define VCL_STATUS_MAP(X)                                                                          \
    X(E_NOMEM, -1, "out of memory")                                                                \
    X(E_ARG, -2, "invalid argument")                                                               \
    X(E_IO, -3, "input/output error")                                                              \
    X(E_FORMAT, -4, "malformed file")                                                              \
    X(E_SHAPE, -5, "shapes do not match")                                                          \
    X(E_RANGE, -6, "value out of range")                                                           \
    X(E_EXISTS, -7, "already exists")                                                              \
    X(E_NODEVICE, -8, "no usable OpenCL device")                                                   \
    X(E_CL, -9, "OpenCL error")                                                                    \
    X(E_BUILD, -10, "kernel does not compile")                                                     \
    X(E_NUMERIC, -11, "not a finite number")                                                       \
    X(E_DEVMEM, -12, "out of device memory")                                                       \
    X(E_INTERRUPTED, -13, "interrupted")                                                           \
    X(E_UNSUPPORTED, -14, "not supported")                                                         \
    X(E_CHECK, -15, "result differs from the reference")                                           \
    X(E_BUSY, -16, "in use by another process")

enum vcl_status {
    VCL_OK = 0,
#define VCL_STATUS_ENUM(name, value, text) VCL_##name = value,
    VCL_STATUS_MAP(VCL_STATUS_ENUM)
#undef VCL_STATUS_ENUM
};

/* What went wrong. `msg` is one line without a full stop; `hint` is empty or says what to do. */
struct vcl_error {
    enum vcl_status status;
    int cl;           /* OpenCL's code where it was the cause, otherwise 0 */
    const char *file; /* where in the library, for bug reports */
    int line;
    char msg[1024];
    char hint[512];
};

/* A short English description of a status, for instance "malformed file". Never NULL. */
VCL_API const char *vcl_status_text(enum vcl_status status);

#ifdef __cplusplus
}
#endif
#endif
