/* SPDX-License-Identifier: MIT
 *
 * What the commands that use a trained model share: opening it, its data, and files of codes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"

enum vcl_status open_data(const struct source *source, const char *default_split,
                          struct vcl_dataset **ret_set, struct vcl_error *err)
{
    return vcl_dataset_open(
        &(struct vcl_data_params){
            .source = source->data ? source->data : "digits",
            .split = source->split ? source->split : default_split,
            .limit = source->limit,
        },
        ret_set, err);
}

enum vcl_status open_model(struct cli *cli, const char *path, struct vcl_model **ret_model)
{
    enum vcl_status r;
    if (!path) {
        r = ERR(&cli->err, VCL_E_ARG, "--model is needed: a run folder or a .safetensors file");
        return vcl_error_hint(&cli->err, r, "'vae-cl train' makes one");
    }
    TRY(open_context(cli));
    TRY(vcl_model_load(cli->ctx, path, 0, ret_model, &cli->err));
out:
    return r;
}

char *data_of_run(const char *model_path)
{
    struct vcl_config *config;
    struct vcl_run_data data;
    char *copy = NULL;
    if (!model_path || !vcl_is_folder(model_path) ||
        vcl_run_config(model_path, &config, &data, NULL) < 0)
        return NULL;
    if (data.source && vcl_alloc(strlen(data.source) + 1, 1, &copy, NULL) == VCL_OK)
        strcpy(copy, data.source);
    vcl_config_destroy(&config);
    return copy;
}

static enum vcl_status copy_codes(const struct vcl_dataset *set, float **ret_z,
                                  struct vcl_error *err)
{
    size_t count = set->count * vcl_shape_size(set->shape);
    enum vcl_status r = vcl_alloc(count, sizeof **ret_z, ret_z, err);
    if (r == VCL_OK)
        memcpy(*ret_z, set->values, count * sizeof **ret_z);
    return r;
}

enum vcl_status read_codes(const char *path, uint32_t latent, float **ret_z, size_t *ret_n,
                           struct vcl_error *err)
{
    struct vcl_dataset *set = NULL;
    enum vcl_status r;
    TRY(vcl_dataset_open(&(struct vcl_data_params){.source = path, .split = "all"}, &set, err));
    if (set->dtype != VCL_F32 || vcl_shape_size(set->shape) != latent)
        FAIL(err, VCL_E_SHAPE, "'%s' holds %zu values a row, the model's codes have %u floats",
             path, vcl_shape_size(set->shape), latent);
    TRY(copy_codes(set, ret_z, err));
    *ret_n = set->count;
out:
    vcl_dataset_destroy(&set);
    return r;
}
