/* SPDX-License-Identifier: MIT
 *
 * A step of each optimiser: with and without clipping, with gradients that are not finite, and
 * after training was halted.
 */
#include <math.h>
#include <string.h>

#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define RUN      1024 /* elements in a partial sum of the norm */

static const struct vcl_step step = {
    .step = 9, .lr = 1e-2f, .correction1 = 1.0f / 0.19f, .correction2 = 4.4721360f};

enum method { SGD, ADAM, ADAMW, METHODS };

static const struct vcl_optimise methods[METHODS] = {
    [SGD] = {.kernel = "sgd", .a = 0.9f, .decay = 1e-3f},
    [ADAM] = {.kernel = "adam", .a = 0.9f, .b = 0.999f, .c = 1e-8f, .decay = 1e-3f},
    [ADAMW] = {.kernel = "adamw", .a = 0.9f, .b = 0.999f, .c = 1e-8f, .decay = 1e-2f},
};

static const char *const method_names[METHODS] = {"sgd", "adam", "adamw"};

enum trouble { NONE, NOT_FINITE, HALTED, TROUBLES };

struct optimise {
    enum method method;
    enum trouble trouble;
    size_t n;
    struct vcl_optimise op;
    struct vcl_zone *step, *health, *gradient, *value, *state0, *state1;
};

/* ---- the gradient's scale: min(1, clip / norm) ---- */

static float clip_scale(const float *gradient, size_t n, float most)
{
    struct vcl_lanes sums = {{0}};
    for (size_t run = 0; run * RUN < n; run++) {
        struct vcl_lanes lanes = {{0}};
        for (size_t i = run * RUN; i < n && i < (run + 1) * RUN; i++) {
            float *lane = &lanes.lane[i % 16];
            *lane = fmaf(gradient[i], gradient[i], *lane);
        }
        sums.lane[run % 16] += vcl_lanes_fold(&lanes);
    }
    float norm = vcl_host_sqrt(vcl_lanes_fold(&sums));
    return norm > most ? vcl_host_div(most, norm) : 1;
}

static double true_clip_scale(const float *gradient, size_t n, double most)
{
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += (double)gradient[i] * (double)gradient[i];
    return sqrt(square) > most ? most / sqrt(square) : 1;
}

/* ---- one element ---- */

static struct vcl_formula sum_of(double a, double b)
{
    return (struct vcl_formula){a + b, fabs(a) + fabs(b)};
}

/* Put a sum with an inherited scale into a formula: `other` is one of its terms. */
static struct vcl_formula add_scaled(double a, double factor, struct vcl_formula other)
{
    return (struct vcl_formula){a + factor * other.value, fabs(a) + fabs(factor) * other.scale};
}

/* Nothing is subnormal, neither moments nor squares of gradients. */
static float fade(float x, float least)
{
    return fabsf(x) < least ? 0 : x;
}

/* Allows for what has faded. */
static struct vcl_formula faded(struct vcl_formula moment, double least, double tolerance)
{
    moment.scale += least / tolerance;
    return moment;
}

static void expect_sgd(const struct optimise *o, size_t i, float g, double true_g)
{
    float p = vcl_zone_floats(o->value)[i], v = vcl_zone_floats(o->state0)[i];
    struct vcl_formula slope = sum_of(true_g, (double)o->op.decay * (double)p);
    struct vcl_formula velocity = add_scaled((double)o->op.a * (double)v, 1, slope);
    v = fade(fmaf(o->op.a, v, fmaf(o->op.decay, p, g)), 0x1p-126f);
    o->state0->exact[i] = v;
    o->state0->formula[i] = faded(velocity, 0x1p-126, o->state0->tolerance);
    o->value->exact[i] = fmaf(-step.lr, v, p);
    o->value->formula[i] = faded(add_scaled((double)p, -(double)step.lr, velocity),
                                 (double)step.lr * 0x1p-126, o->value->tolerance);
}

