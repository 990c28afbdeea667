/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "vaecl/selftest.h"

struct options {
    const char *only;
    bool full;
};

static const struct vcl_opt opts[] = {
    {.key = "only",
     .kind = VCL_OPT_STRING,
     .offset = offsetof(struct options, only),
     .arg = "NAME",
     .help = "one check: gemm, likelihood ..."},
    {.key = "full",
     .kind = VCL_OPT_FLAG,
     .offset = offsetof(struct options, full),
     .help = "many more shapes: about a minute"},
    {0},
};

/* All shapes of one check and implementation. */
struct row {
    char name[48], implementation[48], failure[512];
    unsigned cases, failed;
    double max_error, tolerance; /* of the case nearest to its tolerance */
    bool exact;
};

enum { MAX_ROWS = 256 };

struct table {
    const struct cli *cli;
    struct row rows[MAX_ROWS];
    size_t count;
};

static struct row *row_for(struct table *table, const struct vcl_selftest_result *result)
{
    for (size_t i = 0; i < table->count; i++) {
        if (strcmp(table->rows[i].name, result->name) == 0 &&
            strcmp(table->rows[i].implementation, result->implementation) == 0)
            return &table->rows[i];
    }
    if (table->count == MAX_ROWS)
        return &table->rows[MAX_ROWS - 1];
    struct row *row = &table->rows[table->count++];
    snprintf(row->name, sizeof row->name, "%s", result->name);
    snprintf(row->implementation, sizeof row->implementation, "%s", result->implementation);
    row->exact = true;
    return row;
}

static void on_result(void *user, const struct vcl_selftest_result *result)
{
    struct table *table = user;
    struct row *row = row_for(table, result);
    row->cases++;
    row->exact = row->exact && result->exact;
    if (row->tolerance == 0 ||
        result->max_error * row->tolerance > row->max_error * result->tolerance) {
        row->max_error = result->max_error;
        row->tolerance = result->tolerance;
    }
    if (!result->passed) {
        if (!row->failed)
            snprintf(row->failure, sizeof row->failure, "%s: %s", result->shape, result->detail);
        row->failed++;
    }
    draw_bar(table->cli, "selftest", 0, result->name);
}

static void print_table(const struct table *table)
{
    printf("%-18s %-16s %6s %10s %10s  %-5s %s\n", "check", "implementation", "cases", "max error",
           "allowed", "bits", "");
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        printf("%-18s %-16s %6u %10.1e %10.1e  %-5s %s\n", row->name, row->implementation,
               row->cases, row->max_error, row->tolerance, row->exact ? "same" : "-",
               row->failed ? "FAILED" : "ok");
        if (row->failed)
            printf("    %u of %u: %s\n", row->failed, row->cases, row->failure);
    }
}

static json_t *table_json(const struct table *table)
{
    json_t *array = json_array();
    for (size_t i = 0; i < table->count; i++) {
        const struct row *row = &table->rows[i];
        json_t *object = json_pack(
            "{s:s, s:s, s:I, s:I, s:f, s:f, s:b}", "name", row->name, "implementation",
            row->implementation, "cases", (json_int_t)row->cases, "failed", (json_int_t)row->failed,
            "max_error", row->max_error, "tolerance", row->tolerance, "same_bits", row->exact);
        if (row->failed)
            json_object_set_new(object, "failure", json_string(row->failure));
        json_array_append_new(array, object);
    }
    return array;
}

static void report(struct cli *cli, const struct table *table, bool passed, double seconds)
{
    const char *device = vcl_ctx_device(cli->ctx)->name, *gemm = vcl_gemm_chosen(cli->ctx);
    unsigned cases = 0;
    for (size_t i = 0; i < table->count; i++)
        cases += table->rows[i].cases;
    if (cli->common.json) {
        print_json(json_pack("{s:s, s:s, s:b, s:I, s:f, s:o}", "device", device, "gemm", gemm,
                             "passed", passed, "cases", (json_int_t)cases, "seconds", seconds,
                             "checks", table_json(table)));
        return;
    }
    print_table(table);
    printf("%s: %u cases on %s in %.1f s; matrix products by %s\n", passed ? "passed" : "FAILED",
           cases, device, seconds, gemm);
}

static enum vcl_status run(struct cli *cli, void *options)
{
    const struct options *o = options;
    struct table table = {.cli = cli};
    enum vcl_status r;
    TRY(open_context(cli));
    double start = vcl_now();
    r = vcl_selftest(cli->ctx,
                     &(struct vcl_selftest_params){.quick = !o->full,
                                                   .seed = cli->common.seed,
                                                   .only = o->only,
                                                   .result = on_result,
                                                   .user = &table},
                     &cli->err);
    clear_bar(cli);
    if (table.count)
        report(cli, &table, r == VCL_OK, vcl_now() - start);
out:
    return r;
}

const struct command command_selftest = {
    .name = "selftest",
    .summary = "Checks every kernel and matrix product on a device against a reference",
    .usage = "[--device SPEC] [--only NAME] [--full] [--json]",
    .example = "  vae-cl selftest --device gpu\n",
    .opts = opts,
    .size = sizeof(struct options),
    .run = run,
};
