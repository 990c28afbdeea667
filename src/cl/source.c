/* SPDX-License-Identifier: MIT
 *
 * Kernel sources: embedded files, a folder of replacements (--kernel-dir), or a caller's text, with
 * `#include "x.cl"` lines resolved here, each file once. A map of lines is kept, because not every
 * compiler honours #line.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "base/file.h"
#include "cl/internal.h"

static enum vcl_status add_file(const struct vcl_ctx *ctx, const char *name,
                                struct vcl_source *source, struct vcl_error *err);

static bool seen_before(const struct vcl_source *source, const char *name)
{
    char mark[128];
    snprintf(mark, sizeof mark, "%s:1\n", name);
    const char *found = source->lines.text ? strstr(source->lines.text, mark) : NULL;
    return found && (found == source->lines.text || found[-1] == '\n');
}

/* `#include "x.cl"` -> x.cl in `name`. */
static bool is_include(const char *line, size_t len, char name[64])
{
    char copy[128];
    if (len >= sizeof copy)
        return false;
    memcpy(copy, line, len);
    copy[len] = '\0';
    return sscanf(copy, "#include \"%63[^\"]\"", name) == 1;
}

static void add_line(struct vcl_source *source, const char *file, int number, const char *line,
                     size_t len)
{
    vcl_str_add_bytes(&source->text, line, len);
    vcl_str_add(&source->text, "\n");
    vcl_str_add(&source->lines, "%s:%d\n", file, number);
}

static void add_line_directive(struct vcl_source *source, const char *file, int number)
{
    vcl_str_add(&source->text, "#line %d \"kernels/%s\"\n", number, file);
    vcl_str_add(&source->lines, "%s:%d\n", file, number > 1 ? number - 1 : 0);
}

static enum vcl_status add_text(const struct vcl_ctx *ctx, const char *file, const char *text,
                                struct vcl_source *source, struct vcl_error *err)
{
    int number = 1;
    add_line_directive(source, file, 1);
    while (*text) {
        size_t len = strcspn(text, "\n");
        char included[64];
        if (is_include(text, len, included)) {
            add_line(source, file, number, "", 0);
            enum vcl_status r = add_file(ctx, included, source, err);
            if (r < 0)
                return r;
            add_line_directive(source, file, number + 1);
        } else {
            add_line(source, file, number, text, len);
        }
        number++;
        text += len + (text[len] == '\n');
    }
    return VCL_OK;
}

static enum vcl_status add_embedded(const struct vcl_ctx *ctx, const char *name,
                                    struct vcl_source *source, struct vcl_error *err)
{
    const struct vcl_embedded *file = vcl_embedded_find(vcl_embedded_kernels, name);
    if (!file)
        return ERR(err, VCL_E_ARG, "no kernel file '%s'", name);
    struct vcl_str text = {0};
    for (size_t i = 1; i < file->count; i++) /* line 0 is the #line directive */
        vcl_str_add_bytes(&text, file->lines[i], strlen(file->lines[i]));
    enum vcl_status r;
    TRY(vcl_str_check(&text, err));
    TRY(add_text(ctx, name, text.text ? text.text : "", source, err));
out:
    vcl_str_finish(&text);
    return r;
}

static enum vcl_status add_file(const struct vcl_ctx *ctx, const char *name,
                                struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size;
    if (seen_before(source, name))
        return VCL_OK;
    if (ctx->kernel_dir)
        TRY(vcl_path_join(ctx->kernel_dir, name, &path, err));
    if (path && vcl_file_exists(path)) {
        TRY(vcl_file_read(path, &text, &size, err));
        TRY(add_text(ctx, name, (const char *)text, source, err));
    } else {
        TRY(add_embedded(ctx, name, source, err));
    }
out:
    free(path);
    free(text);
    return r;
}

enum vcl_status vcl_source_load(const struct vcl_ctx *ctx, const char *name, const char *text,
                                struct vcl_source *source, struct vcl_error *err)
{
    enum vcl_status r;
    if (name)
        TRY(add_file(ctx, name, source, err));
    else
        TRY(add_text(ctx, "text", text, source, err));
    TRY(vcl_str_check(&source->text, err));
    TRY(vcl_str_check(&source->lines, err));
out:
    return r;
}

void vcl_source_finish(struct vcl_source *source)
{
    vcl_str_finish(&source->text);
    vcl_str_finish(&source->lines);
}

/* Line `number` (from 1) of the whole text as "file:line". */
static void translate(const struct vcl_source *source, int number, struct vcl_str *out)
{
    const char *line = source->lines.text;
    while (line && --number > 0) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    if (line)
        vcl_str_add(out, "kernels/%.*s", (int)strcspn(line, "\n"), line);
}

void vcl_source_first_error(const struct vcl_source *source, const char *log, struct vcl_str *out)
{
    const char *error = strstr(log, "error:");
    if (!error) {
        vcl_str_add(out, "%.*s", (int)strcspn(log, "\n"), log);
        return;
    }
    const char *start = error;
    while (start > log && start[-1] != '\n')
        start--;
    const char *position = strstr(start, "kernels/");
    int line, column;
    if (position && position < error) {
        vcl_str_add(out, "%.*s", (int)strcspn(position, "\n"), position);
    } else if (sscanf(start, "%*[^:\n]:%d:%d", &line, &column) == 2) {
        translate(source, line, out);
        vcl_str_add(out, ":%d: %.*s", column, (int)strcspn(error, "\n"), error);
    } else {
        vcl_str_add(out, "%.*s", (int)strcspn(start, "\n"), start);
    }
}

/* A folder without a single kernel is a mistake, not a choice. */
enum vcl_status vcl_kernel_dir_check(const char *folder, struct vcl_error *err)
{
    if (!vcl_is_folder(folder))
        return ERR(err, VCL_E_IO, "kernel folder '%s' is not there", folder);
    for (const struct vcl_embedded *file = vcl_embedded_kernels; file->name; file++) {
        char *path;
        enum vcl_status r = vcl_path_join(folder, file->name, &path, err);
        if (r < 0)
            return r;
        bool found = vcl_file_exists(path);
        free(path);
        if (found)
            return VCL_OK;
    }
    return ERR(err, VCL_E_IO, "kernel folder '%s' holds none of our kernel files", folder);
}

enum vcl_status vcl_kernels_hash(const struct vcl_ctx *ctx, const char *prefix, uint64_t *ret_hash,
                                 struct vcl_error *err)
{
    uint64_t hash = VCL_HASH;
    for (const struct vcl_embedded *file = vcl_embedded_kernels; file->name; file++) {
        struct vcl_source source = {0};
        if (strncmp(file->name, prefix, strlen(prefix)) != 0)
            continue;
        enum vcl_status r = vcl_source_load(ctx, file->name, NULL, &source, err);
        if (r == VCL_OK)
            hash = vcl_hash(hash, source.text.text);
        vcl_source_finish(&source);
        if (r < 0)
            return r;
    }
    *ret_hash = hash;
    return VCL_OK;
}
