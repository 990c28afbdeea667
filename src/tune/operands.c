/* SPDX-License-Identifier: MIT */
#include "tune/operands.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { GUARD = 64 };

/* In [-1, 1): what is multiplied matters to nobody, only that no two places hold the same. */
static float next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * 0x1p-31f;
}

static void fill(float *values, size_t n, uint32_t *state)
{
    for (size_t i = 0; i < n; i++)
        values[i] = next_random(state);
}

static enum vcl_status make_input(struct vcl_ctx *ctx, double floats, uint32_t *state,
                                  struct vcl_buf **ret_buf, struct vcl_error *err)
{
    size_t n = (size_t)floats;
    float *values = NULL;
    enum vcl_status r;
    TRY(vcl_alloc(n, sizeof *values, &values, err));
    fill(values, n, state);
    TRY(vcl_buf_create(ctx, n * sizeof *values, ret_buf, err));
    TRY(vcl_buf_write(*ret_buf, 0, n * sizeof *values, values, err));
out:
    free(values);
    return r;
}

static enum vcl_status make_outcome(struct vcl_ctx *ctx, double floats, uint32_t *state,
                                    struct vcl_outcome *outcome, struct vcl_error *err)
{
    enum vcl_status r;
    outcome->floats = (size_t)floats + GUARD;
    TRY(vcl_alloc(outcome->floats, sizeof(float), &outcome->before, err));
    TRY(vcl_alloc(outcome->floats, sizeof(float), &outcome->wanted, err));
    TRY(vcl_alloc(outcome->floats, sizeof(float), &outcome->got, err));
    TRY(vcl_buf_create(ctx, outcome->floats * sizeof(float), &outcome->buf, err));
    fill(outcome->before, outcome->floats, state);
out:
    return r;
}

/* Pointers of the pattern are only looked at for being there. */
enum vcl_status vcl_operands_init(struct vcl_operands *operands, struct vcl_ctx *ctx,
                                  const struct vcl_gemm *gemm, struct vcl_error *err)
{
    uint32_t state = 1;
    double floats[3];
    enum vcl_status r;
    *operands = (struct vcl_operands){.ctx = ctx, .gemm = *gemm};
    struct vcl_gemm *g = &operands->gemm;
    g->a = g->b = g->c = g->bias = g->derivative_at = g->b_sums = NULL;
    vcl_gemm_sizes(gemm, floats);
    TRY(make_input(ctx, floats[0], &state, &g->a, err));
    TRY(make_input(ctx, floats[1], &state, &g->b, err));
    if (gemm->bias)
        TRY(make_input(ctx, gemm->n, &state, &g->bias, err));
    if (gemm->derivative_at)
        TRY(make_input(ctx, floats[2], &state, &g->derivative_at, err));
    TRY(make_outcome(ctx, floats[2], &state, &operands->c, err));
    if (gemm->b_sums)
        TRY(make_outcome(ctx, gemm->n, &state, &operands->b_sums, err));
    g->c = operands->c.buf;
    g->b_sums = operands->b_sums.buf;
out:
    return r;
}

static void outcome_finish(struct vcl_outcome *outcome)
{
    vcl_buf_destroy(&outcome->buf);
    free(outcome->before);
    free(outcome->wanted);
    free(outcome->got);
}

void vcl_operands_finish(struct vcl_operands *operands)
{
    struct vcl_gemm *g = &operands->gemm;
    vcl_buf_destroy(&g->a);
    vcl_buf_destroy(&g->b);
    vcl_buf_destroy(&g->bias);
    vcl_buf_destroy(&g->derivative_at);
    outcome_finish(&operands->c);
    outcome_finish(&operands->b_sums);
    *operands = (struct vcl_operands){0};
}

static enum vcl_status outcome_write(struct vcl_outcome *outcome, struct vcl_error *err)
{
    return vcl_buf_write(outcome->buf, 0, outcome->floats * sizeof(float), outcome->before, err);
}

static enum vcl_status outcome_read(struct vcl_outcome *outcome, float *to, struct vcl_error *err)
{
    return vcl_buf_read(outcome->buf, 0, outcome->floats * sizeof(float), to, err);
}

enum vcl_status vcl_operands_reset(struct vcl_operands *operands, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(outcome_write(&operands->c, err));
    if (operands->b_sums.buf)
        TRY(outcome_write(&operands->b_sums, err));
out:
    return r;
}

enum vcl_status vcl_operands_refer(struct vcl_operands *operands, const struct vcl_gemm_def *def,
                                   const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_operands_reset(operands, err));
    TRY(def->run(VCL_AT_ONCE(operands->ctx), &operands->gemm, setting, err));
    TRY(outcome_read(&operands->c, operands->c.wanted, err));
    if (operands->b_sums.buf)
        TRY(outcome_read(&operands->b_sums, operands->b_sums.wanted, err));
    operands->exact = def->same_bits;
out:
    return r;
}

/* Any order of a sum of k terms of at most 1 errs by at most k^2 units of 2^-24; half as much is
 * typical of none. C's old value, the bias and a function of slope 2 add little. */
static double bound(const struct vcl_gemm *gemm)
{
    double terms = (double)gemm->k + 4;
    return terms * terms * 0x1p-24;
}

static bool outcome_equal(const struct vcl_outcome *outcome, bool exact, double most)
{
    size_t results = outcome->floats - GUARD;
    if (memcmp(outcome->got + results, outcome->before + results, GUARD * sizeof(float)) != 0)
        return false;
    if (exact)
        return memcmp(outcome->got, outcome->wanted, results * sizeof(float)) == 0;
    for (size_t i = 0; i < results; i++) {
        if (!(fabs((double)outcome->got[i] - (double)outcome->wanted[i]) <= most))
            return false;
    }
    return true;
}

enum vcl_status vcl_operands_compare(struct vcl_operands *operands, bool exact, bool *ret_equal,
                                     struct vcl_error *err)
{
    double most = bound(&operands->gemm);
    bool equal;
    enum vcl_status r;
    exact = exact && operands->exact;
    TRY(outcome_read(&operands->c, operands->c.got, err));
    equal = outcome_equal(&operands->c, exact, most);
    if (operands->b_sums.buf) {
        TRY(outcome_read(&operands->b_sums, operands->b_sums.got, err));
        equal = equal && outcome_equal(&operands->b_sums, exact, most);
    }
    *ret_equal = equal;
out:
    return r;
}
