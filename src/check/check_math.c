/* SPDX-License-Identifier: MIT
 *
 * kernels/math.cl on the device: each function of it on numbers of all sizes.
 */
#include <math.h>

#include "check/host_math.h"
#include "check/reference.h"
#include "check/true_math.h"
#include "gemm/gemm.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const struct function {
    const char *name;
    float (*host)(float x);
    double (*formula)(double x);
    double ulps;
} functions[] = {
    {"exp", vcl_host_exp, exp, 2},
    {"expm1", vcl_host_expm1, expm1, 2},
    {"log", vcl_host_log, log, 2},
    {"log1p", vcl_host_log1p, log1p, 2},
    {"sqrt", vcl_host_sqrt, sqrt, 0.5},
    {"sigmoid", vcl_host_sigmoid, vcl_true_sigmoid, 2},
    {"softplus", vcl_host_softplus, vcl_true_softplus, 2},
    {"tanh", vcl_host_tanh, tanh, 2},
    {"erf", vcl_host_erf, erf, 2},
    {"normal_cdf", vcl_host_normal_cdf, vcl_true_normal_cdf, 4},
    {"normal_pdf", vcl_host_normal_pdf, vcl_true_normal_pdf, 2},
    {"cos_2pi", vcl_host_cos_2pi, vcl_true_cos_2pi, 2},
    {"sin_2pi", vcl_host_sin_2pi, vcl_true_sin_2pi, 2},
};

/* In the order of the table above. */
#define PARAMETER(name) ", global float *y_" #name
#define STATEMENT(name) "    flat_store(vm_" #name "(v), y_" #name ", n, i);\n"
#define PARAMETERS      VCL_HOST_FUNCTIONS(PARAMETER)
#define STATEMENTS      VCL_HOST_FUNCTIONS(STATEMENT)

static const char text[] =
    "#include \"prelude.cl\"\n"
    "#ifdef OUR_DIVISION\n"
    "#undef HAS_EXACT_DIV\n"
    "#define HAS_EXACT_DIV 0\n"
    "#endif\n"
    "#include \"math.cl\"\n"
    "kernel void division(int n, global const float *a, global const float *b,\n"
    "                     global float *quotient, global float *root)\n"
    "{\n"
    "    int i = FLAT_INDEX;\n"
    "    real x = flat_load(a, n, i);\n"
    "    flat_store(vm_div(x, flat_load(b, n, i)), quotient, n, i);\n"
    "    flat_store(vm_sqrt(x), root, n, i);\n"
    "}\n"
    "kernel void functions(int n, global const float *x" PARAMETERS ")\n"
    "{\n"
    "    int i = FLAT_INDEX;\n"
    "    real v = flat_load(x, n, i);\n" STATEMENTS "}\n";

/* cos and sin of turns reduce arguments below 2^20 only. */
static bool beyond_domain(const struct function *function, float x)
{
    return function >= &functions[COUNT(functions) - 2] && !(fabsf(x) < 0x1p20f);
}

static void expect(struct vcl_zone *y, const struct function *function, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double value = function->formula((double)x[i]);
        y->exact[i] = function->host(x[i]);
        y->formula[i] = (struct vcl_formula){value, fabs(value)};
        if (beyond_domain(function, x[i]))
            y->formula[i] = (struct vcl_formula){0, INFINITY};
    }
}

static enum vcl_status all_functions(struct vcl_checker *c, size_t n, struct vcl_error *err)
{
    struct vcl_launch launch = {
        .text = text, .kernel = "functions", .n_args = 2 + COUNT(functions)};
    struct vcl_zone *x, *y;
    enum vcl_status r;
    vcl_case_begin(c, "math.cl", "%zu functions of %zu numbers", COUNT(functions), n);
    TRY(vcl_input(c, "x", n, vcl_fill_any, &x, err));
    launch.args[0] = VCL_ARG((int32_t)n);
    launch.args[1] = VCL_ARG(x->buf);
    for (size_t i = 0; i < COUNT(functions); i++) {
        TRY(vcl_output(c, functions[i].name, n, NULL, vcl_tolerance_ulps(functions[i].ulps), &y,
                       err));
        launch.args[2 + i] = VCL_ARG(y->buf);
        expect(y, &functions[i], vcl_zone_floats(x), n);
    }
    vcl_flat_size(c->ctx, &launch, n, 1);
    TRY(vcl_launch_run(c->ctx, &launch, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static void expect_division(struct vcl_zone *quotient, struct vcl_zone *root, const float *a,
                            const float *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double q = (double)a[i] / (double)b[i], s = sqrt((double)a[i]);
        quotient->exact[i] = a[i] / b[i];
        quotient->formula[i] = (struct vcl_formula){q, fabs(q)};
        root->exact[i] = sqrtf(a[i]);
        root->formula[i] = (struct vcl_formula){s, s};
    }
}

/* Correctly rounded: the device's own where it says so, and ours. */
static enum vcl_status division(struct vcl_checker *c, size_t n, bool ours, struct vcl_error *err)
{
    struct vcl_zone *a, *b, *quotient, *root;
    enum vcl_status r;
    vcl_case_begin(c, "math.cl", "%zu quotients and square roots%s", n, ours ? ", ours" : "");
    TRY(vcl_input(c, "a", n, vcl_fill_any, &a, err));
    TRY(vcl_input(c, "b", n, vcl_fill_any, &b, err));
    TRY(vcl_output(c, "quotient", n, NULL, vcl_tolerance_ulps(0.5), &quotient, err));
    TRY(vcl_output(c, "root", n, NULL, vcl_tolerance_ulps(0.5), &root, err));
    expect_division(quotient, root, vcl_zone_floats(a), vcl_zone_floats(b), n);
    struct vcl_launch launch = {
        .text = text,
        .kernel = "division",
        .options = ours ? "-DOUR_DIVISION" : NULL,
        VCL_ARGS((int32_t)n, a->buf, b->buf, quotient->buf, root->buf),
    };
    vcl_flat_size(c->ctx, &launch, n, 1);
    TRY(vcl_launch_run(c->ctx, &launch, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    size_t n = vcl_case_count(c, 77, 5003, 100003);
    enum vcl_status r;
    TRY(all_functions(c, n, err));
    TRY(division(c, n, false, err));
    if (vcl_ctx_device(c->ctx)->exact_division)
        TRY(division(c, n, true, err));
out:
    return r;
}

const struct vcl_check vcl_check_math = {.name = "math", .run = run};
