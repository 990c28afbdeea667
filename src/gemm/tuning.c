/* SPDX-License-Identifier: MIT
 *
 * The rows of a context: where they come from, and which one is meant.
 */
#include "gemm/tuning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "base/embed.h"
#include "base/file.h"

/* ---- names ---- */

/* Without what would end a line early, or not be there when read again. */
static void copy_line(char *to, size_t size, const char *from)
{
    snprintf(to, size, "%s", from);
    for (char *c = to; *c; c++)
        *c = vcl_is_control(*c) ? '?' : *c;
    for (size_t len = strlen(to); len && to[len - 1] == ' '; len--)
        to[len - 1] = '\0';
}

enum vcl_status vcl_tuning_head_of(const struct vcl_ctx *ctx, struct vcl_tuning_head *ret_head,
                                   struct vcl_error *err)
{
    const struct vcl_device_info *device = vcl_ctx_device(ctx);
    struct vcl_tuning_head head = {.compute_units = device->compute_units};
    copy_line(head.device, sizeof head.device, device->name);
    copy_line(head.platform, sizeof head.platform, device->platform);
    copy_line(head.driver, sizeof head.driver, device->driver);
    enum vcl_status r = vcl_kernels_hash(ctx, "gemm_", &head.kernels, err);
    if (r == VCL_OK)
        *ret_head = head;
    return r;
}

enum vcl_status vcl_tuning_path(const struct vcl_ctx *ctx, char **ret_path, struct vcl_error *err)
{
    const struct vcl_device_info *device = vcl_ctx_device(ctx);
    uint64_t hash = vcl_hash(vcl_hash(VCL_HASH, device->platform), device->name);
    char name[80];
    size_t len = 0;
    if (!vcl_ctx_tuning_dir(ctx))
        return ERR(err, VCL_E_ARG, "no folder is known to keep tuned settings in");
    for (const char *c = device->name; *c && len < 48; c++) {
        if (vcl_is_letter_or_digit(*c))
            name[len++] = vcl_to_lower(*c);
        else if (len && name[len - 1] != '-')
            name[len++] = '-';
    }
    snprintf(name + len, sizeof name - len, "%s%08" PRIx32 ".tune",
             len && name[len - 1] != '-' ? "-" : "", (uint32_t)(hash ^ hash >> 32));
    return vcl_path_join(vcl_ctx_tuning_dir(ctx), name, ret_path, err);
}

/* The file of the library that is for such a device. */
static const char *shipped_name(const struct vcl_ctx *ctx)
{
    uint32_t width = vcl_ctx_device(ctx)->vector_width;
    if (!vcl_ctx_is_cpu(ctx))
        return "gpu.tune";
    return width >= 16 ? "cpu-16.tune" : width >= 8 ? "cpu-8.tune" : "cpu-4.tune";
}

/* ---- reading ---- */

struct loading {
    const struct vcl_ctx *ctx;
    const char *path;
    struct vcl_tuned_row **end; /* where the next row goes */
    bool own;
    unsigned rows;
};

static enum vcl_status add_row(void *user, const struct vcl_tuned_row *row, struct vcl_error *err)
{
    struct loading *loading = user;
    struct vcl_tuned_row *copy;
    enum vcl_status r =
        vcl_arena_alloc(&vcl_ctx_gemm_keep(loading->ctx)->arena, sizeof *copy, &copy, err);
    if (r < 0)
        return r;
    *copy = *row;
    copy->own = loading->own;
    *loading->end = copy;
    loading->end = &copy->next;
    loading->rows++;
    return VCL_OK;
}

static void log_left_out(void *user, unsigned line, const char *why)
{
    const struct loading *loading = user;
    vcl_log(loading->ctx, VCL_LOG_DEBUG, "%s:%u: %s", loading->path, line, why);
}

static enum vcl_status load_own(struct loading *loading, struct vcl_error *err)
{
    struct vcl_tuning_head head;
    const struct vcl_tuning_reader reader = {&head, add_row, log_left_out, loading};
    char *path = NULL;
    unsigned char *text = NULL;
    size_t size;
    enum vcl_status r;
    if (!vcl_ctx_tuning_dir(loading->ctx))
        return VCL_OK;
    TRY(vcl_tuning_path(loading->ctx, &path, err));
    if (vcl_file_read(path, &text, &size, NULL) < 0)
        goto out; /* most often there is none */
    loading->path = path;
    loading->own = true;
    TRY(vcl_tuning_head_of(loading->ctx, &head, err));
    TRY(vcl_tuning_read((const char *)text, &reader, err));
    vcl_log(loading->ctx, VCL_LOG_DEBUG, "tuning: %u rows from %s", loading->rows, path);
out:
    free(path);
    free(text);
    return r;
}

