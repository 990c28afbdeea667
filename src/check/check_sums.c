/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "check/reference.h"
#include "gemm/gemm.h"

/* ---- column_sums: chunks of 256 rows ---- */

static float column_sum(const float *x, size_t rows, size_t cols)
{
    float total = 0;
    for (size_t first = 0; first < rows; first += 256) {
        float sum = 0;
        for (size_t i = first; i < rows && i < first + 256; i++)
            sum += x[i * cols];
        total = first ? total + sum : sum;
    }
    return total;
}

static enum vcl_status column_sums(struct vcl_checker *c, size_t rows, size_t cols, bool accumulate,
                                   struct vcl_error *err)
{
    struct vcl_zone *x, *sums;
    enum vcl_status r;
    vcl_case_begin(c, "reduce.cl", "%zu x %zu%s", rows, cols, accumulate ? ", accumulated" : "");
    TRY(vcl_input(c, "x", rows * cols, vcl_fill_signed, &x, err));
    TRY(vcl_output(c, "sums", cols, accumulate ? vcl_fill_signed : NULL,
                   vcl_tolerance_chunked(rows + 1), &sums, err));
    for (size_t j = 0; j < cols; j++) {
        const float *column = vcl_zone_floats(x) + j;
        float sum = column_sum(column, rows, cols), before = vcl_zone_floats(sums)[j];
        sums->formula[j] = (struct vcl_formula){0, 0};
        if (accumulate)
            vcl_formula_add(&sums->formula[j], (double)before);
        for (size_t i = 0; i < rows; i++)
            vcl_formula_add(&sums->formula[j], (double)column[i * cols]);
        sums->exact[j] = accumulate ? before + sum : sum;
    }
    TRY(vcl_column_sums(VCL_AT_ONCE(c->ctx), rows, cols, accumulate, x->buf, sums->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_columns(struct vcl_checker *c, struct vcl_error *err)
{
    static const size_t shapes[][2] = {
        {257, 3},  {2, 17},   {1300, 19}, {1, 1},     {100, 400}, {300, 33},  {1, 784},
        {784, 1},  {2, 2},    {15, 16},   {16, 15},   {17, 31},   {31, 32},   {32, 257},
        {33, 255}, {255, 17}, {256, 2},   {257, 16},  {784, 15},  {512, 31},  {513, 256},
        {600, 33}, {1024, 3}, {1025, 1},  {1280, 32}, {5000, 3},  {2049, 300}};
    size_t count = vcl_case_count(c, 3, 6, sizeof shapes / sizeof *shapes);
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(column_sums(c, shapes[i][0], shapes[i][1], false, err));
        TRY(column_sums(c, shapes[i][0], shapes[i][1], true, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_column_sums = {.name = "column_sums", .run = run_columns};

/* ---- row_sums: runs of `cols` elements, the last one shorter ---- */

static void expect_row(struct vcl_zone *sums, size_t row, const float *x, size_t n, bool squares)
{
    struct vcl_lanes lanes = {{0}};
    struct vcl_formula formula = {0, 0};
    for (size_t i = 0; i < n; i++) {
        float *lane = &lanes.lane[i % 16];
        *lane = squares ? fmaf(x[i], x[i], *lane) : *lane + x[i];
        vcl_formula_add(&formula, squares ? (double)x[i] * (double)x[i] : (double)x[i]);
    }
    sums->exact[row] = vcl_lanes_fold(&lanes);
    sums->formula[row] = formula;
}

static enum vcl_status row_sums(struct vcl_checker *c, size_t n, size_t cols, bool squares,
                                struct vcl_error *err)
{
    size_t rows = (n + cols - 1) / cols;
    struct vcl_zone *x, *sums;
    enum vcl_status r;
    vcl_case_begin(c, "reduce.cl", "%zu in runs of %zu%s", n, cols, squares ? ", squares" : "");
    TRY(vcl_input(c, "x", n, vcl_fill_signed, &x, err));
    TRY(vcl_output(c, "sums", rows, NULL, vcl_tolerance_lanes(cols, 0.5), &sums, err));
    for (size_t row = 0; row < rows; row++) {
        size_t first = row * cols, length = n - first < cols ? n - first : cols;
        expect_row(sums, row, vcl_zone_floats(x) + first, length, squares);
    }
    TRY(vcl_op_row_sums(VCL_AT_ONCE(c->ctx), n, cols, squares, x->buf, sums->buf, err));
    TRY(vcl_case_end(c, err));
out:
    return r;
}

static enum vcl_status run_rows(struct vcl_checker *c, struct vcl_error *err)
{
    static const size_t shapes[][2] = {
        {3000, 33},  {1, 1},     {5000, 1024}, {31, 784},  {3, 1},      {30, 15},
        {31, 16},    {35, 17},   {33, 31},     {100, 32},  {255, 255},  {300, 256},
        {2571, 257}, {784, 784}, {1025, 31},   {4096, 17}, {3000, 300}, {40000, 1024}};
    size_t count = vcl_case_count(c, 1, 4, sizeof shapes / sizeof *shapes);
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < count; i++) {
        TRY(row_sums(c, shapes[i][0], shapes[i][1], false, err));
        TRY(row_sums(c, shapes[i][0], shapes[i][1], true, err));
    }
out:
    return r;
}

const struct vcl_check vcl_check_row_sums = {.name = "row_sums", .run = run_rows};
