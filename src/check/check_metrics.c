/* SPDX-License-Identifier: MIT
 *
 * The sums of a step's losses, and the flags that stop a training whose numbers are not finite.
 */
#include <float.h>
#include <math.h>

#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

enum { SLOT = 2, SLOTS = 5, STEP = 77 };

static const struct situation {
    const char *name;
    float recon; /* put among the reconstruction losses unless 0 */
    float kl;    /* likewise */
    struct vcl_health before, after;
} situations[] = {
    {"finite", 0, 0, {0, 0, UINT32_MAX, 0}, {0, 0, UINT32_MAX, 0}},
    {"NaN", NAN, 0, {0, 0, UINT32_MAX, 0}, {1, STEP, UINT32_MAX, 0}},
    {"infinite KL", 0, INFINITY, {0, 0, UINT32_MAX, 0}, {1, STEP, UINT32_MAX, 0}},
    {"overflow", FLT_MAX, FLT_MAX, {0, 0, UINT32_MAX, 0}, {1, STEP, UINT32_MAX, 0}},
    {"bad gradient before", 0, 0, {0, 0, 12, 0}, {1, STEP, 12, 0}},
    {"halted before", NAN, 0, {1, 5, UINT32_MAX, 0}, {1, 5, UINT32_MAX, 0}},
};

static enum vcl_status losses(struct vcl_checker *c, const char *name, uint32_t rows, float odd,
                              struct vcl_zone **ret_zone, struct vcl_error *err)
{
    float *values;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, rows * sizeof *values, &values, err));
    for (uint32_t i = 0; i < rows; i++)
        values[i] = 600 * vcl_fill_unit(vcl_philox_word(&c->rng, rows, i + (uint32_t)name[0]));
    if (odd != 0)
        values[rows / 2] = odd;
    TRY(vcl_input_bytes(c, name, values, rows * sizeof *values, ret_zone, err));
out:
    return r;
}

static void expect(struct vcl_zone *slots, size_t at, const struct vcl_zone *zone, uint32_t rows)
{
    const float *x = vcl_zone_floats(zone);
    slots->exact[at] = vcl_lanes_sum(x, rows);
    slots->formula[at] = (struct vcl_formula){0, 0};
    for (uint32_t i = 0; i < rows; i++)
        vcl_formula_add(&slots->formula[at], (double)x[i]);
}

/* With as many terms, the first two being those of the situation. */
static enum vcl_status metrics(struct vcl_checker *c, uint32_t rows, const struct situation *s,
                               uint32_t count, struct vcl_error *err)
{
    static const char *const names[VCL_TERMS] = {"recon", "kl", "third", "fourth"};
    const float odd[VCL_TERMS] = {s->recon, s->kl};
    const struct vcl_step step = {.step = STEP, .slot = SLOT};
    struct vcl_zone *at, *terms[VCL_TERMS], *slots, *health;
    struct vcl_buf *bufs[VCL_TERMS];
    enum vcl_status r;
    vcl_case_begin(c, "metrics.cl", "%u terms of %u rows, %s", count, rows, s->name);
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &at, err));
    for (uint32_t i = 0; i < count; i++) {
        TRY(losses(c, names[i], rows, odd[i], &terms[i], err));
        bufs[i] = terms[i]->buf;
    }
    TRY(vcl_output(c, "slots", (size_t)SLOTS * VCL_TERMS, vcl_fill_signed,
                   vcl_tolerance_lanes(rows, 0), &slots, err));
    TRY(vcl_output_bytes(c, "health", &s->before, &s->after, sizeof s->before, &health, err));
    for (uint32_t i = 0; i < count; i++)
        expect(slots, (size_t)SLOT * VCL_TERMS + i, terms[i], rows);
    TRY(vcl_op_metrics(VCL_AT_ONCE(c->ctx), rows, bufs, count, at->buf, slots->buf, health->buf,
                       err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t rows[] = {19, 100, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 784};
    size_t count = vcl_case_count(c, 1, 2, COUNT(rows));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < COUNT(situations); j++)
            TRY(metrics(c, rows[i], &situations[j], 2, err));
        for (uint32_t terms = 1; terms <= VCL_TERMS; terms++)
            TRY(metrics(c, rows[i], &situations[0], terms, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_metrics = {.name = "metrics", .run = run};
