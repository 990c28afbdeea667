/* SPDX-License-Identifier: MIT */
#include "tune/search.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gemm/gemm.h"
#include "gemm/tuning.h"
#include "gemms.rows.h"
#include "tune/measure.h"
#include "tune/operands.h"
#include "tune/space.h"

/* A timing lasts for so long; a way that is slower by that factor needs no second one, and another
 * way must be better than the untuned one by that factor: noise is not to choose. */
static const double TIMING = 3e-3, HOPELESS = 1.25, BETTER = 0.97;
/* Ours are worth so much: a library that adds in an order of its own must win by more. */
static const double SAME_BITS = 1.1;
enum { TIMINGS = 7, MOST_RUNS = 1000 };

struct searcher {
    struct vcl_search *search;
    struct vcl_ctx *ctx;
    struct vcl_operands operands;
    struct vcl_error why; /* the last way that did not run */
};

static double cost(const struct vcl_way *way)
{
    return way->def->same_bits ? way->seconds : SAME_BITS * way->seconds;
}

/* ---- timing ---- */

static enum vcl_status record(struct searcher *s, const struct vcl_way *way,
                              struct vcl_list **ret_list, struct vcl_error *err)
{
    enum vcl_status r = vcl_list_create(s->ctx, ret_list, err);
    if (r < 0)
        return r;
    const struct vcl_emit emit = {.ctx = s->ctx, .list = *ret_list};
    r = way->def->run(&emit, &s->operands.gemm, &way->setting, err);
    vcl_list_seal(*ret_list);
    return r;
}

/* Seconds a run. */
static enum vcl_status time_runs(struct vcl_ctx *ctx, struct vcl_list *list, unsigned runs,
                                 double *ret_seconds, struct vcl_error *err)
{
    const struct vcl_work work = vcl_list_work(&list);
    enum vcl_status r = vcl_time_runs(ctx, &work, runs, ret_seconds, err);
    if (r == VCL_OK)
        *ret_seconds /= runs;
    return r;
}

static unsigned runs_for(double seconds)
{
    double runs = seconds > 0 ? TIMING / seconds : MOST_RUNS;
    return runs < 1 ? 1 : runs > MOST_RUNS ? MOST_RUNS : (unsigned)runs;
}

/* The fastest of several timings, as whatever else the machine does can only add to one; of the
 * first two alone if that is hopeless beside `best`. */
static enum vcl_status time_list(struct vcl_ctx *ctx, struct vcl_list *list, double best,
                                 double *ret_seconds, struct vcl_error *err)
{
    double fastest = INFINITY, seconds;
    enum vcl_status r;
    TRY(time_runs(ctx, list, 1, &seconds, err));
    unsigned runs = runs_for(seconds);
    for (int i = 0; i < TIMINGS && !(i >= 2 && fastest > HOPELESS * best); i++) {
        TRY(time_runs(ctx, list, runs, &seconds, err));
        fastest = seconds < fastest ? seconds : fastest;
    }
    *ret_seconds = fastest;
out:
    return r;
}

/* ---- one way ---- */

/* Only without memory is there no going on; a way that does not compile or run is a bad one. */
static bool is_fatal(enum vcl_status r)
{
    return r == VCL_E_NOMEM;
}

static enum vcl_status check_and_time(struct searcher *s, struct vcl_way *way, bool *ret_equal,
                                      struct vcl_error *err)
{
    struct vcl_list *list = NULL;
    double best = s->search->best.def ? s->search->best.seconds : INFINITY;
    enum vcl_status r;
    TRY(record(s, way, &list, err));
    TRY(vcl_operands_reset(&s->operands, err));
    TRY(vcl_list_run(list, err)); /* compiles, too */
    TRY(vcl_operands_compare(&s->operands, way->def->same_bits, ret_equal, err));
    if (*ret_equal)
        TRY(time_list(s->ctx, list, best, &way->seconds, err));
out:
    (void)!vcl_ctx_finish(s->ctx, NULL);
    vcl_list_destroy(&list);
    return r;
}

