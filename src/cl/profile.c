/* SPDX-License-Identifier: MIT
 *
 * Device time by kernel. Events are kept until there are many, then read and released at once.
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

static struct vcl_profile_entry *entry_for(struct vcl_ctx *ctx, const char *kernel)
{
    struct vcl_profile_entry *entry = ctx->profile_entries;
    while (entry && strcmp(entry->row.kernel, kernel) != 0)
        entry = entry->next;
    if (!entry && vcl_arena_alloc(&ctx->arena, sizeof *entry, &entry, NULL) == VCL_OK) {
        snprintf(entry->row.kernel, sizeof entry->row.kernel, "%s", kernel);
        entry->next = ctx->profile_entries;
        ctx->profile_entries = entry;
    }
    return entry;
}

static void collect(struct vcl_ctx *ctx)
{
    for (size_t i = 0; i < ctx->n_profile_events; i++) {
        struct vcl_profile_event *pending = &ctx->profile_events[i];
        cl_ulong start = 0, end = 0;
        clWaitForEvents(1, &pending->event);
        clGetEventProfilingInfo(pending->event, CL_PROFILING_COMMAND_START, sizeof start, &start,
                                NULL);
        clGetEventProfilingInfo(pending->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
        clReleaseEvent(pending->event);
        pending->entry->row.launches++;
        if (end > start)
            pending->entry->row.seconds += (double)(end - start) * 1e-9;
    }
    ctx->n_profile_events = 0;
}

void vcl_profile_add(struct vcl_ctx *ctx, const char *kernel, cl_event event)
{
    if (ctx->n_profile_events == MAX_PENDING)
        collect(ctx);
    struct vcl_profile_entry *entry = entry_for(ctx, kernel);
    if (!entry || vcl_grow(&ctx->profile_events, &ctx->cap_profile_events,
                           ctx->n_profile_events + 1, sizeof *ctx->profile_events, NULL) < 0) {
        clReleaseEvent(event); /* out of memory: this launch goes uncounted */
        return;
    }
    ctx->profile_events[ctx->n_profile_events++] = (struct vcl_profile_event){event, entry};
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
    collect(ctx);
    size_t count = 0;
    for (struct vcl_profile_entry *e = ctx->profile_entries; e; e = e->next)
        count++;
    struct vcl_profile_row *rows;
    enum vcl_status r = vcl_alloc(count, sizeof *rows, &rows, err);
    if (r < 0)
        return r;
    size_t i = 0;
    for (struct vcl_profile_entry *e = ctx->profile_entries; e; e = e->next)
        rows[i++] = e->row;
    qsort(rows, count, sizeof *rows, by_time);
    *ret_rows = rows;
    *ret_count = count;
    return VCL_OK;
}

void vcl_profile_reset(struct vcl_ctx *ctx)
{
    collect(ctx);
    for (struct vcl_profile_entry *e = ctx->profile_entries; e; e = e->next) {
        e->row.launches = 0;
        e->row.seconds = 0;
    }
}

void vcl_profile_finish(struct vcl_ctx *ctx)
{
    for (size_t i = 0; i < ctx->n_profile_events; i++)
        clReleaseEvent(ctx->profile_events[i].event);
    free(ctx->profile_events);
}
