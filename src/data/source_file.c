/* SPDX-License-Identifier: MIT
 *
 * One file as a data set. Labels of an IDX file are taken from the file beside it, if it is there.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "data/format.h"
#include "data/source.h"

static enum vcl_status add_labels(struct vcl_source *source, struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r = vcl_idx_labels_path(source->path, &path, err);
    if (r == VCL_OK && path && vcl_file_exists(path))
        r = vcl_read_labels(path, source->examples.count, source->path, &source->examples.labels,
                            err);
    free(path);
    return r;
}

enum vcl_status vcl_source_file(struct vcl_source *source, struct vcl_error *err)
{
    const struct vcl_format_def *format = NULL;
    enum vcl_status r = vcl_format_read_file(source->path, &format, &source->examples, err);
    if (r < 0)
        return r;
    source->format = format->name;
    if (!source->examples.values) {
        r = ERR(err, VCL_E_FORMAT, "'%s': holds %zu labels and no examples", source->path,
                source->examples.count);
        return vcl_error_hint(err, r, "give the file of examples, or the folder that holds both");
    }
    return strcmp(format->name, "idx") == 0 ? add_labels(source, err) : VCL_OK;
}
