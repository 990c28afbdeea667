/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/c_locale.h"
#include "nn/defs.h"
#include "nn/layer.h"

const struct vcl_layer_def *const vcl_layer_defs[] = {
#define X(name) &vcl_layer_##name,
    VCL_LAYER_DEFS(X)
#undef X
        NULL,
};

enum { MOST_DEPTH = 8 }; /* of brackets: a file that asks for more is no model */

void vcl_chain_init(struct vcl_chain *chain, struct vcl_ctx *ctx, struct vcl_params *params,
                    struct vcl_shape in_shape)
{
    *chain = (struct vcl_chain){.ctx = ctx, .params = params, .in_shape = in_shape};
}

void vcl_chain_finish(struct vcl_chain *chain)
{
    if (!chain)
        return;
    for (size_t i = 0; i < chain->count; i++) {
        struct vcl_node *node = &chain->nodes[i];
        vcl_chain_finish(node->inner);
        if (!node->shares) {
            vcl_buf_destroy(&node->out);
            vcl_buf_destroy(&node->dout);
        }
        vcl_buf_destroy(&node->pre);
        vcl_buf_destroy(&node->kept);
    }
    vcl_buf_destroy(&chain->memory);
    free(chain->nodes);
    vcl_arena_finish(&chain->arena);
    *chain = (struct vcl_chain){0};
}

enum vcl_status vcl_layer_find(const char *name, const struct vcl_layer_def **ret_def,
                               struct vcl_error *err)
{
    const char *names[64];
    size_t n = 0;
    for (const struct vcl_layer_def *const *def = vcl_layer_defs; *def; def++) {
        if (strcmp((*def)->name, name) == 0) {
            *ret_def = *def;
            return VCL_OK;
        }
        if (n < 63)
            names[n++] = (*def)->name;
    }
    names[n] = NULL;
    enum vcl_status r = ERR(err, VCL_E_ARG, "no layer is called '%s'", name);
    const char *near = vcl_nearest(name, names);
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near)
                : vcl_error_hint(err, r, "a layer reads like \"dense 400 relu\"");
}

/* Splits `text` in place at blanks. */
static size_t split_words(char *text, char **words, size_t most)
{
    size_t n = 0;
    while (*text && n < most) {
        while (vcl_is_space(*text))
            *text++ = '\0';
        if (!*text)
            break;
        words[n++] = text;
        while (*text && !vcl_is_space(*text))
            text++;
    }
    return n;
}

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
static enum vcl_status take_brackets(struct vcl_chain *chain, char *text, char **ret_inner,
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
    TRY(vcl_arena_strdup(&chain->arena, open + 1, ret_inner, err));
    memset(open, ' ', (size_t)(close - open) + 1);
out:
    return r;
}

static enum vcl_status add_inner(struct vcl_chain *chain, struct vcl_node *node, const char *text,
                                 struct vcl_error *err)
{
    enum vcl_status r;
    if (text && !node->def->nests)
        FAIL(err, VCL_E_ARG, "%s takes no layers in brackets", node->def->name);
    if (!node->def->nests)
        return VCL_OK;
    if (!text || !text[strspn(text, " \t\r\n")])
        FAIL(err, VCL_E_ARG, "%s needs layers in brackets, as in \"%s [dense 64 relu, dense 64]\"",
             node->def->name, node->def->name);
    if (chain->depth == MOST_DEPTH)
        FAIL(err, VCL_E_ARG, "brackets nest at most %d deep", MOST_DEPTH);
    TRY(vcl_arena_alloc(&chain->arena, sizeof *node->inner, &node->inner, err));
    vcl_chain_init(node->inner, chain->ctx, chain->params, node->in_shape);
    node->inner->depth = chain->depth + 1;
    TRY(vcl_chain_add_all(node->inner, node->name, text, err));
out:
    return r;
}

static enum vcl_status configure(struct vcl_chain *chain, struct vcl_node *node, const char *text,
                                 struct vcl_error *err)
{
    char *copy, *inner, *words[16];
    enum vcl_status r;
    TRY(vcl_arena_strdup(&chain->arena, text, &copy, err));
    TRY(take_brackets(chain, copy, &inner, err));
    size_t n = split_words(copy, words, 16);
    if (n == 0)
        FAIL(err, VCL_E_ARG, "an empty layer");
    TRY(vcl_layer_find(words[0], &node->def, err));
    TRY(vcl_arena_alloc(&chain->arena, node->def->config_size, &node->config, err));
    memcpy(node->config, node->def->defaults, node->def->config_size);
    TRY(vcl_opt_words(node->def->opts, node->config, node->def->name, words + 1, n - 1, err));
    TRY(add_inner(chain, node, inner, err));
out:
    return r;
}

