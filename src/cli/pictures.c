/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"

enum { ROWS = 8, PAIRS = 32, COLUMNS = 8, MOST_COLUMNS = 16 };

bool is_picture(struct vcl_shape shape)
{
    return shape.height > 1 && shape.width > 1 && (shape.channels == 1 || shape.channels == 3);
}

enum vcl_status reconstruct_pairs(struct vcl_model *model, const struct vcl_dataset *set,
                                  size_t first, size_t n, const int32_t *labels, float *ret,
                                  struct vcl_error *err)
{
    struct vcl_model_info info;
    float *x = NULL, *z = NULL, *y = NULL;
    enum vcl_status r;
    vcl_model_describe(model, &info);
    size_t size = vcl_shape_size(info.shape);
    TRY(vcl_alloc(n * size, sizeof *x, &x, err));
    TRY(vcl_alloc(n * size, sizeof *y, &y, err));
    TRY(vcl_alloc(n * info.latent, sizeof *z, &z, err));
    TRY(vcl_examples(model, set, first, n, x, err));
    TRY(vcl_encode(model, set, first, n, info.seed, z, NULL, NULL, err));
    if (!labels && info.classes)
        labels = set->labels + first;
    TRY(vcl_decode_labelled(model, n, z, labels, y, err));
    for (size_t i = 0; i < n; i++) {
        memcpy(ret + 2 * i * size, x + i * size, size * sizeof *ret);
        memcpy(ret + (2 * i + 1) * size, y + i * size, size * sizeof *ret);
    }
out:
    free(x);
    free(y);
    free(z);
    return r;
}

uint32_t class_columns(const struct vcl_model_info *info)
{
    return info->classes > 1 && info->classes <= MOST_COLUMNS ? info->classes : 0;
}

static enum vcl_status write_grid(const char *folder, const char *name, struct vcl_shape shape,
                                  size_t count, uint32_t columns, const float *values,
                                  struct vcl_error *err)
{
    char *path = NULL;
    enum vcl_status r;
    TRY(vcl_path_join(folder, name, &path, err));
    TRY(vcl_array_write(path, &(struct vcl_array){.count = count, .shape = shape, .values = values},
                        columns, true, err));
out:
    free(path);
    return r;
}

enum vcl_status write_run_pictures(struct vcl_model *model, const struct vcl_dataset *set,
                                   const char *folder, struct vcl_error *err)
{
    struct vcl_model_info info;
    float *values = NULL;
    enum vcl_status r;
    vcl_model_describe(model, &info);
    if (!is_picture(info.shape))
        return VCL_OK;
    size_t pairs = set->count < PAIRS ? set->count : PAIRS;
    uint32_t columns = class_columns(&info) ? class_columns(&info) : COLUMNS;
    TRY(vcl_alloc(ROWS * MOST_COLUMNS * vcl_shape_size(info.shape), sizeof *values, &values, err));
    TRY(reconstruct_pairs(model, set, 0, pairs, NULL, values, err));
    TRY(write_grid(folder, "reconstructions.png", info.shape, 2 * pairs, COLUMNS, values, err));
    if (info.stochastic) {
        TRY(vcl_sample(model, (size_t)ROWS * columns, info.seed, values, err));
        TRY(write_grid(folder, "samples.png", info.shape, (size_t)ROWS * columns, columns, values,
                       err));
    }
out:
    free(values);
    return r;
}
