/* SPDX-License-Identifier: MIT
 *
 * From the text of layers to nodes.
 */
#include <stdio.h>
#include <string.h>

#include "layers.rows.h"
#include "nn/layer.h"
#include "nn/node_activation.h"

const struct vcl_node_def *const vcl_layer_defs[] = {
#define X(name) &vcl_layer_##name,
    LAYERS(X)
#undef X
        NULL,
};

/* A file that asks for more is no model. */
enum { MAX_DEPTH = 8, MAX_NODES = 1000 }; /* of brackets, of nodes in a graph */

/* A layer as its text says. */
struct layer {
    const struct vcl_node_def *def;
    void *config;
    const char *inner; /* the text in its brackets; NULL: none */
};

/* Goes through a list of layers: each is named, read and handed on. */
struct walk {
    struct vcl_arena *arena;
    struct vcl_graph *graph; /* where they are added; NULL: they are only checked */
    uint32_t depth;          /* in brackets in brackets ... */
    enum vcl_takes *takes;   /* what the first layer takes that does not leave it open; or NULL */
};

static enum vcl_status add_all(struct walk walk, const char *prefix, const char *text,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err);

/* The end of the bracket that `open` points to, or NULL. */
static char *closing(char *open)
{
    int depth = 0;
    for (char *p = open; *p; p++) {
        depth += (*p == '[') - (*p == ']');
        if (depth == 0)
            return p;
    }
    return NULL;
}

/* Cuts what is in brackets out of a layer's text; *ret_inner is NULL if there are none. */
static enum vcl_status take_brackets(struct vcl_arena *arena, char *text, char **ret_inner,
                                     struct vcl_error *err)
{
    char *open = strchr(text, '['), *close = open ? closing(open) : NULL;
    const char *stray = strchr(text, ']');
    enum vcl_status r = VCL_OK;
    *ret_inner = NULL;
    if (open && !close)
        FAIL(err, VCL_E_ARG, "a '[' has no ']'");
    if (stray && (!open || stray < open))
        FAIL(err, VCL_E_ARG, "a ']' has no '['");
    if (!open)
        return VCL_OK;
    if (strpbrk(close + 1, "[]"))
        FAIL(err, VCL_E_ARG, "a layer has one pair of brackets at most");
    *close = '\0';
    TRY(vcl_arena_strdup(arena, open + 1, ret_inner, err));
    memset(open, ' ', (size_t)(close - open) + 1);
out:
    return r;
}

static enum vcl_status check_brackets(const struct walk *walk, const struct layer *layer,
                                      struct vcl_error *err)
{
    const struct vcl_node_def *def = layer->def;
    const char *inner = layer->inner;
    if (inner && !def->nests)
        return ERR(err, VCL_E_ARG, "%s takes no layers in brackets", def->name);
    if (def->nests && (!inner || !inner[strspn(inner, " \t\r\n")]))
        return ERR(err, VCL_E_ARG,
                   "%s needs layers in brackets, as in \"%s [dense 64 relu, dense 64]\"", def->name,
                   def->name);
    if (def->nests && walk->depth == MAX_DEPTH)
        return ERR(err, VCL_E_ARG, "brackets nest at most %d deep", MAX_DEPTH);
    return VCL_OK;
}

static enum vcl_status read_layer(const struct walk *walk, const char *text,
                                  struct layer *ret_layer, struct vcl_error *err)
{
    char *copy, *inner;
    const void *def;
    void *config;
    enum vcl_status r;
    TRY(vcl_arena_strdup(walk->arena, text, &copy, err));
    TRY(take_brackets(walk->arena, copy, &inner, err));
    TRY(vcl_definition_read("layer", vcl_layer_defs, NULL, copy, walk->arena, &def, &config, err));
    *ret_layer = (struct layer){def, config, inner};
    TRY(check_brackets(walk, ret_layer, err));
out:
    return r;
}

