/* SPDX-License-Identifier: MIT
 *
 * What the commands that use a trained model share: opening it, its data, and files of codes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"

static enum vcl_status open_model(struct session *session, struct cli *cli, const char *path)
{
    enum vcl_status r;
    if (!path) {
        r = ERR(&cli->err, VCL_E_ARG, "--model is needed: a run folder or a .safetensors file");
        return vcl_error_hint(&cli->err, r, "'vae-cl train' makes one");
    }
    TRY(open_context(cli));
    TRY(vcl_model_load(cli->ctx, path, 0, &session->model, &cli->err));
    vcl_model_describe(session->model, &session->info);
    session->size = vcl_shape_size(session->info.shape);
out:
    return r;
}

/* A model file says nothing of data, and what lies in its folder need not be of the same run. */
static enum vcl_status no_data(const char *model, struct vcl_error *err)
{
    enum vcl_status r =
        ERR(err, VCL_E_ARG,
            "--data is needed: '%s' is a file, and does not say what it was trained on", model);
    return vcl_error_hint(err, r,
                          "a run folder does: with its name in place of the file's, --data "
                          "can be left out");
}

/* Without --data, what the run was trained on. */
static enum vcl_status open_data(struct session *session, struct cli *cli, const struct use *use)
{
    const struct vcl_data_params params = {
        .source = use->data, .split = use->split, .limit = use->limit};
    if (use->data)
        return vcl_dataset_open(&params, &session->set, &cli->err);
    if (!vcl_is_folder(use->model))
        return no_data(use->model, &cli->err);
    return vcl_run_open_data(use->model, &params, NULL, &session->set, NULL, &cli->err);
}

enum vcl_status session_open(struct session *session, struct cli *cli, const struct use *use,
                             bool with_data)
{
    enum vcl_status r;
    *session = (struct session){0};
    if (use->out)
        TRY(check_extension(use->out, &cli->err));
    TRY(open_model(session, cli, use->model));
    if (with_data)
        TRY(open_data(session, cli, use));
out:
    return r;
}

void session_close(struct session *session, struct cli *cli)
{
    if (cli->ctx)
        report_profile(cli, NULL);
    vcl_dataset_destroy(&session->set);
    vcl_model_destroy(&session->model);
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