static void expect_adam(const struct optimise *o, size_t i, float g, double true_g)
{
    bool decoupled = o->method == ADAMW;
    float a = o->op.a, b = o->op.b, p = vcl_zone_floats(o->value)[i];
    float m = vcl_zone_floats(o->state0)[i], v = vcl_zone_floats(o->state1)[i];
    double kept = decoupled ? 1 - (double)step.lr * (double)o->op.decay : 1;
    struct vcl_formula slope = sum_of(true_g, decoupled ? 0 : (double)o->op.decay * (double)p);
    struct vcl_formula m1 = add_scaled((double)a * (double)m, 1 - (double)a, slope);
    double square = slope.value * slope.value, size = slope.scale * slope.scale;
    struct vcl_formula m2 =
        add_scaled((double)b * (double)v, 1 - (double)b, (struct vcl_formula){square, size});
    double root = sqrt(m2.value) * (double)step.correction2 + (double)o->op.c;
    double rate = (double)step.lr * (double)step.correction1 / root;
    /* A subnormal moment errs by its last bit, which the division by `root` may make large. */
    struct vcl_formula move = {m1.value, m1.scale + 0x1p-126};
    if (m2.value > 0) /* the root halves the relative error of what it is taken of */
        move.scale += fabs(m1.value) * m2.scale / m2.value;

    p = decoupled ? fmaf(-(step.lr * o->op.decay), p, p) : p;
    g = decoupled ? g : fmaf(o->op.decay, vcl_zone_floats(o->value)[i], g);
    g = fade(g, 0x1p-63f);
    m = fade(fmaf(a, m, (1 - a) * g), 0x1p-126f);
    v = fade(fmaf(b, v, ((1 - b) * g) * g), 0x1p-126f);
    float divisor = fmaf(vcl_host_sqrt(v), step.correction2, o->op.c);
    o->state0->exact[i] = m;
    o->state0->formula[i] = faded(m1, 0x1p-63, o->state0->tolerance);
    o->state1->exact[i] = v;
    o->state1->formula[i] = faded(m2, 0x1p-126, o->state1->tolerance);
    o->value->exact[i] = fmaf(-(step.lr * step.correction1), vcl_host_div(m, divisor), p);
    o->value->formula[i] =
        faded(add_scaled(kept * (double)vcl_zone_floats(o->value)[i], -rate, move),
              fabs(rate) * 0x1p-63, o->value->tolerance);
}

/* ---- cases ---- */

static const size_t bad[] = {5, 700}; /* gradients that are not finite, where there are so many */

static float positive(uint32_t word)
{
    return vcl_fill_unit(word) * 0.25f;
}

static enum vcl_status make_gradient(struct vcl_checker *c, struct optimise *o,
                                     struct vcl_error *err)
{
    struct vcl_zone *random;
    float *values;
    enum vcl_status r;
    TRY(vcl_input(c, "random", o->n, vcl_fill_signed, &random, err));
    TRY(vcl_arena_alloc(&c->arena, o->n * sizeof *values, &values, err));
    memcpy(values, vcl_zone_floats(random), o->n * sizeof *values);
    for (size_t i = 0; o->trouble == NOT_FINITE && i < COUNT(bad); i++) {
        if (bad[i] < o->n)
            values[bad[i]] = i ? -INFINITY : NAN;
    }
    TRY(vcl_input_bytes(c, "gradient", values, o->n * sizeof *values, &o->gradient, err));
out:
    return r;
}

static enum vcl_status make_zones(struct vcl_checker *c, struct optimise *o, struct vcl_error *err)
{
    struct vcl_health before = {.halted = o->trouble == HALTED, .bad_index = UINT32_MAX};
    struct vcl_health after = before;
    enum vcl_status r;
    if (o->trouble == NOT_FINITE && bad[0] < o->n)
        after.bad_index = (uint32_t)bad[0];
    double tolerance = vcl_tolerance_ulps(8) + (o->op.clip > 0 ? vcl_tolerance_lanes(o->n, 2) : 0);
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &o->step, err));
    TRY(vcl_output_bytes(c, "health", &before, &after, sizeof before, &o->health, err));
    TRY(make_gradient(c, o, err));
    TRY(vcl_output(c, "value", o->n, vcl_fill_signed, tolerance, &o->value, err));
    TRY(vcl_output(c, "state0", o->n, vcl_fill_signed, tolerance, &o->state0, err));
    TRY(vcl_output(c, "state1", o->n, positive, tolerance, &o->state1, err));
    o->op.n = o->n;
    o->op.step = o->step->buf;
    o->op.health = o->health->buf;
    o->op.gradient = o->gradient->buf;
    o->op.value = o->value->buf;
    o->op.state0 = o->state0->buf;
    o->op.state1 = o->state1->buf;