/* The activation that a layer's configuration names, or NULL. */
static const char *activation_of(const struct layer *layer)
{
    const struct vcl_opt *opts = layer->def->opts;
    const struct vcl_opt *row =
        opts ? vcl_opt_find(opts, "activation", strlen("activation")) : NULL;
    const char *name = NULL;
    if (row)
        memcpy(&name, (const char *)layer->config + row->offset, sizeof name);
    return name;
}

/* Its node, of what comes in and what the layers in its brackets made of that, and its activation.
 */
static enum vcl_status add_layer(struct vcl_graph *graph, const char *name,
                                 const struct layer *layer, struct vcl_value *const *in,
                                 struct vcl_value **ret_out, struct vcl_error *err)
{
    const char *activation = activation_of(layer);
    struct vcl_node *node;
    enum vcl_status r;
    if (graph->n_nodes >= MAX_NODES)
        FAIL(err, VCL_E_ARG, "a model of more than %d layers", MAX_NODES);
    TRY(vcl_graph_add(graph, layer->def, name, layer->config, in, layer->inner ? 2 : 1, &node,
                      err));
    *ret_out = node->out[0];
    if (activation)
        TRY(vcl_graph_activate(graph, name, activation, node->out[0], ret_out, err));
out:
    return r;
}

static enum vcl_status add(struct walk walk, const char *name, const char *text,
                           struct vcl_value *in, struct vcl_value **ret_out, struct vcl_error *err)
{
    struct vcl_value *inputs[2] = {in, NULL};
    struct layer layer = {0};
    enum vcl_status r;
    TRY(read_layer(&walk, text, &layer, err));
    walk.depth++;
    if (walk.takes && *walk.takes == VCL_TAKES_ANY)
        *walk.takes = layer.def->takes;
    if (layer.inner)
        TRY(add_all(walk, name, layer.inner, in, &inputs[1], err));
    if (walk.graph)
        TRY(add_layer(walk.graph, name, &layer, inputs, ret_out, err));
out:
    return r < 0 ? vcl_error_wrap(err, r, "%s", name) : r;
}

enum vcl_status vcl_net_layer(struct vcl_graph *graph, const char *name, const char *text,
                              struct vcl_value *in, struct vcl_value **ret_out,
                              struct vcl_error *err)
{
    return add((struct walk){.arena = &graph->arena, .graph = graph}, name, text, in, ret_out, err);
}

/* How long the first layer of a list is; brackets that do not match are its own matter. */
static size_t layer_length(const char *list)
{
    size_t len = 0;
    int depth = 0;
    for (; list[len] && (depth > 0 || (list[len] != ',' && list[len] != ';')); len++)
        depth += (list[len] == '[') - (list[len] == ']');
    return len;
}

static enum vcl_status add_all(struct walk walk, const char *prefix, const char *text,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    *ret_out = in;
    for (int i = 0; *text; i++) {
        size_t len = layer_length(text);
        char *layer, name[64];
        TRY(vcl_arena_alloc(walk.arena, len + 1, &layer, err));
        memcpy(layer, text, len);
        layer[len] = '\0';
        snprintf(name, sizeof name, "%s.%d", prefix, i);
        TRY(add(walk, name, layer, *ret_out, ret_out, err));
        text += len + (text[len] != '\0');
    }
out:
    return r;
}

enum vcl_status vcl_net_layers(struct vcl_graph *graph, const char *prefix, const char *text,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err)
{
    return add_all((struct walk){.arena = &graph->arena, .graph = graph}, prefix, text, in, ret_out,
                   err);
}

enum vcl_status vcl_net_takes(const char *prefix, const char *text, enum vcl_takes *ret_takes,
                              struct vcl_error *err)
{
    struct vcl_arena arena = {0};
    struct vcl_value *none = NULL;
    *ret_takes = VCL_TAKES_ANY;
    enum vcl_status r =
        add_all((struct walk){.arena = &arena, .takes = ret_takes}, prefix, text, NULL, &none, err);
    vcl_arena_finish(&arena);
    return r;
}

enum vcl_status vcl_net_check(const char *prefix, const char *text, struct vcl_error *err)
{
    enum vcl_takes takes;
    return vcl_net_takes(prefix, text, &takes, err);
}
