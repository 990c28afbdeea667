/* SPDX-License-Identifier: MIT */
#include "tune/measure.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "gemm/gemm.h"

enum { TIMINGS = 7, MAX_QUEUED = 2000 };

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double vcl_median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, ascending);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

enum vcl_status vcl_time_runs(struct vcl_ctx *ctx, const struct vcl_work *work, unsigned runs,
                              double *ret_seconds, struct vcl_error *err)
{
    double begun = vcl_now();
    enum vcl_status r;
    for (unsigned i = 0; i < runs; i++)
        TRY(work->enqueue(ctx, work->data, err));
    TRY(vcl_ctx_finish(ctx, err));
    *ret_seconds = vcl_now() - begun;
out:
    return r;
}

/* How many runs last for `seconds`: doubled until they last for half of that, then by proportion.
 */
static enum vcl_status runs_for(struct vcl_ctx *ctx, const struct vcl_work *work, double seconds,
                                unsigned *ret_runs, struct vcl_error *err)
{
    double elapsed = 0, runs = 1;
    enum vcl_status r;
    TRY(vcl_time_runs(ctx, work, 1, &elapsed, err)); /* compiles */
    for (;; runs *= 2) {
        TRY(vcl_time_runs(ctx, work, (unsigned)runs, &elapsed, err));
        if (elapsed > seconds / 2 || 2 * runs > MAX_QUEUED)
            break;
    }
    runs *= elapsed > 0 ? seconds / elapsed : 1;
    *ret_runs = runs < 1 ? 1 : runs > MAX_QUEUED ? MAX_QUEUED : (unsigned)runs;
out:
    return r;
}

enum vcl_status vcl_measure(struct vcl_ctx *ctx, const struct vcl_work *work, double seconds,
                            struct vcl_timing *ret_timing, struct vcl_error *err)
{
    double timings[TIMINGS];
    unsigned runs;
    enum vcl_status r;
    TRY(runs_for(ctx, work, seconds / TIMINGS, &runs, err));
    for (int i = 0; i < TIMINGS; i++)
        TRY(vcl_time_runs(ctx, work, runs, &timings[i], err));
    double median = vcl_median(timings, TIMINGS); /* puts them in order */
    *ret_timing = (struct vcl_timing){.median = median / runs, .fastest = timings[0] / runs};
out:
    return r;
}

/* ---- a matrix product ---- */

static enum vcl_status enqueue_list(struct vcl_ctx *ctx, const void *data, struct vcl_error *err)
{
    (void)ctx;
    return vcl_list_run(*(struct vcl_list *const *)data, err);
}

struct vcl_work vcl_list_work(struct vcl_list **list)
{
    return (struct vcl_work){enqueue_list, list};
}

enum vcl_status vcl_measure_gemm(struct vcl_ctx *ctx, const struct vcl_gemm *gemm, double seconds,
                                 struct vcl_timing *ret_timing, struct vcl_error *err)
{
    struct vcl_list *list = NULL;
    const struct vcl_work work = vcl_list_work(&list);
    enum vcl_status r;
    TRY(vcl_list_create(ctx, &list, err));
    TRY(vcl_gemm_emit(&(struct vcl_emit){.ctx = ctx, .list = list}, gemm, err));
    vcl_list_seal(list);
    TRY(vcl_measure(ctx, &work, seconds, ret_timing, err));
out:
    vcl_list_destroy(&list);
    return r;
}

/* ---- peaks ---- */

static enum vcl_status enqueue_launch(struct vcl_ctx *ctx, const void *data, struct vcl_error *err)
{
    return vcl_launch_run(ctx, data, err);
}

/* A kernel of peak.cl over all compute units, with `items` work-items for each. */
static struct vcl_launch over_device(const struct vcl_ctx *ctx, const char *kernel,
                                     const char *options, size_t items)
{
    size_t units = vcl_ctx_device(ctx)->compute_units, local = vcl_ctx_is_cpu(ctx) ? 1 : 64;
    return (struct vcl_launch){
        .source = "peak.cl",
        .kernel = kernel,
        .options = options,
        .global = {(units ? units : 1) * items, 1, 1},
        .local = {local, 1, 1},
    };
}

/* Chains of fma: enough of them for latencies of 4 to 5 cycles on two pipes, and together with the
 * operands no more than there are registers, in one of the two widths of CPUs. */
struct peak_shape {
    unsigned width, sums;
    size_t items; /* a compute unit */
};
static const struct peak_shape cpu_shapes[] = {{8, 12, 4}, {16, 12, 4}, {0}};
static const struct peak_shape gpu_shapes[] = {{1, 8, 4096}, {4, 4, 4096}, {0}};

