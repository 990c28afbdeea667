/* SPDX-License-Identifier: MIT
 *
 * Tuning of many products: one search a class, in the order of the work that they are.
 */
#include "vaecl/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gemm/tuning.h"
#include "tune/database.h"
#include "tune/search.h"

static const double DEFAULT_SECONDS = 5;

/* The products of one class: their largest stands for all. */
struct job {
    struct vcl_gemm_class shape;
    const struct vcl_gemm *gemm;
    double work;
};

struct tuner {
    struct vcl_ctx *ctx;
    const struct vcl_tune_params *params;
    struct vcl_tune_summary summary;
    struct job *jobs;
    uint32_t n_jobs, at;
    double start, seconds;
    bool stopped;
};

/* ---- what there is to do ---- */

static struct job *job_of(struct tuner *t, const struct vcl_gemm_class *shape)
{
    for (uint32_t i = 0; i < t->n_jobs; i++) {
        if (vcl_gemm_class_equal(&t->jobs[i].shape, shape))
            return &t->jobs[i];
    }
    t->jobs[t->n_jobs] = (struct job){.shape = *shape};
    return &t->jobs[t->n_jobs++];
}

static bool is_known(const struct vcl_tuned_row *row, enum vcl_tune_which which)
{
    return row && !row->guess && (which == VCL_TUNE_UNKNOWN || (row->own && row->def));
}

/* Is its class still to be tuned? */
static enum vcl_status is_wanted(const struct tuner *t, const struct vcl_gemm *gemm,
                                 bool *ret_wanted, struct vcl_error *err)
{
    const struct vcl_tuned_row *row;
    struct vcl_gemm_setting setting;
    enum vcl_status r;
    TRY(vcl_search_possible(t->ctx, gemm, ret_wanted, err));
    if (*ret_wanted && t->params->which != VCL_TUNE_ALL) {
        TRY(vcl_tuning_find(t->ctx, gemm, NULL, &row, &setting, err));
        *ret_wanted = !is_known(row, t->params->which);
    }
out:
    return r;
}

static int heavier_first(const void *a, const void *b)
{
    double x = ((const struct job *)a)->work, y = ((const struct job *)b)->work;
    return (x < y) - (x > y);
}

static void drop(struct tuner *t, uint32_t i)
{
    t->jobs[i] = t->jobs[--t->n_jobs];
    t->summary.known++;
}

static enum vcl_status make_jobs(struct tuner *t, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_alloc(t->params->count + 1, sizeof *t->jobs, &t->jobs, err));
    for (size_t i = 0; i < t->params->count; i++) {
        const struct vcl_gemm *gemm = &t->params->products[i];
        const struct vcl_gemm_class shape = vcl_gemm_class_of(gemm);
        struct job *job = job_of(t, &shape);
        job->work += vcl_gemm_multiplies(gemm);
        if (!job->gemm || vcl_gemm_multiplies(gemm) > vcl_gemm_multiplies(job->gemm))
            job->gemm = gemm;
    }
    for (uint32_t i = t->n_jobs; i-- > 0;) {
        bool wanted;
        TRY(is_wanted(t, t->jobs[i].gemm, &wanted, err));
        if (!wanted)
            drop(t, i);
    }
    qsort(t->jobs, t->n_jobs, sizeof *t->jobs, heavier_first);
out:
    return r;
}

/* ---- doing it ---- */

static bool stop(void *user)
{
    struct tuner *t = user;
    char product[VCL_CLASS_TEXT];
    if (!t->params->progress || t->stopped)
        return t->stopped;
    vcl_gemm_class_text(&t->jobs[t->at].shape, product);
    const struct vcl_tune_progress progress = {.product = product,
                                               .done = t->at,
                                               .count = t->n_jobs,
                                               .seconds = vcl_now() - t->start,
                                               .of_seconds = t->seconds};
    t->stopped = t->params->progress(t->params->user, &progress);
    return t->stopped;
}

/* What a job may take of the time left: small products are slower for their work, hence the root.
 */
static double share(const struct tuner *t, double left)
{
    double all = 0;
    for (uint32_t i = t->at; i < t->n_jobs; i++)
        all += sqrt(t->jobs[i].work);
    return left * sqrt(t->jobs[t->at].work) / all;
}

