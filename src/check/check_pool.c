/* SPDX-License-Identifier: MIT
 *
 * Pools and upsampling. The reference scatters what the kernels gather; a pixel gets its parts in
 * the same order, that of the outputs.
 */
#include <string.h>

#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *const kinds[] = {"max", "avg", "upsample"};

struct index {
    size_t image, row, col, c;
};

static struct index output_index(const struct vcl_pool *p, size_t o)
{
    size_t pixel = o / p->channels, line = pixel / p->out_width;
    return (struct index){line / p->out_height, line % p->out_height, pixel % p->out_width,
                          o % p->channels};
}

/* Where input (row, col) of output n's image and channel lies. */
static size_t input_at(const struct vcl_pool *p, struct index n, size_t row, size_t col)
{
    return ((n.image * p->height + row) * p->width + col) * p->channels + n.c;
}

/* The k-th input that output n sees; how many there are. */
static size_t seen(const struct vcl_pool *p, struct index n, size_t k)
{
    if (p->kind == VCL_UPSAMPLE)
        return input_at(p, n, n.row / p->size_h, n.col / p->size_w);
    return input_at(p, n, n.row * p->stride_h + k / p->size_w, n.col * p->stride_w + k % p->size_w);
}

static size_t seen_count(const struct vcl_pool *p)
{
    return p->kind == VCL_UPSAMPLE ? 1 : (size_t)p->size_h * p->size_w;
}

/* The first of the largest; a NaN is larger than all. */
static size_t largest(const struct vcl_pool *p, struct index n, const float *x)
{
    size_t best = seen(p, n, 0);
    for (size_t k = 1; k < seen_count(p); k++) {
        float v = x[seen(p, n, k)];
        if (v > x[best] || (isnan(v) && !isnan(x[best])))
            best = seen(p, n, k);
    }
    return best;
}

static void expect_forward(const struct vcl_pool *p, const float *x, struct vcl_zone *y)
{
    for (size_t o = 0; o < y->size / sizeof(float); o++) {
        struct index n = output_index(p, o);
        struct vcl_formula formula = {0, 0};
        float sum = 0, share = 1.0f / (float)seen_count(p);
        size_t from = p->kind == VCL_MAX_POOL ? largest(p, n, x) : seen(p, n, 0);
        y->exact[o] = x[from];
        y->formula[o] = (struct vcl_formula){(double)x[from], fabs((double)x[from])};
        if (p->kind != VCL_AVG_POOL)
            continue;
        for (size_t k = 0; k < seen_count(p); k++) {
            sum += x[seen(p, n, k)];
            vcl_formula_add(&formula, (double)x[seen(p, n, k)] / (double)seen_count(p));
        }
        y->exact[o] = sum * share;
        y->formula[o] = formula;
    }
}

static void expect_gradient(const struct vcl_pool *p, const struct vcl_activation_reference *act,
                            const float *x, const struct vcl_zone *dy, struct vcl_zone *dx)
{
    float share = p->kind == VCL_AVG_POOL ? 1.0f / (float)seen_count(p) : 1;
    memset(dx->exact, 0, dx->size);
    memset(dx->formula, 0, dx->size / sizeof(float) * sizeof *dx->formula);
    for (size_t o = 0; o < dy->size / sizeof(float); o++) {
        struct index n = output_index(p, o);
        float d = vcl_zone_floats(dy)[o];
        for (size_t k = 0; k < (p->kind == VCL_MAX_POOL ? 1 : seen_count(p)); k++) {
            size_t to = p->kind == VCL_MAX_POOL ? largest(p, n, x) : seen(p, n, k);
            dx->exact[to] += d;
            vcl_formula_add(&dx->formula[to], (double)d);
        }
    }
    for (size_t i = 0; i < dx->size / sizeof(float); i++) {
        float slope = act ? act->gradient(0, x[i]) : 1;
        double by = (double)slope;
        if (p->kind == VCL_AVG_POOL) {
            dx->exact[i] *= share;
            by /= (double)seen_count(p);
        }
        dx->exact[i] *= slope;
        dx->formula[i].value *= by;
        dx->formula[i].scale *= fabs(by);
    }
}

static void begin(struct vcl_checker *c, const struct vcl_pool *p, const char *what)
{
    vcl_case_begin(c, "pool.cl", "%s, %s of %u x %u by %u x %u, %u x (%u x %u x %u)",
                   kinds[p->kind], what, p->size_h, p->size_w, p->stride_h, p->stride_w, p->batch,
                   p->height, p->width, p->channels);
}

/* Whole numbers: ties are common. */
static float fill_ties(uint32_t word)
{
    return (float)(word >> 30) - 1;
}

