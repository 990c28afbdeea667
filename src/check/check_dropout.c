/* SPDX-License-Identifier: MIT
 *
 * Dropout, and the passes around a residual block.
 */
#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SEED     0xfedcba9876543210u

enum { STREAM = VCL_STREAM_NODE + 7 };

static const struct vcl_step step = {
    .seed_lo = (uint32_t)SEED, .seed_hi = (uint32_t)(SEED >> 32), .step = 1234567};

struct drop_case {
    uint32_t rows, cols, repeat; /* rows of an example */
    float p;
    struct vcl_dropout op;
    struct vcl_zone *x;
};

static uint32_t id_of(size_t example)
{
    return (uint32_t)(example * 31 + 5);
}

static enum vcl_status begin(struct vcl_checker *c, struct drop_case *d, const char *what,
                             struct vcl_error *err)
{
    struct vcl_zone *at, *ids;
    int32_t *numbers;
    enum vcl_status r;
    size_t examples = d->rows / d->repeat;
    vcl_case_begin(c, "dropout.cl", "%s, %u x %u, repeat %u, p %g", what, d->rows, d->cols,
                   d->repeat, (double)d->p);
    TRY(vcl_arena_alloc(&c->arena, examples * sizeof *numbers, &numbers, err));
    for (size_t i = 0; i < examples; i++)
        numbers[i] = (int32_t)id_of(i);
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &at, err));
    TRY(vcl_input_bytes(c, "ids", numbers, examples * sizeof *numbers, &ids, err));
    TRY(vcl_input(c, "x", (size_t)d->rows * d->cols, vcl_fill_signed, &d->x, err));
    d->op = (struct vcl_dropout){.rows = d->rows,
                                 .repeat = d->repeat,
                                 .cols = d->cols,
                                 .stream = STREAM,
                                 .p = d->p,
                                 .step = at->buf,
                                 .ids = ids->buf,
                                 .x = d->x->buf};
out:
    return r;
}

/* Samples of an example have their columns side by side, each from a multiple of 16 on. */
static uint32_t noise_column(const struct drop_case *d, size_t row, size_t j)
{
    size_t sample = row % d->repeat, width = (d->cols + 15) / 16 * 16;
    return (uint32_t)(j + sample * width);
}

/* What is expected of `from`; the formula draws by the host's own generator, src/base/philox.c. */
static void expect(const struct drop_case *d, const struct vcl_activation_reference *act,
                   const float *from, struct vcl_zone *to)
{
    const struct vcl_philox rng = {SEED, STREAM, step.step};
    for (size_t i = 0; i < (size_t)d->rows * d->cols; i++) {
        size_t row = i / d->cols;
        uint32_t id = id_of(row / d->repeat), col = noise_column(d, row, i % d->cols);
        float u = vcl_host_uniform(SEED, STREAM, step.step, id, col);
        float slope = act ? act->gradient(0, vcl_zone_floats(d->x)[i]) : 1;
        double value = (double)from[i] * (double)slope / (1 - (double)d->p);
        if (vcl_philox_uniform(&rng, id, col) < d->p)
            value = 0;
        to->exact[i] = (u < d->p ? 0 : from[i] * (1 / (1 - d->p))) * slope;
        to->formula[i] = (struct vcl_formula){value, fabs(value)};
    }
}

static enum vcl_status dropout(struct vcl_checker *c, struct drop_case d, struct vcl_error *err)
{
    const struct vcl_activation_reference *act;
    size_t n = (size_t)d.rows * d.cols;
    struct vcl_zone *dy, *out;
    enum vcl_status r;
    TRY(vcl_activation_reference_find("relu", &act, err));
    TRY(begin(c, &d, "forward", err));
    TRY(vcl_output(c, "y", n, NULL, vcl_tolerance_ulps(2), &out, err));
    expect(&d, NULL, vcl_zone_floats(d.x), out);
    TRY(vcl_op_dropout_forward(VCL_AT_ONCE(c->ctx), &d.op, out->buf, err));
    TRY(vcl_case_end(c, err));
    for (int derives = 0; derives < (vcl_case_quick(c) ? 1 : 2); derives++) {
        TRY(begin(c, &d, derives ? "gradient, relu" : "gradient", err));
        TRY(vcl_input(c, "dy", n, vcl_fill_signed, &dy, err));
        TRY(vcl_output(c, "dx", n, NULL, vcl_tolerance_ulps(2), &out, err));
        expect(&d, derives ? act : NULL, vcl_zone_floats(dy), out);
        TRY(vcl_op_dropout_gradient(VCL_AT_ONCE(c->ctx), &d.op, derives ? "relu" : NULL, dy->buf,
                                    out->buf, err));
        TRY(vcl_case_end(c, err));
    }
out:
    return r;
}

