/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "cl/context.h"
#include "cli/cli.h"

static json_t *device_json(const struct vcl_device_info *d, bool chosen)
{
    json_t *object =
        json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:b, s:b}", "id", d->id, "name",
                  vcl_json_text(d->name), "platform", vcl_json_text(d->platform), "vendor",
                  vcl_json_text(d->vendor), "version", vcl_json_text(d->version), "driver",
                  vcl_json_text(d->driver), "usable", d->usable, "default", chosen);
    if (!d->usable) {
        json_object_set_new(object, "why_not", vcl_json_text(d->why_not));
        return object;
    }
    json_t *more = json_pack(
        "{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:b}", "type",
        vcl_device_type_name(d->type), "memory", (json_int_t)d->memory, "max_alloc",
        (json_int_t)d->max_alloc, "local_memory", (json_int_t)d->local_memory, "compute_units",
        (json_int_t)d->compute_units, "clock_mhz", (json_int_t)d->clock_mhz, "max_work_group",
        (json_int_t)d->max_work_group, "vector_width", (json_int_t)d->vector_width,
        "exact_division", d->exact_division, "subnormals", d->subnormals, "fp16", d->fp16, "fp64",
        d->fp64, "subgroups", d->subgroups);
    json_object_update(object, more);
    json_decref(more);
    return object;
}

static void print_device(const struct vcl_device_info *d, bool chosen)
{
    if (!d->usable) {
        printf("  %-5s %s: not used: %s\n", d->id, d->name[0] ? d->name : d->platform, d->why_not);
        return;
    }
    printf("%c %-5s %s\n", chosen ? '*' : ' ', d->id, d->name);
    printf("        %s, %s, %s; driver %s\n", vcl_device_type_name(d->type), d->platform,
           d->version, d->driver);
    printf("        %.1f GiB memory (%.1f a buffer), %u compute units, float vectors of %u%s%s%s\n",
           (double)d->memory / (1 << 30), (double)d->max_alloc / (1 << 30), d->compute_units,
           d->vector_width, d->fp16 ? ", fp16" : "", d->fp64 ? ", fp64" : "",
           d->subgroups ? ", subgroups" : "");
    if (!d->subnormals)
        printf("        flushes subnormal numbers: results may differ in the last bits\n");
}

static enum vcl_status run(struct cli *cli, void *options)
{
    struct vcl_device_info *list;
    size_t n;
    int chosen;
    (void)options;
    surroundings_prepare(cli);
    enum vcl_status r = vcl_device_list(&list, &n, &chosen, &cli->err);
    if (r < 0)
        return r;
    json_t *array = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(array, device_json(&list[i], (int)i == chosen));
    if (cli->common.json)
        print_json(json_pack("{s:O}", "devices", array));
    for (size_t i = 0; i < n && !cli->common.json; i++)
        print_device(&list[i], (int)i == chosen);
    if (chosen >= 0 && !cli->common.json)
        printf("* is used by default; --device P:D, gpu, cpu or part of a name chooses another.\n");
    r = chosen >= 0 ? VCL_OK : vcl_device_none(list, n, &cli->err);
    json_decref(array);
    free(list);
    return r;
}

const struct command command_devices = {
    .name = "devices",
    .summary = "Lists the OpenCL devices, and which one is used by default",
    .usage = "[--json]",
    .example = "  vae-cl devices\n",
    .run = run,
};