static enum vcl_status load_shipped(struct loading *loading, struct vcl_error *err)
{
    const struct vcl_tuning_reader reader = {NULL, add_row, log_left_out, loading};
    const struct vcl_embedded *file =
        vcl_embedded_find(vcl_embedded_tunings, shipped_name(loading->ctx));
    struct vcl_str text = {0};
    enum vcl_status r = VCL_OK;
    if (!file)
        return VCL_OK;
    for (size_t i = 0; i < file->count; i++)
        vcl_str_add(&text, "%s", file->lines[i]);
    TRY(vcl_str_check(&text, err));
    loading->path = file->name;
    loading->own = false;
    TRY(vcl_tuning_read(text.text ? text.text : "", &reader, err));
out:
    vcl_str_finish(&text);
    return r;
}

enum vcl_status vcl_tuning_get(const struct vcl_ctx *ctx, struct vcl_tuning **ret_tuning,
                               struct vcl_error *err)
{
    struct vcl_gemm_keep *keep = vcl_ctx_gemm_keep(ctx);
    enum vcl_status r = VCL_OK;
    if (!keep->tuning) {
        struct vcl_tuning *tuning;
        TRY(vcl_arena_alloc(&keep->arena, sizeof *tuning, &tuning, err));
        struct loading loading = {.ctx = ctx, .end = &tuning->rows};
        TRY(load_own(&loading, err));
        TRY(load_shipped(&loading, err));
        keep->tuning = tuning;
    }
    *ret_tuning = keep->tuning;
out:
    return r;
}

/* ---- choosing ---- */

/* The row's setting with defaults where it leaves them. */
static bool can_obey(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                     const struct vcl_tuned_row *row, struct vcl_gemm_setting *setting)
{
    const struct vcl_gemm_def *def = row->def;
    *setting = (struct vcl_gemm_setting){0};
    if ((vcl_ctx_same_bits(ctx) && !def->same_bits) || !def->supports(ctx, gemm))
        return false;
    if (!def->params)
        return true;
    def->defaults(ctx, gemm, setting);
    for (int i = 0; i < VCL_GEMM_PARAMS && def->params[i].name; i++) {
        if (row->setting.values[i])
            setting->values[i] = row->setting.values[i];
    }
    return !def->valid || def->valid(ctx, gemm, setting);
}

enum vcl_status vcl_tuning_find(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                const struct vcl_gemm_def *def,
                                const struct vcl_tuned_row **ret_row,
                                struct vcl_gemm_setting *ret_setting, struct vcl_error *err)
{
    const struct vcl_gemm_class shape = vcl_gemm_class_of(gemm);
    struct vcl_gemm_setting setting;
    struct vcl_tuning *tuning;
    enum vcl_status r;
    TRY(vcl_tuning_get(ctx, &tuning, err));
    *ret_row = NULL;
    for (const struct vcl_tuned_row *row = tuning->rows; row && !*ret_row; row = row->next) {
        if ((def && row->def && row->def != def) || !vcl_gemm_class_matches(&row->shape, &shape))
            continue;
        if (!row->def || can_obey(ctx, gemm, row, &setting))
            *ret_row = row;
        if (*ret_row && row->def)
            *ret_setting = setting;
    }
out:
    return r;
}

enum vcl_status vcl_tuning_put(const struct vcl_ctx *ctx, const struct vcl_tuned_row *row,
                               struct vcl_error *err)
{
    struct vcl_tuning *tuning;
    struct vcl_tuned_row *own, *next;
    enum vcl_status r;
    TRY(vcl_tuning_get(ctx, &tuning, err));
    for (own = tuning->rows; own; own = own->next) {
        if (own->own && vcl_gemm_class_equal(&own->shape, &row->shape))
            break;
    }
    next = own ? own->next : tuning->rows;
    if (!own) {
        TRY(vcl_arena_alloc(&vcl_ctx_gemm_keep(ctx)->arena, sizeof *own, &own, err));
        tuning->rows = own;
    }
    *own = *row;
    own->own = true;
    own->next = next;
out:
    return r;
}
