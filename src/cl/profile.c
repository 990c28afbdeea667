/* SPDX-License-Identifier: MIT
 *
 * Device time by kernel and use. Events are kept until there are many, then the older half, which
 * the device has long done, is read and released: reading is not to make the device wait.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/internal.h"

struct vcl_profile_entry {
    struct vcl_profile_entry *next;
    struct vcl_profile_row row;
};

struct vcl_profile_event {
    cl_event event;
    struct vcl_profile_entry *entry;
};

enum { MAX_PENDING = 4096 };

void vcl_label_text(const struct vcl_label *label, char text[VCL_USE_TEXT])
{
    int len = snprintf(text, VCL_USE_TEXT, "%.50s%s%s", label->name ? label->name : "",
                       label->name ? " " : "", label->pass ? label->pass : "");
    if (label->m)
        snprintf(text + len, VCL_USE_TEXT - (size_t)len, "%s%u x %u x %u", len ? ", " : "",
                 label->m, label->n, label->k);
}

static struct vcl_profile_entry *entry_for(struct vcl_ctx *ctx, const char *kernel, const char *use)
{
    struct vcl_profile_entry *entry = ctx->profiled.entries;
    while (entry && (strcmp(entry->row.use, use) != 0 || strcmp(entry->row.kernel, kernel) != 0))
        entry = entry->next;
    if (!entry && vcl_arena_alloc(&ctx->arena, sizeof *entry, &entry, NULL) == VCL_OK) {
        snprintf(entry->row.kernel, sizeof entry->row.kernel, "%s", kernel);
        snprintf(entry->row.use, sizeof entry->row.use, "%s", use);
        entry->next = ctx->profiled.entries;
        ctx->profiled.entries = entry;
    }
    return entry;
}

static void add_times(struct vcl_profile *profile, struct vcl_profile_event *pending)
{
    cl_ulong start = 0, end = 0;
    pending->entry->row.launches++;
    if (clGetEventProfilingInfo(pending->event, CL_PROFILING_COMMAND_START, sizeof start, &start,
                                NULL) != CL_SUCCESS ||
        clGetEventProfilingInfo(pending->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL) !=
            CL_SUCCESS ||
        end <= start)
        return; /* a launch without a time */
    pending->entry->row.seconds += (double)(end - start) * 1e-9;
    if (!profile->watching)
        return;
    profile->running += (double)(end - start);
    if (!profile->last)
        profile->first = start;
    profile->last = end;
}

/* Reads the events but for the last `keep`. */
static void collect(struct vcl_profile *profile, size_t keep)
{
    size_t n = profile->n_events > keep ? profile->n_events - keep : 0;
    if (n)
        clWaitForEvents(1, &profile->events[n - 1].event);
    for (size_t i = 0; i < n; i++) {
        add_times(profile, &profile->events[i]);
        clReleaseEvent(profile->events[i].event);
    }
    profile->n_events -= n;
    if (n && profile->n_events)
        memmove(profile->events, profile->events + n, profile->n_events * sizeof *profile->events);
}

void vcl_profile_add(struct vcl_ctx *ctx, const char *kernel, const char *use, cl_event event)
{
    struct vcl_profile *profile = &ctx->profiled;
    if (profile->n_events == MAX_PENDING)
        collect(profile, MAX_PENDING / 2);
    struct vcl_profile_entry *entry = entry_for(ctx, kernel, use);
    if (!entry || vcl_grow(&profile->events, &profile->cap_events, profile->n_events + 1,
                           sizeof *profile->events, NULL) < 0) {
        clReleaseEvent(event); /* out of memory: this launch goes uncounted */
        return;
    }
    profile->events[profile->n_events++] = (struct vcl_profile_event){event, entry};
}

void vcl_profile_watch(struct vcl_ctx *ctx, bool on)
{
    struct vcl_profile *profile = &ctx->profiled;
    collect(profile, 0);
    if (profile->watching && !on) {
        profile->busy += profile->running;
        profile->wall += (double)profile->last - (double)profile->first;
    }
    profile->first = profile->last = 0;
    profile->running = 0;
    profile->watching = on;
}

double vcl_profile_busy_share(const struct vcl_ctx *ctx)
{
    return ctx->profiled.wall > 0 ? ctx->profiled.busy / ctx->profiled.wall : 0;
}

static int by_time(const void *a, const void *b)
{
    double difference =
        ((const struct vcl_profile_row *)b)->seconds - ((const struct vcl_profile_row *)a)->seconds;
    return (difference > 0) - (difference < 0);
}

enum vcl_status vcl_profile_read(struct vcl_ctx *ctx, struct vcl_profile_row **ret_rows,
                                 size_t *ret_count, struct vcl_error *err)
{
    collect(&ctx->profiled, 0);
    size_t count = 0;
    for (struct vcl_profile_entry *e = ctx->profiled.entries; e; e = e->next)
        count++;
    struct vcl_profile_row *rows;
    enum vcl_status r = vcl_alloc(count, sizeof *rows, &rows, err);
    if (r < 0)
        return r;
    size_t i = 0;
    for (struct vcl_profile_entry *e = ctx->profiled.entries; e; e = e->next)
        rows[i++] = e->row;
    qsort(rows, count, sizeof *rows, by_time);
    *ret_rows = rows;
    *ret_count = count;
    return VCL_OK;
}

void vcl_profile_reset(struct vcl_ctx *ctx)
{
    collect(&ctx->profiled, 0);
    for (struct vcl_profile_entry *e = ctx->profiled.entries; e; e = e->next) {
        e->row.launches = 0;
        e->row.seconds = 0;
    }
    ctx->profiled.busy = ctx->profiled.wall = 0;
}

void vcl_profile_finish(struct vcl_ctx *ctx)
{
    for (size_t i = 0; i < ctx->profiled.n_events; i++)
        clReleaseEvent(ctx->profiled.events[i].event);
    free(ctx->profiled.events);
}