/* Measures a way, which becomes the best one if it is. */
static enum vcl_status try_way(struct searcher *s, struct vcl_way *way, struct vcl_error *err)
{
    char setting[VCL_SETTING_TEXT];
    struct vcl_error why = {0};
    bool equal = false;
    enum vcl_status r = check_and_time(s, way, &equal, &why);
    vcl_gemm_setting_text(way->def, &way->setting, setting);
    s->search->tried++;
    if (is_fatal(r)) {
        if (err)
            *err = why;
        return r;
    }
    if (r < 0 || !equal) {
        vcl_log(s->ctx, VCL_LOG_DEBUG, "tuning: %s %s: %s", way->def->name, setting,
                r < 0 ? why.msg : "a wrong result");
        way->seconds = INFINITY;
        s->search->wrong++;
        s->why = why;
        return VCL_OK;
    }
    vcl_log(s->ctx, VCL_LOG_DEBUG, "tuning: %s %s: %.1f us", way->def->name, setting,
            1e6 * way->seconds);
    if (!s->search->best.def || cost(way) < cost(&s->search->best))
        s->search->best = *way;
    return VCL_OK;
}

static bool over(const struct vcl_search *search)
{
    return vcl_now() >= search->until || (search->stop && search->stop(search->user));
}

/* ---- all ways ---- */

/* May the search choose it, beside what is done untuned? The reference has nothing to offer but
 * where launches are all that counts. */
static bool is_candidate(const struct vcl_ctx *ctx, const struct vcl_gemm_def *def,
                         const struct vcl_gemm *gemm)
{
    const char *asked = vcl_ctx_gemm_name(ctx);
    if (asked && strcmp(asked, def->name) != 0)
        return false;
    if (def == &vcl_gemm_naive && vcl_gemm_multiplies(gemm) > 1 << 20)
        return false;
    return def->same_bits && def->supports(ctx, gemm);
}

enum vcl_status vcl_search_possible(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                    bool *ret_possible, struct vcl_error *err)
{
    struct vcl_gemm_setting setting;
    const struct vcl_gemm_def *untuned;
    enum vcl_status r = vcl_gemm_choose_untuned(ctx, gemm, &untuned, &setting, err);
    if (r < 0)
        return r;
    *ret_possible = untuned->same_bits && untuned->params;
    if (strcmp(vcl_ctx_precision(ctx), "exact") != 0) { /* the units' own tiles are all there is */
        *ret_possible = false;
        return r;
    }
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if (*def != untuned && *def != &vcl_gemm_naive && is_candidate(ctx, *def, gemm))
            *ret_possible = true;
    }
    return r;
}

static enum vcl_status search_settings(struct searcher *s, struct vcl_way *from,
                                       struct vcl_error *err)
{
    struct vcl_space space;
    struct vcl_way way = *from;
    bool more = true;
    enum vcl_status r;
    TRY(vcl_space_init(&space, s->ctx, &s->operands.gemm, from->def, &from->setting, err));
    double best = from->seconds;
    for (;;) {
        TRY(vcl_space_next(&space, &way.setting, &more, err));
        if (!more)
            break;
        if (over(s->search)) {
            s->search->all_tried = false;
            break;
        }
        TRY(try_way(s, &way, err));
        if (way.seconds < BETTER * best) {
            best = way.seconds;
            vcl_space_move(&space, &way.setting);
        }
    }
out:
    vcl_space_finish(&space);
    return r;
}

/* From the setting of a row that is there already, if it is one of this implementation. */
static enum vcl_status search_def(struct searcher *s, const struct vcl_gemm_def *def,
                                  struct vcl_error *err)
{
    struct vcl_way way = {.def = def}, known = {.def = def};
    const struct vcl_tuned_row *row;
    bool is_untuned = s->search->untuned.def == def;
    enum vcl_status r = VCL_OK;
    if (is_untuned) {
        way = s->search->untuned;
    } else {
        if (def->defaults)
            def->defaults(s->ctx, &s->operands.gemm, &way.setting);
        TRY(try_way(s, &way, err));
    }
    if (!def->params)
        goto out;
    TRY(vcl_tuning_find(s->ctx, &s->operands.gemm, def, &row, &known.setting, err));
    if (row && row->def && memcmp(&known.setting, &way.setting, sizeof way.setting) != 0) {
        TRY(try_way(s, &known, err));
        way = known.seconds < way.seconds ? known : way;
    }
    TRY(search_settings(s, &way, err));
out:
    return r;
}

