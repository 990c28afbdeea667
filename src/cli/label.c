/* SPDX-License-Identifier: MIT
 *
 * --label: which class a model with a condition is to make.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/cli.h"

static enum vcl_status no_such_class(const struct vcl_dataset *set, const struct session *session,
                                     const char *text, struct vcl_error *err)
{
    struct vcl_str names = {0};
    enum vcl_status r =
        ERR(err, VCL_E_ARG, "--label %s: neither a number nor a class of '%s'", text, set->name);
    for (int32_t i = 0; set->class_names && i < set->classes; i++)
        vcl_str_add(&names, "%s%s", i ? ", " : "", set->class_names[i]);
    if (names.text)
        r = vcl_error_hint(err, r, "its classes are %s", names.text);
    else
        r = vcl_error_hint(err, r, "its classes have no names: give 0 to %u",
                           session->info.classes - 1);
    vcl_str_finish(&names);
    return r;
}

static enum vcl_status find_name(const struct vcl_dataset *set, const struct session *session,
                                 const char *text, int32_t *ret_label, struct vcl_error *err)
{
    for (int32_t i = 0; set->class_names && i < set->classes; i++) {
        if (strcmp(set->class_names[i], text) == 0) {
            *ret_label = i;
            return VCL_OK;
        }
    }
    return no_such_class(set, session, text, err);
}

/* Names of classes are the data's: of those that are open, or that the run was trained on. */
static enum vcl_status look_up(struct cli *cli, const struct session *session,
                               const struct use *use, int32_t *ret_label)
{
    struct vcl_error *err = &cli->err;
    struct vcl_dataset *set = NULL;
    enum vcl_status r;
    if (session->set)
        return find_name(session->set, session, use->label, ret_label, err);
    if (!vcl_is_folder(use->model)) {
        r = ERR(err, VCL_E_ARG, "--label %s: a model file knows no names, only 0 to %u", use->label,
                session->info.classes - 1);
        return vcl_error_hint(err, r, "a run folder knows them by its data");
    }
    TRY(vcl_run_open_data(use->model, &(struct vcl_data_params){0}, NULL, &set, NULL, err));
    TRY(find_name(set, session, use->label, ret_label, err));
out:
    vcl_dataset_destroy(&set);
    return r;
}

static enum vcl_status find_label(struct cli *cli, const struct session *session,
                                  const struct use *use, int32_t *ret_label)
{
    const uint32_t classes = session->info.classes;
    uint64_t number;
    enum vcl_status r;
    if (classes == 0) {
        r = ERR(&cli->err, VCL_E_ARG, "--label %s: the model was trained without labels",
                use->label);
        return vcl_error_hint(&cli->err, r, "'vae-cl train --condition one-hot' trains with them");
    }
    if (!vcl_parse_u64(use->label, &number))
        return look_up(cli, session, use, ret_label);
    if (number >= classes) {
        r = ERR(&cli->err, VCL_E_ARG, "--label %s: there is no such label", use->label);
        return vcl_error_hint(&cli->err, r, "the model's labels are 0 to %u", classes - 1);
    }
    *ret_label = (int32_t)number;
    return VCL_OK;
}

enum vcl_status read_labels(struct cli *cli, const struct session *session, const struct use *use,
                            size_t n, int32_t otherwise, int32_t **ret_labels)
{
    int32_t label = otherwise;
    enum vcl_status r = VCL_OK;
    *ret_labels = NULL;
    if (use->label)
        TRY(find_label(cli, session, use, &label));
    if (label < 0 || session->info.classes == 0)
        return VCL_OK;
    TRY(vcl_alloc(n, sizeof **ret_labels, ret_labels, &cli->err));
    for (size_t i = 0; i < n; i++)
        (*ret_labels)[i] = label;
out:
    return r;
}
