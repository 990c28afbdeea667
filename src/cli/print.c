/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "cli/cli.h"

void say(const struct cli *cli, const char *fmt, ...)
{
    va_list ap;
    if (cli->common.quiet)
        return;
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
}

static bool lost;

void print_json(json_t *object)
{
    char *text = object ? vcl_json_dump(object, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    if (text)
        puts(text);
    else
        lost = true;
    free(text);
    json_decref(object);
}

bool results_lost(void)
{
    return lost;
}

json_t *number_or_null(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

const char *show_terms(const struct vcl_losses *losses, char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (uint32_t i = 0; i < losses->count && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%s %.3f", i ? ", " : "",
                                 losses->terms[i].name, losses->terms[i].value);
    return text;
}

enum vcl_status output_path(const char *given, const char *name, const char *extension, bool force,
                            char **ret_path, struct vcl_error *err)
{
    size_t size = strlen(given ? given : name) + strlen(extension) + 16;
    char *path;
    enum vcl_status r = vcl_alloc(size, 1, &path, err);
    if (r < 0)
        return r;
    if (given)
        snprintf(path, size, "%s", given);
    else
        snprintf(path, size, "%s%s", name, extension);
    for (int i = 2; !given && vcl_file_exists(path); i++)
        snprintf(path, size, "%s-%d%s", name, i, extension);
    if (given && !force && vcl_file_exists(path)) {
        r = ERR(err, VCL_E_EXISTS, "'%s' exists already", path);
        vcl_error_hint(err, r, "choose another --out, or give --force to replace it");
        free(path);
        return r;
    }
    *ret_path = path;
    return VCL_OK;
}

enum vcl_status check_extension(const char *path, struct vcl_error *err)
{
    struct vcl_str list = {0};
    for (const char *const *known = vcl_array_extensions(); *known; known++) {
        if (vcl_ends_with(path, *known)) {
            vcl_str_finish(&list);
            return VCL_OK;
        }
        vcl_str_add(&list, "%s%s", list.len ? ", " : "", *known);
    }
    enum vcl_status r = ERR(err, VCL_E_ARG, "'%s': what to write follows from the extension", path);
    if (list.text)
        r = vcl_error_hint(err, r, "use one of %s", list.text);
    vcl_str_finish(&list);
    return r;
}