/* ---- the reference ---- */

/* Products that the reference does in about a second at most; the others are compared with what is
 * done untuned: two that agree in every bit were not both wrong in the same way. */
static bool reference_is_fast(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    return vcl_gemm_multiplies(gemm) <= (vcl_ctx_is_cpu(ctx) ? 5e8 : 5e10);
}

static enum vcl_status refer(struct searcher *s, struct vcl_error *err)
{
    const struct vcl_way *untuned = &s->search->untuned;
    const struct vcl_gemm *gemm = &s->operands.gemm;
    bool naive = vcl_gemm_naive.supports(s->ctx, gemm) && reference_is_fast(s->ctx, gemm);
    return vcl_operands_refer(&s->operands, naive ? &vcl_gemm_naive : untuned->def,
                              &untuned->setting, err);
}

/* ---- the whole ---- */

/* Once more, in alternation: a moment in which the device was busy is not to decide. */
static enum vcl_status confirm(struct searcher *s, struct vcl_error *err)
{
    struct vcl_way *ways[2] = {&s->search->untuned, &s->search->best};
    struct vcl_list *lists[2] = {0};
    unsigned runs[2];
    enum vcl_status r = VCL_OK;
    for (int w = 0; w < 2; w++) {
        TRY(record(s, ways[w], &lists[w], err));
        runs[w] = runs_for(ways[w]->seconds);
    }
    for (int i = 0; i < 2 * TIMINGS; i++) {
        struct vcl_way *way = ways[i % 2];
        double seconds;
        TRY(time_runs(s->ctx, lists[i % 2], runs[i % 2], &seconds, err));
        way->seconds = i < 2 || seconds < way->seconds ? seconds : way->seconds;
    }
    if (cost(ways[1]) > BETTER * cost(ways[0]))
        s->search->best = s->search->untuned;
out:
    vcl_list_destroy(&lists[0]);
    vcl_list_destroy(&lists[1]);
    return r;
}

static bool same_way(const struct vcl_way *a, const struct vcl_way *b)
{
    return a->def == b->def && memcmp(&a->setting, &b->setting, sizeof a->setting) == 0;
}

static enum vcl_status search_all(struct searcher *s, struct vcl_error *err)
{
    struct vcl_search *search = s->search;
    enum vcl_status r;
    TRY(vcl_gemm_choose_untuned(s->ctx, search->gemm, &search->untuned.def,
                                &search->untuned.setting, err));
    TRY(refer(s, err));
    TRY(try_way(s, &search->untuned, err));
    if (!search->best.def && s->why.status < 0) { /* it did not run at all */
        if (err)
            *err = s->why;
        return s->why.status;
    }
    if (!search->best.def)
        FAIL(err, VCL_E_CHECK, "'%s' gives wrong results on this device",
             search->untuned.def->name);
    search->all_tried = true;
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if (!is_candidate(s->ctx, *def, search->gemm))
            continue;
        if (over(search))
            search->all_tried = false;
        else
            TRY(search_def(s, *def, err));
    }
    if (!same_way(&search->best, &search->untuned))
        TRY(confirm(s, err));
out:
    return r;
}

enum vcl_status vcl_search_run(struct vcl_search *search, struct vcl_ctx *ctx,
                               struct vcl_error *err)
{
    struct searcher s = {.search = search, .ctx = ctx};
    search->untuned = search->best = (struct vcl_way){0};
    search->tried = search->wrong = 0;
    search->all_tried = false;
    enum vcl_status r = vcl_operands_init(&s.operands, ctx, search->gemm, err);
    if (r == VCL_OK)
        r = search_all(&s, err);
    vcl_operands_finish(&s.operands);
    return r;
}