out:
    return r;
}

static void expect(const struct optimise *o)
{
    const float *gradient = vcl_zone_floats(o->gradient);
    bool clip = o->op.clip > 0;
    float scale = clip ? clip_scale(gradient, o->n, o->op.clip) : 1;
    double true_scale = clip ? true_clip_scale(gradient, o->n, (double)o->op.clip) : 1;
    for (size_t i = 0; i < o->n && o->trouble != HALTED; i++) {
        float g = isfinite(gradient[i]) ? gradient[i] : 0;
        if (o->method == SGD)
            expect_sgd(o, i, g * scale, (double)g * true_scale);
        else
            expect_adam(o, i, g * scale, (double)g * true_scale);
    }
}

static enum vcl_status optimise(struct vcl_checker *c, struct optimise o, float clip,
                                struct vcl_error *err)
{
    static const char *const troubles[TROUBLES] = {"", ", a gradient not finite", ", halted"};
    enum vcl_status r;
    vcl_case_begin(c, "optimiser.cl", "%s of %zu%s%s", method_names[o.method], o.n,
                   clip > 0 ? ", clipped" : "", troubles[o.trouble]);
    o.op = methods[o.method];
    o.op.clip = clip;
    TRY(make_zones(c, &o, err));
    expect(&o);
    TRY(vcl_op_optimise(VCL_AT_ONCE(c->ctx), &o.op, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_optimise(struct vcl_checker *c, struct vcl_error *err)
{
    static const size_t sizes[] = {19,  2000, 1,   2,    15,   16,   17,   31,
                                   256, 257,  784, 1023, 1025, 2047, 40000};
    size_t count = vcl_case_count(c, 1, 2, COUNT(sizes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count * METHODS * TROUBLES; i++) {
        const struct optimise o = {.method = (enum method)(i % METHODS),
                                   .trouble = (enum trouble)(i / METHODS % TROUBLES),
                                   .n = sizes[i / (METHODS * TROUBLES)]};
        TRY(optimise(c, o, 0, err));
        TRY(optimise(c, o, 0.5f, err));
        if (o.n == 257)
            TRY(optimise(c, o, 1e6f, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_optimise = {.name = "optimise", .run = run_optimise};

/* ---- clip_scale alone ---- */

static enum vcl_status clip_of(struct vcl_checker *c, uint32_t count, float most,
                               struct vcl_error *err)
{
    struct vcl_launch launch = {.source = "core.cl", .kernel = "clip_scale", .n_args = 4};
    struct vcl_zone *partial, *clip;
    double square = 0;
    enum vcl_status r;
    vcl_case_begin(c, "optimiser.cl", "%u partial sums, at most %g", count, (double)most);
    TRY(vcl_input(c, "partial", count, vcl_fill_unit, &partial, err));
    TRY(vcl_output(c, "clip", 1, NULL, vcl_tolerance_lanes(count, 2), &clip, err));
    for (uint32_t i = 0; i < count; i++)
        square += (double)vcl_zone_floats(partial)[i];
    float norm = vcl_host_sqrt(vcl_lanes_sum(vcl_zone_floats(partial), count));
    double value = sqrt(square) > (double)most ? (double)most / sqrt(square) : 1;
    clip->exact[0] = norm > most ? vcl_host_div(most, norm) : 1;
    clip->formula[0] = (struct vcl_formula){value, value};
    launch.args[0] = VCL_ARG((int32_t)count);
    launch.args[1] = VCL_ARG(most);
    launch.args[2] = VCL_ARG(partial->buf);
    launch.args[3] = VCL_ARG(clip->buf);
    vcl_row_size(c->ctx, &launch, 1);
    TRY(vcl_launch_run(c->ctx, &launch, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_clip(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t counts[] = {19, 500, 1, 2, 15, 16, 17, 31, 32, 33, 255, 256, 257, 784};
    size_t cases = vcl_case_count(c, 1, 2, COUNT(counts));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < cases; i++) {
        TRY(clip_of(c, counts[i], 0.125f, err));
        TRY(clip_of(c, counts[i], 1e3f, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_clip_scale = {.name = "clip_scale", .run = run_clip};
