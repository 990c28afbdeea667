/* SPDX-License-Identifier: MIT
 *
 * Labels as rows of zeros and a one, and rows put behind other rows.
 */
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static enum vcl_status one_hot(struct vcl_checker *c, uint32_t rows, uint32_t classes,
                               struct vcl_error *err)
{
    struct vcl_zone *labels, *y;
    int32_t *numbers;
    enum vcl_status r;
    vcl_case_begin(c, "concat.cl", "one-hot, %u of %u", rows, classes);
    TRY(vcl_arena_alloc(&c->arena, rows * sizeof *numbers, &numbers, err));
    for (uint32_t i = 0; i < rows; i++)
        numbers[i] = (int32_t)((i * 7 + classes - 1) % classes);
    TRY(vcl_input_bytes(c, "labels", numbers, rows * sizeof *numbers, &labels, err));
    TRY(vcl_output(c, "y", (size_t)rows * classes, NULL, 0, &y, err));
    for (size_t i = 0; i < (size_t)rows * classes; i++) {
        y->exact[i] = (size_t)numbers[i / classes] == i % classes;
        y->formula[i] = (struct vcl_formula){(double)y->exact[i], 1};
    }
    TRY(vcl_op_one_hot(VCL_AT_ONCE(c->ctx), rows, classes, labels->buf, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static void begin(struct vcl_checker *c, const struct vcl_concat *op, const char *what)
{
    vcl_case_begin(c, "concat.cl", "%s, %u x (%u + %u), one to %u", what, op->rows, op->first,
                   op->second, op->every);
}

static enum vcl_status forward(struct vcl_checker *c, const struct vcl_concat *op,
                               struct vcl_error *err)
{
    const size_t a = op->first, b = op->second, n = op->rows * (a + b);
    struct vcl_zone *x, *behind, *y;
    enum vcl_status r;
    begin(c, op, "rows");
    TRY(vcl_input(c, "x", op->rows * a, vcl_fill_any, &x, err));
    TRY(vcl_input(c, "c", op->rows / op->every * b, vcl_fill_any, &behind, err));
    TRY(vcl_output(c, "y", n, NULL, 0, &y, err));
    for (size_t i = 0; i < n; i++) {
        const size_t row = i / (a + b), j = i % (a + b);
        y->exact[i] = j < a ? vcl_zone_floats(x)[row * a + j]
                            : vcl_zone_floats(behind)[row / op->every * b + j - a];
        y->formula[i] = (struct vcl_formula){(double)y->exact[i], fabs((double)y->exact[i])};
    }
    TRY(vcl_op_concat(VCL_AT_ONCE(c->ctx), op, x->buf, behind->buf, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status first_gradient(struct vcl_checker *c, const struct vcl_concat *op, bool adds,
                                      struct vcl_error *err)
{
    const size_t a = op->first, cols = a + op->second;
    struct vcl_zone *dy, *dx;
    enum vcl_status r;
    begin(c, op, adds ? "first gradient, added" : "first gradient");
    TRY(vcl_input(c, "dy", op->rows * cols, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dx", op->rows * a, adds ? vcl_fill_signed : NULL, vcl_tolerance_ulps(1), &dx,
                   err));
    for (size_t i = 0; i < op->rows * a; i++) {
        const float before = vcl_zone_floats(dx)[i];
        const float d = vcl_zone_floats(dy)[i / a * cols + i % a];
        dx->exact[i] = adds ? before + d : d;
        dx->formula[i] = (struct vcl_formula){0, 0};
        vcl_formula_add(&dx->formula[i], (double)d);
        if (adds)
            vcl_formula_add(&dx->formula[i], (double)before);
    }
    TRY(vcl_op_concat_dx(VCL_AT_ONCE(c->ctx), op, adds, dy->buf, dx->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status second_gradient(struct vcl_checker *c, const struct vcl_concat *op,
                                       bool adds, struct vcl_error *err)
{
    const size_t a = op->first, b = op->second, cols = a + b;
    const size_t n = op->rows / op->every * b;
    struct vcl_zone *dy, *dc;
    enum vcl_status r;
    begin(c, op, adds ? "second gradient, added" : "second gradient");
    TRY(vcl_input(c, "dy", op->rows * cols, vcl_fill_signed, &dy, err));
    TRY(vcl_output(c, "dc", n, adds ? vcl_fill_signed : NULL,
                   vcl_tolerance_any_order(op->every + 1), &dc, err));
    for (size_t i = 0; i < n; i++) {
        const float before = vcl_zone_floats(dc)[i];
        const float *from = vcl_zone_floats(dy) + i / b * op->every * cols + a + i % b;
        struct vcl_formula formula = {0, 0};
        float sum = 0;
        for (size_t k = 0; k < op->every; k++) {
            sum += from[k * cols];
            vcl_formula_add(&formula, (double)from[k * cols]);
        }
        if (adds)
            vcl_formula_add(&formula, (double)before);
        dc->exact[i] = adds ? before + sum : sum;
        dc->formula[i] = formula;
    }
    TRY(vcl_op_concat_dc(VCL_AT_ONCE(c->ctx), op, adds, dy->buf, dc->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    static const struct vcl_concat shapes[] = {
        {12, 3, 17, 18}, {5, 1, 1, 1},   {98, 49, 3, 10},
        {64, 1, 784, 5}, {21, 7, 16, 3}, {2048, 1024, 1, 33},
    };
    size_t count = vcl_case_count(c, 1, 3, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(one_hot(c, shapes[i].rows, shapes[i].second, err));
        TRY(forward(c, &shapes[i], err));
        for (int adds = 0; adds < 2; adds++) {
            TRY(first_gradient(c, &shapes[i], adds, err));
            TRY(second_gradient(c, &shapes[i], adds, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_concat = {.name = "concat", .run = run};
