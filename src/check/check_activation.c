/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "check/reference.h"
#include "gemm/gemm.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const size_t sizes[] = {19, 1, 1003, 2, 15, 16, 17, 255, 256, 257, 784};

enum { TINY = 1, QUICK = 3, FULL = COUNT(sizes) };

/* ---- y = act(x) ---- */

static void expect_activation(struct vcl_zone *y, const struct vcl_activation_reference *reference,
                              const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y->formula[i] = vcl_activation_formula(reference, (double)x[i]);
        y->exact[i] = reference->forward(x[i]);
    }
}

static enum vcl_status activation(struct vcl_checker *c, const char *name, size_t n, bool in_place,
                                  struct vcl_error *err)
{
    const struct vcl_activation_reference *reference;
    struct vcl_zone *x = NULL, *y;
    enum vcl_status r;
    TRY(vcl_activation_reference_find(name, &reference, err));
    vcl_case_begin(c, "pointwise.cl", "%s of %zu%s", name, n, in_place ? ", in place" : "");
    if (!in_place)
        TRY(vcl_input(c, "x", n, vcl_fill_any, &x, err));
    TRY(vcl_output(c, "y", n, in_place ? vcl_fill_any : NULL, vcl_tolerance_ulps(reference->ulps),
                   &y, err));
    if (in_place)
        x = y;
    expect_activation(y, reference, vcl_zone_floats(x), n);
    TRY(vcl_op_activation(VCL_AT_ONCE(c->ctx), name, n, x->buf, y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_activation(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, TINY, QUICK, FULL);
    enum vcl_status r = VCL_OK;
    for (const struct vcl_activation *const *p = vcl_activations; *p; p++) {
        const struct vcl_activation *row = *p;
        for (size_t i = 0; i < count; i++)
            TRY(activation(c, row->name, sizes[i], i == 2, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_activation = {.name = "activation", .run = run_activation};

/* ---- dy *= act'(x) ---- */

static void expect_gradient(struct vcl_zone *dy, const struct vcl_activation_reference *reference,
                            const float *x, const float *y, size_t n)
{
    const float *before = vcl_zone_floats(dy);
    for (size_t i = 0; i < n; i++) {
        struct vcl_formula slope = vcl_activation_slope(reference, (double)x[i]);
        dy->formula[i].value = (double)before[i] * slope.value;
        dy->formula[i].scale = fabs((double)before[i]) * slope.scale;
        dy->exact[i] = before[i] * reference->gradient(x[i], y[i]);
    }
}

static enum vcl_status gradient(struct vcl_checker *c, const struct vcl_activation *row, size_t n,
                                struct vcl_error *err)
{
    const struct vcl_activation_reference *reference;
    struct vcl_zone *x, *y, *dy;
    float *values;
    enum vcl_status r;
    TRY(vcl_activation_reference_find(row->name, &reference, err));
    vcl_case_begin(c, "pointwise.cl", "%s of %zu", row->name, n);
    TRY(vcl_input(c, "x", n, vcl_fill_any, &x, err));
    TRY(vcl_arena_alloc(&c->arena, n * sizeof *values, &values, err));
    for (size_t i = 0; i < n; i++)
        values[i] = reference->forward(vcl_zone_floats(x)[i]);
    TRY(vcl_input_bytes(c, "y", values, n * sizeof *values, &y, err));
    TRY(vcl_output(c, "dy", n, vcl_fill_signed, vcl_tolerance_ulps(reference->ulps), &dy, err));
    expect_gradient(dy, reference, vcl_zone_floats(x), values, n);
    TRY(vcl_activation_gradient(VCL_AT_ONCE(c->ctx), row->name, n, row->needs_input ? x->buf : NULL,
                                y->buf, dy->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_gradient(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, TINY, QUICK, FULL);
    enum vcl_status r = VCL_OK;
    for (const struct vcl_activation *const *p = vcl_activations; *p; p++) {
        const struct vcl_activation *row = *p;
        for (size_t i = 0; i < count; i++)
            TRY(gradient(c, row, sizes[i], err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_activation_gradient = {.name = "activation_gradient",
                                                        .run = run_gradient};

/* ---- c = act(c + bias), as a pass of its own ---- */

static enum vcl_status epilogue(struct vcl_checker *c, const char *name, uint32_t rows,
                                uint32_t cols, bool with_bias, struct vcl_error *err)
{
    const struct vcl_activation_reference *reference;
    struct vcl_zone *bias, *y;
    enum vcl_status r;
    TRY(vcl_activation_reference_find(name, &reference, err));
    vcl_case_begin(c, "pointwise.cl", "%u x %u, %s%s", rows, cols, with_bias ? "+ bias, " : "",
                   name);
    TRY(vcl_input(c, "bias", cols, vcl_fill_signed, &bias, err));
    TRY(vcl_output(c, "c", (size_t)rows * cols, vcl_fill_signed,
                   vcl_tolerance_ulps(reference->ulps + 1), &y, err));
    for (size_t i = 0; i < (size_t)rows * cols; i++) {
        float x = vcl_zone_floats(y)[i], b = with_bias ? vcl_zone_floats(bias)[i % cols] : 0;
        y->exact[i] = reference->forward(with_bias ? x + b : x);
        y->formula[i] = vcl_activation_formula(reference, (double)x + (double)b);
        y->formula[i].scale += fabs((double)x) + fabs((double)b);
    }
    const struct vcl_gemm gemm = {.m = rows,
                                  .n = cols,
                                  .c = y->buf,
                                  .bias = with_bias ? bias->buf : NULL,
                                  .activation = name};
    TRY(vcl_gemm_epilogue(VCL_AT_ONCE(c->ctx), &gemm, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_epilogue(struct vcl_checker *c, struct vcl_error *err)
{
    size_t count = vcl_case_count(c, 1, 2, COUNT(sizes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(epilogue(c, "tanh", 3, (uint32_t)sizes[i], true, err));
        if (!vcl_case_quick(c)) {
            TRY(epilogue(c, "identity", 2, (uint32_t)sizes[i], true, err));
            TRY(epilogue(c, "gelu", 2, (uint32_t)sizes[i], false, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_epilogue = {.name = "epilogue", .run = run_epilogue};