static enum vcl_status run_dropout(struct vcl_checker *c, struct vcl_error *err)
{
    static const struct drop_case shapes[] = {
        {.rows = 6, .cols = 18, .repeat = 3, .p = 0.3f},
        {.rows = 2, .cols = 31, .repeat = 1, .p = 0},
        {.rows = 1, .cols = 1, .repeat = 1, .p = 0.5f},
        {.rows = 50, .cols = 1, .repeat = 50, .p = 0.5f},
        {.rows = 128, .cols = 400, .repeat = 1, .p = 0.2f},
        {.rows = 257, .cols = 16, .repeat = 1, .p = 0.99f},
        {.rows = 34, .cols = 16, .repeat = 2, .p = 0.4f},
        {.rows = 17, .cols = 15, .repeat = 1, .p = 0.7f},
        {.rows = 33, .cols = 33, .repeat = 11, .p = 0.5f},
        {.rows = 10, .cols = 257, .repeat = 5, .p = 0.1f},
        {.rows = 4, .cols = 784, .repeat = 2, .p = 0.5f},
    };
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(dropout(c, shapes[i], err));
out:
    return r;
}

const struct vcl_check vcl_check_dropout = {.name = "dropout", .run = run_dropout};

/* ---- around a residual block ---- */

static enum vcl_status add(struct vcl_checker *c, size_t n, const char *activation,
                           struct vcl_error *err)
{
    const struct vcl_activation_reference *act;
    struct vcl_zone *a, *b, *y;
    enum vcl_status r;
    TRY(vcl_activation_reference_find(activation, &act, err));
    vcl_case_begin(c, "pointwise.cl", "%s of sums, %zu", activation, n);
    TRY(vcl_input(c, "a", n, vcl_fill_signed, &a, err));
    TRY(vcl_input(c, "b", n, vcl_fill_signed, &b, err));
    TRY(vcl_output(c, "y", n, NULL, vcl_tolerance_ulps(act->ulps + 1), &y, err));
    for (size_t i = 0; i < n; i++) {
        float p = vcl_zone_floats(a)[i], q = vcl_zone_floats(b)[i];
        y->exact[i] = act->forward(p + q);
        y->formula[i] = vcl_activation_formula(act, (double)p + (double)q);
        y->formula[i].scale += fabs((double)p) + fabs((double)q);
    }
    TRY(vcl_op_add(VCL_AT_ONCE(c->ctx), activation, n, a->buf, b->buf, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status pass(struct vcl_checker *c, size_t n, const char *activation,
                            bool accumulate, struct vcl_error *err)
{
    const struct vcl_activation_reference *act = NULL;
    struct vcl_zone *dy, *y, *dx;
    enum vcl_status r;
    if (activation)
        TRY(vcl_activation_reference_find(activation, &act, err));
    vcl_case_begin(c, "pointwise.cl", "gradient past %s%s, %zu",
                   activation ? activation : "nothing", accumulate ? ", accumulated" : "", n);
    TRY(vcl_input(c, "dy", n, vcl_fill_signed, &dy, err));
    TRY(vcl_input(c, "y", n, vcl_fill_signed, &y, err));
    TRY(vcl_output(c, "dx", n, accumulate ? vcl_fill_signed : NULL, vcl_tolerance_ulps(2), &dx,
                   err));
    for (size_t i = 0; i < n; i++) {
        float d = vcl_zone_floats(dy)[i], before = vcl_zone_floats(dx)[i];
        float slope = act ? act->gradient(0, vcl_zone_floats(y)[i]) : 1;
        dx->exact[i] = (accumulate ? before + d : d) * slope;
        dx->formula[i] = (struct vcl_formula){0, 0};
        vcl_formula_add(&dx->formula[i], (double)d * (double)slope);
        if (accumulate)
            vcl_formula_add(&dx->formula[i], (double)before * (double)slope);
    }
    TRY(vcl_op_pass_gradient(VCL_AT_ONCE(c->ctx), activation, n, accumulate, dy->buf, y->buf,
                             dx->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_residual(struct vcl_checker *c, struct vcl_error *err)
{
    static const size_t sizes[] = {33, 1, 16, 31, 255, 5000};
    size_t count = vcl_case_count(c, 1, 2, COUNT(sizes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(add(c, sizes[i], "identity", err));
        TRY(pass(c, sizes[i], NULL, false, err));
        TRY(pass(c, sizes[i], NULL, true, err));
        if (vcl_case_quick(c))
            continue;
        TRY(add(c, sizes[i], "relu", err));
        TRY(pass(c, sizes[i], "relu", true, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_residual = {.name = "residual", .run = run_residual};
