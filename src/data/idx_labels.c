/* SPDX-License-Identifier: MIT
 *
 * Labels beside an IDX file: their name, and reading them.
 */
#include <string.h>

#include "base/str.h"
#include "data/format.h"
#include "data/source.h"

/* Writes `path` with the last `from` in its file name replaced by `to`; false if there is none. */
static bool replace_last(const char *path, const char *from, const char *to, struct vcl_str *out)
{
    const char *slash = strrchr(path, '/'), *found = NULL;
    for (const char *at = slash ? slash : path; (at = strstr(at, from)) != NULL; at++)
        found = at;
    if (!found)
        return false;
    vcl_str_add(out, "%.*s%s%s", (int)(found - path), path, to, found + strlen(from));
    return true;
}

enum vcl_status vcl_idx_labels_path(const char *path, char **ret_path, struct vcl_error *err)
{
    struct vcl_str out = {0};
    bool known = replace_last(path, "images-idx3", "labels-idx1", &out) ||
                 replace_last(path, "images.idx3", "labels.idx1", &out);
    if (!known && (vcl_ends_with(path, ".idx") || vcl_ends_with(path, ".idx.gz"))) {
        size_t stem = strlen(path) - (vcl_ends_with(path, ".gz") ? 7 : 4);
        vcl_str_add(&out, "%.*s-labels%s", (int)stem, path, path + stem);
    }
    enum vcl_status r = vcl_str_check(&out, err);
    if (r < 0)
        vcl_str_finish(&out);
    else
        *ret_path = out.text;
    return r;
}

enum vcl_status vcl_read_labels(const char *path, size_t count, const char *examples_path,
                                int32_t **ret_labels, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    const struct vcl_format_def *format = NULL;
    struct vcl_examples labels = {0};
    TRY(vcl_format_read_file(path, &format, &labels, err));
    if (!labels.labels)
        FAIL(err, VCL_E_FORMAT, "'%s': holds examples where labels are expected", path);
    if (labels.count != count)
        FAIL(err, VCL_E_SHAPE, "'%s' holds %zu labels, but '%s' holds %zu examples", path,
             labels.count, examples_path, count);
    *ret_labels = labels.labels;
    labels.labels = NULL;
out:
    vcl_examples_finish(&labels);
    return r;
}
