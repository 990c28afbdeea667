/* SPDX-License-Identifier: MIT
 *
 * Reading is in src/gemm/tuning.c: every product needs it, whether anything is ever tuned or not.
 */
#include "tune/database.h"

#include <stdlib.h>

#include "base/file.h"
#include "base/writer.h"
#include "gemm/tuning.h"
#include "vaecl/tune.h"

enum vcl_status vcl_tune_path(const struct vcl_ctx *ctx, char **ret_path, struct vcl_error *err)
{
    return vcl_tuning_path(ctx, ret_path, err);
}

/* Of two that write at once, the last one's rows are kept; the other's are measured again. */
enum vcl_status vcl_database_save(const struct vcl_ctx *ctx, struct vcl_error *err)
{
    struct vcl_tuning_head head;
    struct vcl_tuning *tuning;
    struct vcl_str text = {0};
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_tuning_path(ctx, &path, err));
    TRY(vcl_tuning_get(ctx, &tuning, err));
    TRY(vcl_tuning_head_of(ctx, &head, err));
    vcl_tuning_write(&head, tuning->rows, &text);
    TRY(vcl_str_check(&text, err));
    TRY(vcl_make_folders(vcl_ctx_tuning_dir(ctx), err));
    TRY(vcl_file_write(path, text.text, text.len, true, err));
out:
    vcl_str_finish(&text);
    free(path);
    return r;
}
