/* SPDX-License-Identifier: MIT
 *
 * Every kernel and matrix product against its references (src/check), on every usable device, as
 * TAP; then, fewer shapes, in the form that the other kind of device gets: what a GPU runs, one
 * element a work-item, is checked where there is none, and vectors of 16 on a GPU. Fails if no
 * device ran.
 *
 * usage: check [--quick] [--seed N] [--only NAME] [--device SPEC] [--lanes 1|16] [--bench]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/str.h"
#include "check/check_bench.h"
#include "cl/context.h"
#include "common/devices.h"

struct options {
    bool quick, bench;
    uint64_t lanes; /* 0: those of the device, then the other form */
    uint64_t seed;
    const char *only, *device;
};

struct totals {
    size_t ran, failed;
    double worst; /* share of the tolerance */
};

static struct totals totals;
static const char *prefix; /* the device of the run, before each name */

static void line(bool passed, const char *name)
{
    printf("%sok %zu - %s", passed ? "" : "not ", ++totals.ran, prefix);
    for (; *name; name++) /* TAP would take what follows # for a directive */
        putchar(*name == '#' ? '%' : *name);
    putchar('\n');
    totals.failed += !passed;
}

static void on_result(void *user, const struct vcl_selftest_result *result)
{
    (void)user;
    char name[400];
    snprintf(name, sizeof name, "%s (%s): %s", result->name, result->implementation, result->shape);
    line(result->passed, name);
    if (!result->passed)
        printf("# %s; error %.3g, tolerance %.3g\n", result->detail, result->max_error,
               result->tolerance);
    double share = result->tolerance > 0 ? result->max_error / result->tolerance : 0;
    if (share > totals.worst)
        totals.worst = share;
}

static void run_checks(struct vcl_ctx *ctx, const struct vcl_device_info *device,
                       const struct options *options, bool other_form)
{
    const struct vcl_selftest_params params = {
        .quick = options->quick || other_form,
        .tiny = test_small(),
        .settings = true,
        .seed = options->seed,
        .only = options->only,
        .result = on_result,
    };
    char name[48];
    size_t ran = totals.ran, failed = totals.failed;
    double begun = vcl_now();
    snprintf(name, sizeof name, "%s%s: ", device->id, other_form ? ", other form" : "");
    prefix = name;
    totals.worst = 0;
    enum vcl_status r = vcl_selftest(ctx, &params, &test_error);
    if (r < 0) {
        printf("# %s: %s\n", vcl_status_text(r), test_error.msg);
        if (totals.failed == failed)
            line(false, "selftest");
    }
    printf(
        "# %s%s: %zu checks, %zu failed, worst error %.2f of its tolerance, %.1f s, seed %" PRIu64
        "\n",
        device->name, other_form ? ", other form" : "", totals.ran - ran, totals.failed - failed,
        totals.worst, vcl_now() - begun, options->seed);
}

/* What else its kernels could hold in a work-item; 0 if that is no use: a CPU device that does
 * without vectors compiles them for minutes. */
static uint32_t other_lanes(struct vcl_ctx *ctx)
{
    if (vcl_ctx_vec(ctx) == 16)
        return 1;
    return vcl_ctx_is_cpu(ctx) ? 0 : 16;
}

/* Returns the lanes for another round, or 0. */
static uint32_t one_round(const struct vcl_device_info *device, const struct options *options,
                          uint32_t lanes)
{
    const struct vcl_ctx_params params = {
        .device = device->id, .lanes = lanes, .cache_dir = test_cache()};
    struct vcl_ctx *ctx;
    prefix = "";
    if (vcl_ctx_create(&params, &ctx, &test_error) < 0) {
        line(false, device->name);
        printf("# %s\n", test_error.msg);
        return 0;
    }
    uint32_t other = options->bench || lanes ? 0 : other_lanes(ctx);
    if (options->bench)
        line(check_bench(ctx, &test_error) == VCL_OK, "bench");
    else
        run_checks(ctx, device, options, lanes != options->lanes);
    vcl_ctx_destroy(&ctx);
    return other;
}

static void on_device(const struct vcl_device_info *device, const struct options *options)
{
    printf("# %s, %s, driver %s%s%s\n", device->name, device->platform, device->driver,
           device->exact_division ? "" : ", our own division",
           device->subnormals ? "" : ", no subnormals");
    uint32_t other = one_round(device, options, (uint32_t)options->lanes);
    if (other)
        one_round(device, options, other);
}

static bool wanted(const struct vcl_device_info *device, const char *spec)
{
    return test_wanted(device) &&
           (!spec || strcmp(spec, device->id) == 0 || vcl_contains(device->name, spec) ||
            vcl_contains(device->platform, spec));
}

static bool parse(int argc, char **argv, struct options *options)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--quick") == 0)
            options->quick = true;
        else if (strcmp(argv[i], "--bench") == 0)
            options->bench = true;
        else if (strcmp(argv[i], "--seed") == 0 && value && vcl_parse_u64(value, &options->seed))
            i++;
        else if (strcmp(argv[i], "--lanes") == 0 && value && vcl_parse_u64(value, &options->lanes))
            i++;
        else if (strcmp(argv[i], "--only") == 0 && value)
            options->only = argv[++i];
        else if (strcmp(argv[i], "--device") == 0 && value)
            options->device = argv[++i];
        else
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct options options = {.seed = 1};
    struct vcl_device_info *list = NULL;
    size_t count = 0;
    int by_default;
    if (!parse(argc, argv, &options)) {
        fprintf(stderr,
                "usage: check [--quick] [--seed N] [--only NAME] [--device SPEC] [--lanes 1|16] "
                "[--bench]\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    test_begin();
    prefix = "";
    if (vcl_device_list(&list, &count, &by_default, &test_error) < 0)
        printf("# %s\n", test_error.msg);
    for (size_t i = 0; i < count; i++) {
        if (wanted(&list[i], options.device))
            on_device(&list[i], &options);
    }
    free(list);
    if (totals.ran == 0)
        line(false, "no usable OpenCL device: nothing was checked");
    printf("1..%zu\n", totals.ran);
    return totals.failed > 0;
}
