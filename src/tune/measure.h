/* SPDX-License-Identifier: MIT
 *
 * Timing on a device: any work that can be enqueued, the device's peaks, one matrix product.
 */
#ifndef VCL_TUNE_MEASURE_H
#define VCL_TUNE_MEASURE_H

#include "cl/emit.h"

/* Something to time: `enqueue` enqueues it once, and does not wait. */
struct vcl_work {
    enum vcl_status (*enqueue)(struct vcl_ctx *ctx, const void *data, struct vcl_error *err);
    const void *data;
};

/* Running a list; `*list` must be there when the work is done. */
struct vcl_work vcl_list_work(struct vcl_list **list);

/* Seconds that `runs` runs take together, until the device is done. */
enum vcl_status vcl_time_runs(struct vcl_ctx *ctx, const struct vcl_work *work, unsigned runs,
                              double *ret_seconds, struct vcl_error *err) VCL_MUST_CHECK;

/* Seconds that the work takes, in a row of its like, over seven timings. */
struct vcl_timing {
    double median, fastest;
};

/* The timings last for about `seconds` together. Runs before them compile, warm up and tell how
 * many make a timing. */
enum vcl_status vcl_measure(struct vcl_ctx *ctx, const struct vcl_work *work, double seconds,
                            struct vcl_timing *ret_timing, struct vcl_error *err) VCL_MUST_CHECK;

/* The time of a product on the implementation that the context chooses, with its packing and its
 * epilogue, launched from a list as in training. Its buffers are there; c is overwritten. */
enum vcl_status vcl_measure_gemm(struct vcl_ctx *ctx, const struct vcl_gemm *gemm, double seconds,
                                 struct vcl_timing *ret_timing,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* ---- what a device can do: of the fastest timing, as other work can only hide it ---- */

/* GFLOP/s (2 for a multiply-add) of fp32 fma from registers, at the vector width that does best. */
enum vcl_status vcl_measure_peak(struct vcl_ctx *ctx, double seconds, double *ret_gflops,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* GB/s through buffers that no cache holds; copy and triad count what is read and what is written.
 */
struct vcl_bandwidth {
    double read, copy, triad;
    double best;
};
enum vcl_status vcl_measure_bandwidth(struct vcl_ctx *ctx, double seconds,
                                      struct vcl_bandwidth *ret_bandwidth,
                                      struct vcl_error *err) VCL_MUST_CHECK;

/* Of `count` values, which are put in order. */
double vcl_median(double *values, size_t count);

#endif
