/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>

#include "base/c_locale.h"
#include "check/check.h"

void vcl_case_begin(struct vcl_checker *checker, const char *implementation, const char *shape, ...)
{
    va_list ap;
    va_start(ap, shape);
    vcl_format_v(checker->shape, sizeof checker->shape, shape, ap);
    va_end(ap);
    checker->implementation = implementation;
    checker->detail[0] = '\0';
    checker->same_bits = true;
    checker->max_error = checker->tolerance = 0;
    checker->rng.step++;
    checker->fills = 0;
}

static void report(struct vcl_checker *checker)
{
    const struct vcl_selftest_result result = {
        .name = checker->check->name,
        .implementation = checker->implementation,
        .shape = checker->shape,
        .max_error = checker->max_error,
        .tolerance = checker->tolerance,
        .exact = checker->same_bits,
        .passed = !checker->detail[0],
        .detail = checker->detail,
    };
    checker->ran++;
    if (!result.passed && checker->failed++ == 0)
        snprintf(checker->first_failure, sizeof checker->first_failure, "%s (%s), %s: %s",
                 result.name, result.implementation, result.shape, result.detail);
    if (checker->params->result)
        checker->params->result(checker->params->user, &result);
}

void vcl_case_abandon(struct vcl_checker *checker)
{
    for (struct vcl_zone *zone = checker->zones; zone; zone = zone->next)
        vcl_zone_finish(zone);
    checker->zones = NULL;
    vcl_arena_finish(&checker->arena);
}

enum vcl_status vcl_case_end(struct vcl_checker *checker, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (const struct vcl_zone *zone = checker->zones; zone; zone = zone->next) {
        void *data;
        ptrdiff_t stray;
        TRY(vcl_zone_read(checker, zone, &data, &stray, err));
        if (stray)
            vcl_case_fail(checker, "byte %td of %s was written, which has %zu", stray, zone->name,
                          zone->size);
        vcl_zone_compare(checker, zone, data);
    }
    report(checker);
    bool stop = checker->params->stop && checker->detail[0];
    vcl_case_abandon(checker);
    if (stop)
        r = VCL_E_CHECK;
out:
    return r;
}

size_t vcl_case_count(const struct vcl_checker *checker, size_t tiny, size_t quick, size_t full)
{
    return checker->params->tiny ? tiny : checker->params->quick ? quick : full;
}

bool vcl_case_quick(const struct vcl_checker *checker)
{
    return vcl_case_count(checker, 0, 1, 0);
}
