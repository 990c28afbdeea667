/* SPDX-License-Identifier: MIT
 *
 * Buffers between guard zones. The pattern there reads as NaN, so that a result which uses what
 * lies beyond an input shows it. Simulators find stray accesses themselves, but for their reads
 * only where the allocation ends: on tiny shapes inputs are allocations of their own.
 */
#include <string.h>

#include "check/check.h"

enum { GUARD = 4096 }; /* bytes, at least */

static unsigned char pattern(size_t at)
{
    static const unsigned char nan[4] = {0xA5, 0x5A, 0xC5, 0xFF};
    return nan[at % sizeof nan];
}

static size_t guard_size(const struct vcl_checker *checker)
{
    size_t unit = vcl_buf_alignment(checker->ctx);
    return (GUARD + unit - 1) / unit * unit;
}

static enum vcl_status write_guarded(struct vcl_checker *checker, struct vcl_zone *zone,
                                     struct vcl_error *err)
{
    size_t guard = guard_size(checker), size = zone->size + 2 * guard;
    unsigned char *bytes;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&checker->arena, size, &bytes, err));
    for (size_t i = 0; i < size; i++)
        bytes[i] = pattern(i);
    memcpy(bytes + guard, zone->host, zone->size);
    TRY(vcl_buf_create(checker->ctx, size, &zone->parent, err));
    TRY(vcl_buf_write(zone->parent, 0, size, bytes, err));
    TRY(vcl_buf_view(zone->parent, guard, zone->size, &zone->buf, err));
out:
    return r;
}

static enum vcl_status write_alone(struct vcl_checker *checker, struct vcl_zone *zone,
                                   struct vcl_error *err)
{
    enum vcl_status r = vcl_buf_create(checker->ctx, zone->size, &zone->buf, err);
    return r < 0 ? r : vcl_buf_write(zone->buf, 0, zone->size, zone->host, err);
}

/* A zone with room for `size` bytes in `host`, not yet on the device. */
static enum vcl_status zone_create(struct vcl_checker *checker, const char *name, size_t size,
                                   struct vcl_zone **ret_zone, struct vcl_error *err)
{
    struct vcl_zone *zone;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&checker->arena, sizeof *zone, &zone, err));
    TRY(vcl_arena_alloc(&checker->arena, size, &zone->host, err));
    zone->name = name;
    zone->size = size;
    zone->next = checker->zones;
    checker->zones = zone;
    *ret_zone = zone;
out:
    return r;
}

static void fill_floats(struct vcl_checker *checker, struct vcl_zone *zone,
                        float (*fill)(uint32_t word))
{
    float *values = zone->host;
    uint32_t row = checker->fills++;
    for (size_t i = 0; i < zone->size / sizeof *values; i++)
        values[i] = vcl_fill(checker, fill, vcl_philox_word(&checker->rng, row, (uint32_t)i));
}

enum vcl_status vcl_input(struct vcl_checker *checker, const char *name, size_t n,
                          float (*fill)(uint32_t word), struct vcl_zone **ret_zone,
                          struct vcl_error *err)
{
    enum vcl_status r;
    TRY(zone_create(checker, name, n * sizeof(float), ret_zone, err));
    fill_floats(checker, *ret_zone, fill);
    (*ret_zone)->after = (*ret_zone)->host;
    TRY(checker->params->tiny ? write_alone(checker, *ret_zone, err)
                              : write_guarded(checker, *ret_zone, err));
out:
    return r;
}

enum vcl_status vcl_input_bytes(struct vcl_checker *checker, const char *name, const void *data,
                                size_t size, struct vcl_zone **ret_zone, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(zone_create(checker, name, size, ret_zone, err));
    memcpy((*ret_zone)->host, data, size);
    (*ret_zone)->after = (*ret_zone)->host;
    TRY(checker->params->tiny ? write_alone(checker, *ret_zone, err)
                              : write_guarded(checker, *ret_zone, err));
out:
    return r;
}

static enum vcl_status expect_unchanged(struct vcl_checker *checker, struct vcl_zone *zone,
                                        struct vcl_error *err)
{
    size_t n = zone->size / sizeof *zone->exact;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&checker->arena, zone->size, &zone->exact, err));
    TRY(vcl_arena_alloc(&checker->arena, n * sizeof *zone->formula, &zone->formula, err));
    memcpy(zone->exact, zone->host, zone->size);
    for (size_t i = 0; i < n; i++)
        zone->formula[i].value = zone->exact[i];
out:
    return r;
}

enum vcl_status vcl_output(struct vcl_checker *checker, const char *name, size_t n,
                           float (*fill)(uint32_t word), double tolerance,
                           struct vcl_zone **ret_zone, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(zone_create(checker, name, n * sizeof(float), ret_zone, err));
    if (fill)
        fill_floats(checker, *ret_zone, fill);
    else
        memset((*ret_zone)->host, 0xFF, (*ret_zone)->size);
    (*ret_zone)->tolerance = tolerance;
    TRY(expect_unchanged(checker, *ret_zone, err));
    TRY(write_guarded(checker, *ret_zone, err));
out:
    return r;
}

enum vcl_status vcl_output_bytes(struct vcl_checker *checker, const char *name, const void *before,
                                 const void *after, size_t size, struct vcl_zone **ret_zone,
                                 struct vcl_error *err)
{
    enum vcl_status r;
    void *copy;
    TRY(zone_create(checker, name, size, ret_zone, err));
    TRY(vcl_arena_alloc(&checker->arena, size, &copy, err));
    memcpy((*ret_zone)->host, before, size);
    memcpy(copy, after, size);
    (*ret_zone)->after = copy;
    TRY(write_guarded(checker, *ret_zone, err));
out:
    return r;
}

const float *vcl_zone_floats(const struct vcl_zone *zone)
{
    return zone->host;
}

void vcl_zone_finish(struct vcl_zone *zone)
{
    vcl_buf_destroy(&zone->buf);
    vcl_buf_destroy(&zone->parent);
}

enum vcl_status vcl_zone_read(struct vcl_checker *checker, const struct vcl_zone *zone,
                              void **ret_data, ptrdiff_t *ret_stray, struct vcl_error *err)
{
    size_t guard = zone->parent ? guard_size(checker) : 0, size = zone->size + 2 * guard;
    unsigned char *bytes;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&checker->arena, size, &bytes, err));
    TRY(vcl_buf_read(zone->parent ? zone->parent : zone->buf, 0, size, bytes, err));
    *ret_data = bytes + guard;
    *ret_stray = 0;
    for (size_t i = 0; i < size && *ret_stray == 0; i++) {
        bool inside = i >= guard && i < guard + zone->size;
        if (!inside && bytes[i] != pattern(i))
            *ret_stray = (ptrdiff_t)i - (ptrdiff_t)guard;
    }
out:
    return r;
}
