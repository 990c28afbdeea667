/* SPDX-License-Identifier: MIT
 *
 * What is drawn on the device: normal numbers, and data as it is unpacked (and binarised).
 */
#include "check/host_math.h"
#include "check/reference.h"
#include "check/true_math.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SEED     0xfedcba9876543210u

static const struct vcl_step step = {
    .seed_lo = (uint32_t)SEED, .seed_hi = (uint32_t)(SEED >> 32), .step = 1234567, .epoch = 9};

/* ---- fill_normal ---- */

static enum vcl_status fill_normal(struct vcl_checker *c, uint32_t rows, uint32_t cols,
                                   uint32_t first_row, struct vcl_error *err)
{
    struct vcl_zone *at, *x;
    enum vcl_status r;
    vcl_case_begin(c, "latent.cl", "%u x %u from row %u", rows, cols, first_row);
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &at, err));
    TRY(vcl_output(c, "x", (size_t)rows * cols, NULL, vcl_tolerance_ulps(6), &x, err));
    for (size_t i = 0; i < (size_t)rows * cols; i++) {
        uint32_t row = first_row + (uint32_t)(i / cols), col = (uint32_t)(i % cols);
        x->exact[i] = vcl_host_normal(SEED, VCL_STREAM_PRIOR, step.step, row, col);
        x->formula[i].value =
            vcl_true_normal(SEED, VCL_STREAM_PRIOR, step.step, row, col, &x->formula[i].scale);
    }
    TRY(vcl_op_fill_normal(VCL_AT_ONCE(c->ctx), rows, cols, VCL_STREAM_PRIOR, first_row, at->buf,
                           x->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_normal(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t shapes[][3] = {{2, 18, 3},          {100, 20, 0},  {1, 1, 0},
                                         {3, 15, UINT32_MAX}, {300, 257, 1}, {17, 784, 100000}};
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(fill_normal(c, shapes[i][0], shapes[i][1], shapes[i][2], err));
out:
    return r;
}

const struct vcl_check vcl_check_fill_normal = {.name = "fill_normal", .run = run_normal};

/* ---- unpack ---- */

struct unpack {
    uint32_t rows, cols;
    bool bytes;
    enum vcl_binarise binarise;
};

static int32_t id_of(size_t row)
{
    return (int32_t)(row * 31 + 5);
}

static float binarised(const struct unpack *u, float x, size_t row, uint32_t col)
{
    if (u->binarise == VCL_BINARISE_THRESHOLD)
        return x > 0.5f ? 1 : 0;
    if (u->binarise == VCL_BINARISE_DYNAMIC)
        return vcl_host_uniform(SEED, VCL_STREAM_BINARISE, step.epoch, (uint32_t)id_of(row), col) <
               x;
    return x;
}

/* The same by the host's own generator, src/base/philox.c. */
static double true_binarised(const struct unpack *u, double x, size_t row, uint32_t col)
{
    const struct vcl_philox rng = {SEED, VCL_STREAM_BINARISE, step.epoch};
    if (u->binarise == VCL_BINARISE_THRESHOLD)
        return x > 0.5;
    if (u->binarise == VCL_BINARISE_DYNAMIC)
        return (double)vcl_philox_uniform(&rng, (uint32_t)id_of(row), col) < x;
    return x;
}

static enum vcl_status raw_bytes(struct vcl_checker *c, size_t n, struct vcl_zone **ret_raw,
                                 struct vcl_error *err)
{
    unsigned char *bytes;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&c->arena, n, &bytes, err));
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(n > 1000 ? i : vcl_philox_word(&c->rng, 99, (uint32_t)i));
    TRY(vcl_input_bytes(c, "raw", bytes, n, ret_raw, err));
out:
    return r;
}

static void expect(const struct unpack *u, const struct vcl_zone *raw, struct vcl_zone *x)
{
    const unsigned char *bytes = raw->host;
    for (size_t i = 0; i < (size_t)u->rows * u->cols; i++) {
        float v = u->bytes ? (float)bytes[i] / 255.0f : vcl_zone_floats(raw)[i];
        bool as_it_is = u->binarise == VCL_BINARISE_NONE && u->bytes;
        double value = as_it_is ? bytes[i] / 255.0 : (double)v;
        size_t row = i / u->cols;
        uint32_t col = (uint32_t)(i % u->cols);
        x->exact[i] = binarised(u, v, row, col);
        value = true_binarised(u, value, row, col);
        x->formula[i] = (struct vcl_formula){value, value};
    }
}

static enum vcl_status unpack(struct vcl_checker *c, const struct unpack *u, struct vcl_error *err)
{
    static const char *const modes[] = {"", ", dynamic", ", threshold"};
    size_t n = (size_t)u->rows * u->cols;
    struct vcl_zone *at, *ids, *raw, *x;
    int32_t *numbers;
    enum vcl_status r;
    vcl_case_begin(c, "data.cl", "%u x %u %s%s", u->rows, u->cols, u->bytes ? "bytes" : "floats",
                   modes[u->binarise]);
    TRY(vcl_arena_alloc(&c->arena, u->rows * sizeof *numbers, &numbers, err));
    for (size_t i = 0; i < u->rows; i++)
        numbers[i] = id_of(i);
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &at, err));
    TRY(vcl_input_bytes(c, "ids", numbers, u->rows * sizeof *numbers, &ids, err));
    TRY(u->bytes ? raw_bytes(c, n, &raw, err) : vcl_input(c, "raw", n, vcl_fill_unit, &raw, err));
    TRY(vcl_output(c, "x", n, NULL, vcl_tolerance_ulps(0.5), &x, err));
    expect(u, raw, x);
    TRY(vcl_op_unpack(VCL_AT_ONCE(c->ctx), u->bytes, u->binarise, u->rows, u->cols, at->buf,
                      ids->buf, raw->buf, x->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_unpack(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t shapes[][2] = {{3, 19},  {2, 784}, {1, 1},    {2, 2},    {31, 15},
                                         {33, 16}, {32, 31}, {17, 255}, {300, 257}};
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        for (int mode = 0; mode < 6; mode++) {
            const struct unpack u = {.rows = shapes[i][0],
                                     .cols = shapes[i][1],
                                     .bytes = mode < 3,
                                     .binarise = (enum vcl_binarise)(mode % 3)};
            TRY(unpack(c, &u, err));
        }
    }
out:
    return r;
}

const struct vcl_check vcl_check_unpack = {.name = "unpack", .run = run_unpack};
