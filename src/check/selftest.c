/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/row.h"
#include "check/check.h"

static const struct vcl_check *const checks[] = {
#define X(name) &vcl_check_##name,
    CHECKS(X)
#undef X
        NULL,
};

enum { COUNT = sizeof checks / sizeof *checks - 1 };

const char *const *vcl_selftest_names(void)
{
    static const char *const names[] = {
#define X(name) #name,
        CHECKS(X)
#undef X
            NULL,
    };
    return names;
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
    if (r < 0 && r != VCL_E_CHECK) /* which is a case that was reported, and all that was wanted */
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
    if (only && *only && !vcl_row_find("check", checks, only, err))
        return VCL_E_ARG;
    for (size_t i = 0; i < COUNT && !(checker.params->stop && checker.failed); i++) {
        if (!only || !*only || strcmp(only, checks[i]->name) == 0)
            run_check(&checker, i, &first);
    }
    return verdict(&checker, &first, err);
}