/* Rounds are raised until starting a launch takes a negligible part of its time. */
static enum vcl_status peak_of_shape(struct vcl_ctx *ctx, const struct peak_shape *shape,
                                     double seconds, double *ret_gflops, struct vcl_error *err)
{
    char options[64];
    double elapsed = 0;
    struct vcl_timing timing;
    struct vcl_buf *out = NULL;
    enum vcl_status r;
    snprintf(options, sizeof options, "-DWIDTH=%u -DSUMS=%u", shape->width, shape->sums);
    struct vcl_launch launch = over_device(ctx, "peak_fma", options, shape->items);
    const struct vcl_work work = {enqueue_launch, &launch};
    TRY(vcl_buf_create(ctx, launch.global[0] * sizeof(float), &out, err));
    launch.args[1] = VCL_ARG(0.75f);
    launch.args[2] = VCL_ARG(0.25f);
    launch.args[3] = VCL_ARG(out);
    launch.n_args = 4;
    int32_t rounds = 256;
    for (; elapsed < 2e-3 && rounds < 1 << 24; rounds *= 4) {
        launch.args[0] = VCL_ARG(rounds);
        TRY(vcl_time_runs(ctx, &work, 1, &elapsed, err)); /* compiles, the first time */
        TRY(vcl_time_runs(ctx, &work, 1, &elapsed, err));
    }
    TRY(vcl_measure(ctx, &work, seconds, &timing, err));
    *ret_gflops = 2e-9 * (double)launch.global[0] * (double)(rounds / 4) * shape->sums *
                  shape->width / timing.fastest;
out:
    vcl_buf_destroy(&out);
    return r;
}

enum vcl_status vcl_measure_peak(struct vcl_ctx *ctx, double seconds, double *ret_gflops,
                                 struct vcl_error *err)
{
    double best = 0;
    enum vcl_status r = VCL_OK;
    const struct peak_shape *shape = vcl_ctx_is_cpu(ctx) ? cpu_shapes : gpu_shapes;
    for (; shape->width; shape++) {
        double gflops;
        TRY(peak_of_shape(ctx, shape, seconds / 2, &gflops, err));
        vcl_log(ctx, VCL_LOG_DEBUG, "fma on vectors of %u: %.1f GFLOP/s", shape->width, gflops);
        best = gflops > best ? gflops : best;
    }
    *ret_gflops = best;
out:
    return r;
}

/* A quarter of a GiB is several times the largest cache; less where memory is short. */
static size_t walk_size(const struct vcl_device_info *device)
{
    size_t size = (size_t)256 << 20;
    while (size > 1 << 20 && (size > device->max_alloc || 6 * (uint64_t)size > device->memory))
        size /= 2;
    return size;
}

/* How fast a kernel goes through buffers, in GB/s of the first one. */
static enum vcl_status walk(struct vcl_ctx *ctx, const char *kernel, struct vcl_buf *const *bufs,
                            double seconds, double *ret_gbs, struct vcl_error *err)
{
    bool cpu = vcl_ctx_is_cpu(ctx);
    char options[64];
    size_t size = vcl_buf_size(bufs[0]), width = cpu ? 16 : 4;
    snprintf(options, sizeof options, "-DWIDTH=%zu -DSPREAD=%d", width, !cpu);
    struct vcl_launch launch = over_device(ctx, kernel, options, cpu ? 16 : 2048);
    const struct vcl_work work = {enqueue_launch, &launch};
    struct vcl_timing timing;
    size_t vectors = size / sizeof(float) / width / launch.global[0] * launch.global[0];
    uint32_t n = 0;
    enum vcl_status r;
    launch.args[n++] = VCL_ARG((int32_t)vectors);
    if (bufs[2])
        launch.args[n++] = VCL_ARG(3.0f);
    for (int i = 0; i < 3 && bufs[i]; i++)
        launch.args[n++] = VCL_ARG(bufs[i]);
    launch.n_args = n;
    TRY(vcl_measure(ctx, &work, seconds, &timing, err));
    *ret_gbs = 1e-9 * (double)(vectors * width * sizeof(float)) / timing.fastest;
out:
    return r;
}

enum vcl_status vcl_measure_bandwidth(struct vcl_ctx *ctx, double seconds,
                                      struct vcl_bandwidth *ret_bandwidth, struct vcl_error *err)
{
    size_t size = walk_size(vcl_ctx_device(ctx));
    struct vcl_buf *bufs[3] = {NULL};
    struct vcl_bandwidth b;
    enum vcl_status r;
    for (int i = 0; i < 3; i++)
        TRY(vcl_buf_create(ctx, size, &bufs[i], err));
    struct vcl_buf *const two[3] = {bufs[0], bufs[1], NULL};
    TRY(walk(ctx, "peak_read", two, seconds / 3, &b.read, err));
    TRY(walk(ctx, "peak_copy", two, seconds / 3, &b.copy, err));
    TRY(walk(ctx, "peak_triad", bufs, seconds / 3, &b.triad, err));
    b.copy *= 2; /* what is read and what is written */
    b.triad *= 3;
    b.best = b.read > b.copy ? b.read : b.copy;
    b.best = b.triad > b.best ? b.triad : b.best;
    *ret_bandwidth = b;
out:
    for (int i = 0; i < 3; i++)
        vcl_buf_destroy(&bufs[i]);
    return r;
}
