/* SPDX-License-Identifier: MIT
 *
 * The kernel checks behind vcl_selftest. A check runs an operation on several shapes; each such
 * case makes its buffers, runs the operation, fills in what the results must be, and ends:
 *
 *     TRY(vcl_case_begin(c, "reduce.cl", "%zu x %zu", rows, cols));
 *     TRY(vcl_input(c, "x", rows * cols, vcl_fill_signed, &x, err));
 *     TRY(vcl_output(c, "sums", cols, vcl_fill_signed, tolerance, &sums, err));
 *     TRY(vcl_column_sums(c->ctx, rows, cols, false, x->buf, sums->buf, err));
 *     ... sums->exact[j] = ...; sums->formula[j] = (struct vcl_formula){value, scale};
 *     TRY(vcl_case_end(c, err));
 *
 * vcl_case_end compares every buffer of the case: outputs bit by bit with `exact` and within their
 * tolerance of `formula`, inputs with what they were, guard zones around both with their pattern.
 * Whatever a failed case leaves behind is released by the runner (selftest.c).
 *
 * To add a check: a `const struct vcl_check vcl_check_NAME` and the word in src/check/meson.build.
 */
#ifndef VCL_CHECK_CHECK_H
#define VCL_CHECK_CHECK_H

#include "base/mem.h"
#include "base/philox.h"
#include "cl/context.h"
#include "ops/ops.h"
#include "vaecl/selftest.h"

struct vcl_checker;

struct vcl_check {
    const char *name, *help;
    enum vcl_status (*run)(struct vcl_checker *checker, struct vcl_error *err);
};

#include "checks.rows.h"

/* What a result should be by its mathematical formula, and the size of the terms it is made of:
 * rounding errors are relative to that. An infinite scale allows anything. */
struct vcl_formula {
    double value, scale;
};

/* A buffer of the running case. `host` is what the device was given. */
struct vcl_zone {
    struct vcl_zone *next;
    const char *name;
    size_t size; /* bytes */
    void *host;
    struct vcl_buf *parent, *buf; /* `buf` lies between the guard zones of `parent` */
    const void *after;            /* inputs and outputs of bytes: what it must hold in the end */
    float *exact;                 /* outputs of floats: this, bit by bit ... */
    struct vcl_formula *formula;  /* ... and this within the tolerance */
    double tolerance;
};

struct vcl_checker {
    struct vcl_ctx *ctx;
    const struct vcl_selftest_params *params;
    const struct vcl_check *check; /* the running one */
    bool subnormals;               /* the device keeps them */
    size_t ran, failed;
    char first_failure[512];
    /* the running case */
    struct vcl_arena arena;
    struct vcl_zone *zones;
    struct vcl_philox rng;
    uint32_t fills;
    const char *implementation;
    char shape[160], detail[320];
    bool same_bits; /* compare with `exact`; vcl_case_begin sets it */
    double max_error, tolerance;
};

/* ---- case.c ---- */

/* `implementation` must outlive the case. */
void vcl_case_begin(struct vcl_checker *checker, const char *implementation, const char *shape, ...)
    VCL_PRINTF(3, 4);
enum vcl_status vcl_case_end(struct vcl_checker *checker, struct vcl_error *err) VCL_MUST_CHECK;
/* Releases a case that did not end. */
void vcl_case_abandon(struct vcl_checker *checker);

/* How many of a table's cases to run: of `tiny`, `quick` and `full` the one that was asked for. */
size_t vcl_case_count(const struct vcl_checker *checker, size_t tiny, size_t quick, size_t full);

/* A quick run is wanted: one program less where others cross the same lines. */
bool vcl_case_quick(const struct vcl_checker *checker);

/* ---- zone.c ---- */

/* n floats made by `fill` from random words. */
enum vcl_status vcl_input(struct vcl_checker *checker, const char *name, size_t n,
                          float (*fill)(uint32_t word), struct vcl_zone **ret_zone,
                          struct vcl_error *err) VCL_MUST_CHECK;
/* `size` bytes as given. */
enum vcl_status vcl_input_bytes(struct vcl_checker *checker, const char *name, const void *data,
                                size_t size, struct vcl_zone **ret_zone,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* n floats that the operation changes; with `fill` NULL they are NaN before. `exact` and `formula`
 * begin as "unchanged". */
enum vcl_status vcl_output(struct vcl_checker *checker, const char *name, size_t n,
                           float (*fill)(uint32_t word), double tolerance,
                           struct vcl_zone **ret_zone, struct vcl_error *err) VCL_MUST_CHECK;
/* An output whose bits alone are compared. */
enum vcl_status vcl_output_bytes(struct vcl_checker *checker, const char *name, const void *before,
                                 const void *after, size_t size, struct vcl_zone **ret_zone,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* The input as floats. */
const float *vcl_zone_floats(const struct vcl_zone *zone);

void vcl_zone_finish(struct vcl_zone *zone);

/* Reads the buffer back into *ret_data (from the case's arena); *ret_stray is the offset from the
 * buffer's start of the first byte written in a guard zone, or 0 if none is. */
enum vcl_status vcl_zone_read(struct vcl_checker *checker, const struct vcl_zone *zone,
                              void **ret_data, ptrdiff_t *ret_stray,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* ---- compare.c ---- */

/* Compares a zone's contents; what differs goes into the checker's `detail`. */
void vcl_zone_compare(struct vcl_checker *checker, const struct vcl_zone *zone, const void *data);

/* Says where the running case failed; the first report is kept. */
void vcl_case_fail(struct vcl_checker *checker, const char *fmt, ...) VCL_PRINTF(2, 3);

/* Tolerances are relative to vcl_formula.scale; a float's rounding errs by at most 2^-24. */

/* An element-wise result of a function with errors up to `ulps` units in the last place. */
double vcl_tolerance_ulps(double ulps);
/* A sum of n products by fma in chunks of 256, chunk sums added. */
double vcl_tolerance_chunked(size_t n);
/* A sum of n terms on 16 lanes, then over the lanes; each term with errors up to `ulps`. */
double vcl_tolerance_lanes(size_t n, double ulps);
/* A sum of n products in any order. */
double vcl_tolerance_any_order(size_t n);

/* ---- fill.c: values biased to where formulas change and errors hide ---- */

/* fill(word) for the checker's device: on one without subnormals, numbers are zero whose products
 * might be subnormal; such a product could still break a tie elsewhere. */
float vcl_fill(const struct vcl_checker *checker, float (*fill)(uint32_t word), uint32_t word);

float vcl_fill_signed(uint32_t word);       /* [-3, 3]: none that hides others in a sum */
float vcl_fill_unit(uint32_t word);         /* [0, 1] */
float vcl_fill_logit(uint32_t word);        /* [-12, 12], and to +-110 */
float vcl_fill_log_variance(uint32_t word); /* [-4, 4], and beyond the clamp at +-20 */
float vcl_fill_any(uint32_t word);          /* any number at all, infinities and NaN */

#endif
