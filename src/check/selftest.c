/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/str.h"
#include "check/check.h"

static const struct vcl_check *const checks[] = {
#define ROW(name) &vcl_check_##name,
    VCL_CHECKS(ROW)
#undef ROW
};

enum { COUNT = sizeof checks / sizeof *checks };

const char *const *vcl_selftest_names(void)
{
    static const char *const names[] = {
#define NAME(name) #name,
        VCL_CHECKS(NAME)
#undef NAME
            NULL,
    };
    return names;
}

static enum vcl_status check_name(const char *name, struct vcl_error *err)
{
    for (const char *const *known = vcl_selftest_names(); *known; known++) {
        if (strcmp(name, *known) == 0)
            return VCL_OK;
    }
    enum vcl_status r = ERR(err, VCL_E_ARG, "no check is called '%s'", name);
    const char *near = vcl_nearest(name, vcl_selftest_names());
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near) : r;
}

/* An operation that could not run is a failed case. The first such error is what selftest returns.
 */
static void report_error(struct vcl_checker *checker, enum vcl_status status,
                         const struct vcl_error *error, struct vcl_error *ret_first)
{
    if (ret_first->status == VCL_OK) {
        *ret_first = *error;
        ret_first->status = status;
    }
    checker->failed++;
    checker->ran++;
    if (checker->params->result)
        checker->params->result(checker->params->user,
                                &(struct vcl_selftest_result){
                                    .name = checker->check->name,
                                    .implementation = checker->implementation,
                                    .shape = checker->shape,
                                    .detail = error->msg,
                                });
}

/* The stream of a check's random numbers: of its name, so that a new check does not change what the
 * others are given. */
static uint32_t stream_of(const char *name)
{
    uint32_t hash = 2166136261u; /* FNV-1a */
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static void run_check(struct vcl_checker *checker, size_t index, struct vcl_error *ret_first)
{
    struct vcl_error error = {0};
    checker->check = checks[index];
    checker->implementation = "";
    checker->shape[0] = '\0';
    checker->rng = (struct vcl_philox){checker->params->seed, stream_of(checker->check->name), 0};
    enum vcl_status r = checker->check->run(checker, &error);
    if (r < 0)
        report_error(checker, r, &error, ret_first);
    vcl_case_abandon(checker);
}

static enum vcl_status verdict(const struct vcl_checker *checker, const struct vcl_error *first,
                               struct vcl_error *err)
{
    if (first->status < 0) {
        if (err)
            *err = *first;
        return first->status;
    }
    if (checker->failed)
        return ERR(err, VCL_E_CHECK, "%zu of %zu checks failed, first %s", checker->failed,
                   checker->ran, checker->first_failure);
    return VCL_OK;
}

enum vcl_status vcl_selftest(struct vcl_ctx *ctx, const struct vcl_selftest_params *params,
                             struct vcl_error *err)
{
    static const struct vcl_selftest_params defaults = {0};
    struct vcl_checker checker = {
        .ctx = ctx,
        .params = params ? params : &defaults,
        .subnormals = vcl_ctx_device(ctx)->subnormals,
    };
    struct vcl_error first = {0};
    const char *only = checker.params->only;
    enum vcl_status r;
    if (only && *only)
        TRY(check_name(only, err));
    for (size_t i = 0; i < COUNT; i++) {
        if (!only || !*only || strcmp(only, checks[i]->name) == 0)
            run_check(&checker, i, &first);
    }
    r = verdict(&checker, &first, err);
out:
    return r;
}