static enum vcl_status forward(struct vcl_checker *c, struct vcl_pool p,
                               float (*fill)(uint32_t word), struct vcl_error *err)
{
    struct vcl_zone *x, *y;
    enum vcl_status r;
    begin(c, &p, "forward");
    TRY(vcl_input(c, "x", (size_t)p.batch * p.height * p.width * p.channels, fill, &x, err));
    TRY(vcl_output(c, "y", (size_t)p.batch * p.out_height * p.out_width * p.channels, NULL,
                   vcl_tolerance_any_order(seen_count(&p)) + vcl_tolerance_ulps(1), &y, err));
    p.x = x->buf;
    p.y = y->buf;
    expect_forward(&p, vcl_zone_floats(x), y);
    TRY(vcl_op_pool_forward(VCL_AT_ONCE(c->ctx), &p, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status gradient(struct vcl_checker *c, struct vcl_pool p,
                                float (*fill)(uint32_t word), const char *activation,
                                struct vcl_error *err)
{
    const struct vcl_activation_reference *act = NULL;
    size_t n = (size_t)p.batch * p.height * p.width * p.channels;
    size_t out = (size_t)p.batch * p.out_height * p.out_width * p.channels;
    struct vcl_zone *x, *y, *dy, *dx;
    float *values;
    enum vcl_status r;
    if (activation)
        TRY(vcl_activation_reference_find(activation, &act, err));
    begin(c, &p, activation ? activation : "gradient");
    TRY(vcl_input(c, "x", n, fill, &x, err));
    TRY(vcl_arena_alloc(&c->arena, out * sizeof *values, &values, err));
    for (size_t o = 0; o < out; o++)
        values[o] = vcl_zone_floats(x)[largest(&p, output_index(&p, o), vcl_zone_floats(x))];
    TRY(vcl_input_bytes(c, "y", values, out * sizeof *values, &y, err));
    TRY(vcl_input(c, "dy", out, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dx", n, NULL, vcl_tolerance_any_order(64) + vcl_tolerance_ulps(2), &dx,
                   err));
    p.x = x->buf;
    p.y = y->buf;
    expect_gradient(&p, act, vcl_zone_floats(x), dy, dx);
    TRY(vcl_op_pool_gradient(VCL_AT_ONCE(c->ctx), &p, activation, dy->buf, dx->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

/* Windows: batch, height, width, channels, size_h, size_w, stride_h, stride_w; for upsampling the
 * size alone counts. */
static const uint32_t shapes[][8] = {{2, 5, 6, 17, 3, 3, 2, 2}, {3, 4, 4, 1, 2, 2, 2, 2},
                                     {1, 1, 9, 3, 1, 4, 1, 3},  {1, 1, 1, 1, 1, 1, 1, 1},
                                     {2, 7, 7, 16, 2, 2, 3, 3}, {4, 28, 28, 1, 2, 2, 2, 2},
                                     {2, 8, 9, 33, 3, 2, 1, 2}, {3, 14, 14, 32, 4, 4, 1, 1}};

static struct vcl_pool shape_of(size_t i, enum vcl_pooling kind)
{
    const uint32_t *s = shapes[i];
    bool up = kind == VCL_UPSAMPLE;
    return (struct vcl_pool){.kind = kind,
                             .batch = s[0],
                             .height = s[1],
                             .width = s[2],
                             .channels = s[3],
                             .out_height = up ? s[1] * s[4] : (s[1] - s[4]) / s[6] + 1,
                             .out_width = up ? s[2] * s[5] : (s[2] - s[5]) / s[7] + 1,
                             .size_h = s[4],
                             .size_w = s[5],
                             .stride_h = s[6],
                             .stride_w = s[7]};
}

static enum vcl_status run_forward(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(forward(c, shape_of(i, VCL_MAX_POOL), vcl_fill_any, err));
        TRY(forward(c, shape_of(i, VCL_AVG_POOL), vcl_fill_signed, err));
        TRY(forward(c, shape_of(i, VCL_UPSAMPLE), vcl_fill_signed, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_pool = {.name = "pool", .run = run_forward};

static enum vcl_status run_gradient(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 2, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(gradient(c, shape_of(i, VCL_MAX_POOL), fill_ties, NULL, err));
        TRY(gradient(c, shape_of(i, VCL_AVG_POOL), vcl_fill_signed, NULL, err));
        TRY(gradient(c, shape_of(i, VCL_UPSAMPLE), vcl_fill_signed, NULL, err));
        if (vcl_case_quick(c))
            continue;
        for (int kind = 0; kind < 3; kind++)
            TRY(gradient(c, shape_of(i, (enum vcl_pooling)kind), vcl_fill_signed, "relu", err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_pool_gradient = {.name = "pool_gradient", .run = run_gradient};
