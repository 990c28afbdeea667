/* SPDX-License-Identifier: MIT */
#include "vae/condition.h"

#include <stddef.h>

#include "nn/node_labels.h"

static enum vcl_status build_one_hot(struct vcl_graph *graph, const void *config,
                                     struct vcl_value *one_hot, struct vcl_value **ret_behind,
                                     struct vcl_error *err)
{
    (void)graph;
    (void)config;
    (void)err;
    *ret_behind = one_hot;
    return VCL_OK;
}

struct embed {
    int64_t n;
};

static const struct vcl_opt embed_opts[] = {
    {"n", VCL_OPT_INT, offsetof(struct embed, n), 1, 1 << 16, .arg = "N",
     .help = "numbers for each class"},
    {0},
};

static const struct embed embed_defaults = {.n = 8};

static enum vcl_status build_embed(struct vcl_graph *graph, const void *config,
                                   struct vcl_value *one_hot, struct vcl_value **ret_behind,
                                   struct vcl_error *err)
{
    const struct embed *o = config;
    return vcl_graph_embed(graph, "condition", one_hot, (uint32_t)o->n, ret_behind, err);
}

#define ROW &(const struct vcl_condition_def)

const struct vcl_condition_def *const vcl_condition_defs[] = {
    ROW{.name = "none", .help = "labels are not looked at"},
    ROW{.name = "one-hot",
        .help = "a 1 in the place of the label, zeros in the others",
        .build = build_one_hot},
    ROW{.name = "embed",
        .help = "N trained numbers for each class: embed N",
        .opts = embed_opts,
        .config_size = sizeof(struct embed),
        .defaults = &embed_defaults,
        .build = build_embed},
    NULL,
};

enum vcl_status vcl_condition_accepts(const struct vcl_condition_def *condition, int64_t classes,
                                      const struct vcl_dataset *set, struct vcl_error *err)
{
    enum vcl_status r;
    if (!condition->build)
        return VCL_OK;
    if (!set->labels) {
        r = ERR(err, VCL_E_ARG, "'%s' has no labels: a model with the condition '%s' needs them",
                set->name, condition->name);
        return vcl_error_hint(err, r,
                              "IDX files of labels, or sub-folders of images, are labels; a model "
                              "without a condition needs none");
    }
    if (classes && (set->class_names ? set->classes != classes : set->classes > classes)) {
        r = ERR(err, VCL_E_ARG, "'%s' has %d classes, the model was trained on %lld", set->name,
                set->classes, (long long)classes);
        return vcl_error_hint(err, r, "use data with the labels that the model was trained on");
    }
    return VCL_OK;
}
