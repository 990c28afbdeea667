/* SPDX-License-Identifier: MIT
 *
 * Checks every kernel and matrix product on a device: against a plain C reference that adds in the
 * same order (bit by bit) and against the mathematical formula in double precision.
 */
#ifndef VAECL_SELFTEST_H
#define VAECL_SELFTEST_H

#include <stdbool.h>
#include <stdint.h>

#include "vaecl/device.h"
#include "vaecl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One operation on one shape. Strings are valid during the call only. */
struct vcl_selftest_result {
    const char *name;           /* "gemm": one of vcl_selftest_names() */
    const char *implementation; /* "packed"; elsewhere the kernel's file, "latent.cl" */
    const char *shape;          /* "31 x 33 x 257, A transposed, + bias, relu" */
    /* Distance to the formula in double precision, relative to the terms that enter a result, and
     * what is allowed for this type and length of sum. Both 0 where only bits were compared. */
    double max_error, tolerance;
    bool exact;         /* the bits were compared, too */
    bool passed;        /* within tolerance, bits equal, and nothing written beyond the results */
    const char *detail; /* where it differs, "c[17] is 0x1p+3, not 0x1.8p+3"; else "" */
};

struct vcl_selftest_params {
    bool quick;       /* few shapes: seconds rather than a minute */
    bool tiny;        /* each kernel once and on the smallest shapes, for simulators */
    bool settings;    /* although quick: the settings that products have beside their defaults */
    bool stop;        /* at the first case that fails */
    uint64_t seed;    /* of the inputs */
    const char *only; /* run the check of this name alone; NULL or "" for all */
    void (*result)(void *user, const struct vcl_selftest_result *result); /* or NULL */
    void *user;
};

/* `params` NULL means all defaults. Fails with VCL_E_CHECK if a result differs, or with the status
 * of the first operation that did not run; the other checks run nevertheless. */
VCL_API enum vcl_status vcl_selftest(struct vcl_ctx *ctx, const struct vcl_selftest_params *params,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* The names of all checks, in their order; ends with NULL. */
VCL_API const char *const *vcl_selftest_names(void);

#ifdef __cplusplus
}
#endif
#endif
