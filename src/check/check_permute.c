/* SPDX-License-Identifier: MIT
 *
 * Columns permuted by themselves: keys as the host draws them, and places by counting what is
 * smaller.
 */
#include <math.h>

#include "check/host_math.h"
#include "check/reference.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])
#define SEED     0x0123456789abcdefu

enum { STREAM = VCL_STREAM_NODE + 3 };

static const struct vcl_step step = {
    .seed_lo = (uint32_t)SEED, .seed_hi = (uint32_t)(SEED >> 32), .step = 17};

static void expect_keys(struct vcl_zone *keys, uint32_t rows, uint32_t cols)
{
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t j = 0; j < cols; j++) {
            size_t at = (size_t)row * cols + j;
            keys->exact[at] = vcl_host_uniform(SEED, STREAM, step.step, row, j);
            keys->formula[at] = (struct vcl_formula){(double)keys->exact[at], 1};
        }
    }
}

static uint32_t place_of(const float *keys, uint32_t rows, uint32_t cols, uint32_t row, uint32_t j)
{
    float key = keys[(size_t)row * cols + j];
    uint32_t place = 0;
    for (uint32_t i = 0; i < rows; i++) {
        float other = keys[(size_t)i * cols + j];
        place += other < key || (other == key && i < row);
    }
    return place;
}

static enum vcl_status permute(struct vcl_checker *c, uint32_t rows, uint32_t cols,
                               struct vcl_error *err)
{
    const size_t n = (size_t)rows * cols;
    struct vcl_zone *at, *keys, *x, *y;
    enum vcl_status r;
    vcl_case_begin(c, "permute.cl", "%u x %u", rows, cols);
    TRY(vcl_input_bytes(c, "step", &step, sizeof step, &at, err));
    TRY(vcl_input(c, "x", n, vcl_fill_any, &x, err));
    TRY(vcl_output(c, "keys", n, NULL, 0, &keys, err));
    TRY(vcl_output(c, "y", n, NULL, 0, &y, err));
    expect_keys(keys, rows, cols);
    for (uint32_t row = 0; row < rows; row++) {
        for (uint32_t j = 0; j < cols; j++) {
            float value = vcl_zone_floats(x)[(size_t)row * cols + j];
            size_t to = (size_t)place_of(keys->exact, rows, cols, row, j) * cols + j;
            y->exact[to] = value;
            y->formula[to] = (struct vcl_formula){(double)value, fabs((double)value)};
        }
    }
    TRY(vcl_op_permute_columns(VCL_AT_ONCE(c->ctx), rows, cols, STREAM, at->buf, keys->buf, x->buf,
                               y->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run(struct vcl_checker *c, struct vcl_error *err)
{
    static const uint32_t shapes[][2] = {{9, 5},   {100, 10}, {1, 1},   {2, 16},  {15, 17},
                                         {17, 15}, {33, 31},  {31, 33}, {257, 2}, {784, 1}};
    size_t count = vcl_case_count(c, 1, 2, COUNT(shapes));
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++)
        TRY(permute(c, shapes[i][0], shapes[i][1], err));
out:
    return r;
}

const struct vcl_check vcl_check_permute = {.name = "permute", .run = run};
