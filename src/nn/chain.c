/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/defs.h"
#include "nn/layer.h"

const struct vcl_layer_def *const vcl_layer_defs[] = {
#define X(name) &vcl_layer_##name,
    VCL_LAYER_DEFS(X)
#undef X
        NULL,
};

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
        vcl_buf_destroy(&node->out);
        vcl_buf_destroy(&node->pre);
        vcl_buf_destroy(&node->dout);
    }
    vcl_buf_destroy(&chain->memory);
    free(chain->nodes);
    vcl_arena_finish(&chain->arena);
    *chain = (struct vcl_chain){0};
}

static enum vcl_status find_layer(const char *name, const struct vcl_layer_def **ret_def,
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
        while (isspace((unsigned char)*text))
            *text++ = '\0';
        if (!*text)
            break;
        words[n++] = text;
        while (*text && !isspace((unsigned char)*text))
            text++;
    }
    return n;
}

static enum vcl_status configure(struct vcl_chain *chain, struct vcl_node *node, const char *text,
                                 struct vcl_error *err)
{
    char *copy, *words[16];
    enum vcl_status r;
    TRY(vcl_arena_strdup(&chain->arena, text, &copy, err));
    size_t n = split_words(copy, words, 16);
    if (n == 0)
        FAIL(err, VCL_E_ARG, "an empty layer");
    TRY(find_layer(words[0], &node->def, err));
    TRY(vcl_arena_alloc(&chain->arena, node->def->config_size, &node->config, err));
    memcpy(node->config, node->def->defaults, node->def->config_size);
    TRY(vcl_opt_words(node->def->opts, node->config, node->def->name, words + 1, n - 1, err));
out:
    return r;
}

enum vcl_status vcl_chain_add(struct vcl_chain *chain, const char *name, const char *text,
                              struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_grow(&chain->nodes, &chain->cap, chain->count + 1, sizeof *chain->nodes, err));
    struct vcl_node *node = &chain->nodes[chain->count];
    *node = (struct vcl_node){.params = chain->params, .in_shape = vcl_chain_out_shape(chain)};
    snprintf(node->name, sizeof node->name, "%s", name);
    TRY(configure(chain, node, text, err));
    node->in_size = vcl_shape_size(node->in_shape);
    TRY(node->def->shape(node, err));
    node->out_size = vcl_shape_size(node->out_shape);
    chain->count++;
out:
    return r < 0 ? vcl_error_wrap(err, r, "%s", name) : r;
}

enum vcl_status vcl_chain_add_all(struct vcl_chain *chain, const char *prefix, const char *text,
                                  struct vcl_error *err)
{
    for (int i = 0; *text; i++) {
        char layer[256], name[64];
        size_t len = strcspn(text, ",;");
        if (len >= sizeof layer)
            return ERR(err, VCL_E_ARG, "%s: a layer's text is longer than %zu characters", prefix,
                       sizeof layer - 1);
        snprintf(layer, sizeof layer, "%.*s", (int)len, text);
        snprintf(name, sizeof name, "%s.%d", prefix, i);
        enum vcl_status r = vcl_chain_add(chain, name, layer, err);
        if (r < 0)
            return r;
        text += len + (text[len] != '\0');
    }
    return VCL_OK;
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

static enum vcl_status place(struct planner *planner, uint32_t batch, size_t floats,
                             struct vcl_buf **ret_buf, struct vcl_error *err)
{
    size_t size = batch * floats * sizeof(float), offset = planner->used;
    planner->used += (size + planner->alignment - 1) / planner->alignment * planner->alignment;
    return planner->memory ? vcl_buf_view(planner->memory, offset, size, ret_buf, err) : VCL_OK;
}

static enum vcl_status place_all(struct vcl_chain *chain, struct planner *planner, uint32_t batch,
                                 bool trainable, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < chain->count; i++) {
        struct vcl_node *node = &chain->nodes[i];
        TRY(place(planner, batch, node->out_size, &node->out, err));
        if (node->keeps_input)
            TRY(place(planner, batch, node->out_size, &node->pre, err));
        if (trainable)
            TRY(place(planner, batch, node->out_size, &node->dout, err));
    }
out:
    return r;
}

static void connect_nodes(struct vcl_chain *chain)
{
    for (size_t i = 0; i < chain->count; i++) {
        struct vcl_node *node = &chain->nodes[i], *before = i ? node - 1 : NULL;
        node->in = before ? before->out : chain->in;
        node->din = before ? before->dout : chain->din;
        if (before && before->activation && node->def->derives) {
            node->in_activation = before->activation;
            before->derived = true;
        }
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
out:
    return r;
}

enum vcl_status vcl_chain_forward(struct vcl_chain *chain, const struct vcl_run *run,
                                  struct vcl_error *err)
{
    for (size_t i = 0; i < chain->count; i++) {
        enum vcl_status r = chain->nodes[i].def->forward(&chain->nodes[i], run, err);
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", chain->nodes[i].name);
    }
    return VCL_OK;
}

enum vcl_status vcl_chain_backward(struct vcl_chain *chain, const struct vcl_run *run,
                                   struct vcl_error *err)
{
    for (size_t i = chain->count; i-- > 0;) {
        enum vcl_status r = chain->nodes[i].def->backward(&chain->nodes[i], run, err);
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", chain->nodes[i].name);
    }
    return VCL_OK;
}