enum vcl_status vcl_chain_add(struct vcl_chain *chain, const char *name, const char *text,
                              struct vcl_error *err)
{
    struct vcl_node node = {.params = chain->params, .in_shape = vcl_chain_out_shape(chain)};
    enum vcl_status r;
    snprintf(node.name, sizeof node.name, "%s", name);
    node.in_size = vcl_shape_size(node.in_shape);
    TRY(configure(chain, &node, text, err));
    TRY(node.def->shape(&node, err));
    node.out_size = vcl_shape_size(node.out_shape);
    TRY(vcl_grow(&chain->nodes, &chain->cap, chain->count + 1, sizeof *chain->nodes, err));
    chain->nodes[chain->count++] = node;
    return VCL_OK;
out:
    vcl_chain_finish(node.inner);
    return vcl_error_wrap(err, r, "%s", name);
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

enum vcl_status vcl_chain_add_all(struct vcl_chain *chain, const char *prefix, const char *text,
                                  struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (int i = 0; *text; i++) {
        size_t len = layer_length(text);
        char *layer, name[64];
        TRY(vcl_arena_alloc(&chain->arena, len + 1, &layer, err));
        memcpy(layer, text, len);
        layer[len] = '\0';
        snprintf(name, sizeof name, "%s.%d", prefix, i);
        TRY(vcl_chain_add(chain, name, layer, err));
        text += len + (text[len] != '\0');
    }
out:
    return r;
}

size_t vcl_chain_row_floats(const struct vcl_chain *chain, bool trainable)
{
    size_t floats = 0;
    for (size_t i = 0; i < chain->count; i++) {
        const struct vcl_node *node = &chain->nodes[i];
        if (!node->shares)
            floats += node->out_size * (1 + node->keeps_input + trainable) + node->row_work;
        if (node->inner)
            floats += vcl_chain_row_floats(node->inner, trainable);
    }
    return floats;
}

struct vcl_shape vcl_chain_out_shape(const struct vcl_chain *chain)
{
    return chain->count ? chain->nodes[chain->count - 1].out_shape : chain->in_shape;
}

struct vcl_buf *vcl_chain_out(const struct vcl_chain *chain)
{
    return chain->count ? chain->nodes[chain->count - 1].out : chain->in;
}

struct vcl_buf *vcl_chain_dout(const struct vcl_chain *chain)
{
    return chain->count ? chain->nodes[chain->count - 1].dout : chain->din;
}

/* Hands out parts of one buffer; run first without a buffer to learn its size. */
struct planner {
    struct vcl_buf *memory;
    size_t used, alignment;
};

static enum vcl_status place(struct planner *planner, size_t floats, struct vcl_buf **ret_buf,
                             struct vcl_error *err)
{
    size_t size = floats * sizeof(float), offset = planner->used;
    planner->used += (size + planner->alignment - 1) / planner->alignment * planner->alignment;
    return planner->memory ? vcl_buf_view(planner->memory, offset, size, ret_buf, err) : VCL_OK;
}

static enum vcl_status place_all(struct vcl_chain *chain, struct planner *planner, uint32_t batch,
                                 bool trainable, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < chain->count; i++) {
        struct vcl_node *node = &chain->nodes[i];
        size_t values = batch * node->out_size, kept = node->work + batch * node->row_work;
        if (node->shares)
            continue;
        TRY(place(planner, values, &node->out, err));
        if (node->keeps_input)
            TRY(place(planner, values, &node->pre, err));
        if (trainable)
            TRY(place(planner, values, &node->dout, err));
        if (kept)
            TRY(place(planner, kept, &node->kept, err));
    }
out:
    return r;
}

/* A layer's derivative is left to the next that does something. */
static void connect_nodes(struct vcl_chain *chain)
{
    struct vcl_node *source = NULL; /* what wrote node->in */
    for (size_t i = 0; i < chain->count; i++) {
        struct vcl_node *node = &chain->nodes[i], *before = i ? node - 1 : NULL;
        node->in = before ? before->out : chain->in;
        node->din = before ? before->dout : chain->din;
        if (node->shares) {
            node->out = node->in;
            node->dout = node->din;
            continue;
        }
        if (source && source->activation && node->def->derives) {
            node->in_activation = source->activation;
            source->derived = true;
        }
        source = node;
    }
}

enum vcl_status vcl_chain_plan(struct vcl_chain *chain, uint32_t batch, bool trainable,
                               struct vcl_buf *in, struct vcl_buf *din, struct vcl_error *err)
{
    struct planner planner = {.alignment = vcl_buf_alignment(chain->ctx)};
    enum vcl_status r;
    TRY(place_all(chain, &planner, batch, trainable, err));
    TRY(vcl_buf_create(chain->ctx, planner.used, &chain->memory, err));
    planner = (struct planner){.memory = chain->memory, .alignment = planner.alignment};
    TRY(place_all(chain, &planner, batch, trainable, err));
    chain->in = in;
    chain->din = din;
    connect_nodes(chain);
    for (size_t i = 0; i < chain->count; i++) {
        const struct vcl_node *node = &chain->nodes[i];
        if (node->inner)
            TRY(vcl_chain_plan(node->inner, batch, trainable, node->in, node->din, err));
    }
out:
    return r;
}

/* The run, with the node's label on what it launches. */
static struct vcl_emit labelled(const struct vcl_run *run, const struct vcl_node *node,
                                const char *pass)
{
    struct vcl_emit emit = *run->emit;
    emit.label = (struct vcl_label){.name = node->name, .pass = pass};
    return emit;
}

enum vcl_status vcl_chain_forward(struct vcl_chain *chain, const struct vcl_run *run,
                                  struct vcl_error *err)
{
    for (size_t i = 0; i < chain->count; i++) {
        const struct vcl_emit emit = labelled(run, &chain->nodes[i], "forward");
        struct vcl_run of_node = *run;
        of_node.emit = &emit;
        enum vcl_status r = chain->nodes[i].def->forward(&chain->nodes[i], &of_node, err);
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", chain->nodes[i].name);
    }
    return VCL_OK;
}

enum vcl_status vcl_chain_backward(struct vcl_chain *chain, const struct vcl_run *run,
                                   struct vcl_error *err)
{
    for (size_t i = chain->count; i-- > 0;) {
        const struct vcl_emit emit = labelled(run, &chain->nodes[i], "backward");
        struct vcl_run of_node = *run;
        of_node.emit = &emit;
        enum vcl_status r = chain->nodes[i].def->backward(&chain->nodes[i], &of_node, err);
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", chain->nodes[i].name);
    }
    return VCL_OK;
}