static enum vcl_status keep(struct tuner *t, const struct job *job, const struct vcl_search *search,
                            struct vcl_error *err)
{
    const struct vcl_way *best = &search->best;
    double flops = 2e-9 * vcl_gemm_multiplies(job->gemm);
    const struct vcl_tuned_row row = {.shape = job->shape,
                                      .def = best->def,
                                      .setting = best->setting,
                                      .gflops = flops / best->seconds};
    char product[VCL_CLASS_TEXT], setting[VCL_SETTING_TEXT];
    enum vcl_status r = vcl_tuning_put(t->ctx, &row, err);
    if (r < 0)
        return r;
    t->summary.tuned++;
    vcl_gemm_class_text(&job->shape, product);
    vcl_gemm_setting_text(best->def, &best->setting, setting);
    if (t->params->result)
        t->params->result(t->params->user, &(struct vcl_tune_result){
                                               .product = product,
                                               .implementation = best->def->name,
                                               .setting = setting,
                                               .default_gflops = flops / search->untuned.seconds,
                                               .gflops = row.gflops,
                                               .tried = search->tried,
                                               .wrong = search->wrong,
                                               .all_tried = search->all_tried});
    return r;
}

/* A class that is not measured now: a start must not try anew each time, so that it is noted as
 * good enough unless somebody asks for more. */
static enum vcl_status leave(struct tuner *t, const struct job *job, struct vcl_error *err)
{
    t->summary.left++;
    if (t->stopped || t->params->which != VCL_TUNE_UNKNOWN)
        return VCL_OK;
    return vcl_tuning_put(t->ctx, &(struct vcl_tuned_row){.shape = job->shape}, err);
}

/* A product that does not fit the device stays untuned. */
static enum vcl_status do_job(struct tuner *t, const struct job *job, double seconds,
                              struct vcl_error *err)
{
    struct vcl_search search = {
        .gemm = job->gemm, .until = vcl_now() + seconds, .stop = stop, .user = t};
    enum vcl_status r = vcl_search_run(&search, t->ctx, err);
    if (r == VCL_E_DEVMEM)
        return leave(t, job, err);
    return r < 0 ? r : keep(t, job, &search, err);
}

static enum vcl_status do_jobs(struct tuner *t, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (t->at = 0; t->at < t->n_jobs; t->at++) {
        double left = t->start + t->seconds - vcl_now();
        if (left <= 0 || stop(t))
            TRY(leave(t, &t->jobs[t->at], err));
        else
            TRY(do_job(t, &t->jobs[t->at], share(t, left), err));
    }
out:
    return r;
}

/* Rows hold for this context even where they cannot be kept. */
static enum vcl_status save(struct tuner *t, struct vcl_error *err)
{
    struct vcl_error why = {0};
    enum vcl_status r = vcl_database_save(t->ctx, &why);
    if (r < 0 && t->params->must_keep && err)
        *err = why;
    if (r == VCL_OK || t->params->must_keep)
        return r;
    vcl_log(t->ctx, VCL_LOG_DEBUG, "tuning: not kept: %s", why.msg);
    return VCL_OK;
}

enum vcl_status vcl_tune(struct vcl_ctx *ctx, const struct vcl_tune_params *params,
                         struct vcl_tune_summary *ret_summary, struct vcl_error *err)
{
    struct tuner t = {.ctx = ctx, .params = params, .start = vcl_now()};
    enum vcl_status r;
    t.seconds = params->seconds > 0 ? params->seconds : DEFAULT_SECONDS;
    TRY(make_jobs(&t, err));
    if (params->must_keep)
        TRY(save(&t, err));
    r = do_jobs(&t, err);
    if (t.n_jobs) { /* what was found before a failure is as good as any */
        enum vcl_status saved = save(&t, r < 0 ? NULL : err);
        r = r < 0 ? r : saved;
    }
    if (r < 0)
        goto out;
    t.summary.seconds = vcl_now() - t.start;
    if (ret_summary)
        *ret_summary = t.summary;
out:
    free(t.jobs);
    return r;
}
