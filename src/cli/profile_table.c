/* SPDX-License-Identifier: MIT
 *
 * --profile: where the device's time goes, by kernel and by what a kernel ran for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"

struct profile {
    struct vcl_profile_row *rows; /* sorted by time; those that did not run are left out */
    size_t n;
    double seconds;
    uint64_t launches;
};

static bool read_profile(struct cli *cli, struct profile *profile)
{
    struct vcl_profile_row *rows;
    size_t n;
    *profile = (struct profile){0};
    if (!cli->common.profile || vcl_profile_read(cli->ctx, &rows, &n, NULL) < 0)
        return false;
    profile->rows = rows;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].launches)
            rows[profile->n++] = rows[i];
        profile->seconds += rows[i].seconds;
        profile->launches += rows[i].launches;
    }
    return true;
}

static double share(const struct profile *profile, double seconds)
{
    return profile->seconds > 0 ? seconds / profile->seconds : 0;
}

static void print_row(const struct profile *profile, const struct vcl_profile_row *row,
                      const char *name)
{
    fprintf(stderr, "%-24s %10llu %12.4f %7.1f%% %10.1f%s%s\n", name,
            (unsigned long long)row->launches, row->seconds, 100 * share(profile, row->seconds),
            1e6 * row->seconds / (double)row->launches, *row->use ? "  " : "", row->use);
}

/* Each kernel once, in the order of their times. */
static void print_kernels(const struct profile *profile)
{
    struct vcl_profile_row *sums;
    size_t n = 0;
    if (vcl_alloc(profile->n, sizeof *sums, &sums, NULL) < 0)
        return;
    for (size_t i = 0; i < profile->n; i++) {
        size_t k = 0;
        while (k < n && strcmp(sums[k].kernel, profile->rows[i].kernel) != 0)
            k++;
        if (k == n) {
            sums[n] = profile->rows[i];
            sums[n++].use[0] = '\0';
            continue;
        }
        sums[k].launches += profile->rows[i].launches;
        sums[k].seconds += profile->rows[i].seconds;
        for (; k > 0 && sums[k].seconds > sums[k - 1].seconds; k--) {
            const struct vcl_profile_row row = sums[k];
            sums[k] = sums[k - 1];
            sums[k - 1] = row;
        }
    }
    for (size_t i = 0; i < n; i++)
        print_row(profile, &sums[i], sums[i].kernel);
    fprintf(stderr, "%-24s %10llu %12.4f\n", "all", (unsigned long long)profile->launches,
            profile->seconds);
    free(sums);
}

/* Batches of other sizes than most and the like would be most of the list. */
static const double SMALL = 0.0005;

static void print_uses(const struct profile *profile)
{
    for (size_t i = 0; i < profile->n; i++) {
        if (*profile->rows[i].use && share(profile, profile->rows[i].seconds) >= SMALL)
            print_row(profile, &profile->rows[i], profile->rows[i].kernel);
    }
}

void report_profile(struct cli *cli, const struct vcl_train_result *training)
{
    struct profile profile;
    if (!read_profile(cli, &profile))
        return;
    if (!cli->common.json) {
        fprintf(stderr, "%-24s %10s %12s %8s %10s\n", "kernel", "launches", "device s", "share",
                "us each");
        print_kernels(&profile);
        fprintf(stderr, "%-24s %10s %12s %8s %10s  %s\n", "by use", "launches", "device s", "share",
                "us each", "m x n x k of products");
        print_uses(&profile);
        if (training)
            fprintf(
                stderr,
                "%.0f launches a step; while training, the device was busy %.1f %% of the time, "
                "the host waited for it %.1f %%\n",
                training->launches_per_step, 100 * training->busy_share,
                100 * training->host_wait_share);
    }
    free(profile.rows);
}

void add_profile(struct cli *cli, json_t *object, const struct vcl_train_result *training)
{
    struct profile profile;
    if (!read_profile(cli, &profile))
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < profile.n; i++) {
        const struct vcl_profile_row *row = &profile.rows[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:o, s:I, s:f, s:f}", "kernel", row->kernel, "use",
                                        *row->use ? vcl_json_text(row->use) : json_null(),
                                        "launches", (json_int_t)row->launches, "seconds",
                                        row->seconds, "share", share(&profile, row->seconds)));
    }
    json_object_set_new(object, "profile", list);
    if (training) {
        json_object_set_new(object, "busy_share", json_real(training->busy_share));
        json_object_set_new(object, "host_wait_share", json_real(training->host_wait_share));
    }
    free(profile.rows);
}
