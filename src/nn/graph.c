/* SPDX-License-Identifier: MIT */
#include "nn/graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void vcl_graph_init(struct vcl_graph *graph, struct vcl_ctx *ctx, struct vcl_params *params)
{
    *graph = (struct vcl_graph){.ctx = ctx, .params = params};
}

void vcl_graph_finish(struct vcl_graph *graph)
{
    if (!graph)
        return;
    for (size_t i = 0; i < graph->n_values; i++) {
        struct vcl_value *value = graph->values[i];
        if (value->data_span.size && !value->alias) /* else it is another's */
            vcl_buf_destroy(&value->data);
        if (value->grad_span.size && !value->alias && !value->grad_alias)
            vcl_buf_destroy(&value->grad);
    }
    for (size_t i = 0; i < graph->n_nodes; i++)
        vcl_buf_destroy(&graph->nodes[i]->saved);
    vcl_buf_destroy(&graph->memory);
    free(graph->written);
    free(graph->nodes);
    free(graph->values);
    vcl_arena_finish(&graph->arena);
    *graph = (struct vcl_graph){0};
}

static enum vcl_status add_value(struct vcl_graph *graph, const char *name, struct vcl_shape shape,
                                 uint32_t repeat, struct vcl_value **ret_value,
                                 struct vcl_error *err)
{
    struct vcl_value *value;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&graph->arena, sizeof *value, &value, err));
    TRY(vcl_grow(&graph->values, &graph->cap_values, graph->n_values + 1, sizeof *graph->values,
                 err));
    snprintf(value->name, sizeof value->name, "%s", name);
    value->shape = shape;
    value->size = vcl_shape_size(shape);
    value->repeat = repeat;
    graph->values[graph->n_values++] = value;
    *ret_value = value;
out:
    return r;
}

enum vcl_status vcl_graph_input(struct vcl_graph *graph, const char *name, struct vcl_shape shape,
                                struct vcl_buf *const *data, struct vcl_value **ret_value,
                                struct vcl_error *err)
{
    enum vcl_status r = add_value(graph, name, shape, 1, ret_value, err);
    if (r == VCL_OK)
        (*ret_value)->borrowed = data;
    return r;
}

static enum vcl_status copy_config(struct vcl_node *node, const void *config, struct vcl_error *err)
{
    size_t size = node->def->config_size;
    enum vcl_status r = VCL_OK;
    if (!size)
        return r;
    TRY(vcl_arena_alloc(&node->graph->arena, size, &node->config, err));
    memcpy(node->config, config ? config : node->def->defaults, size);
out:
    return r;
}

enum vcl_status vcl_graph_add(struct vcl_graph *graph, const struct vcl_node_def *def,
                              const char *name, const void *config, struct vcl_value *const *in,
                              uint32_t n_in, struct vcl_node **ret_node, struct vcl_error *err)
{
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_arena_alloc(&graph->arena, sizeof *node, &node, err));
    node->def = def;
    node->graph = graph;
    snprintf(node->name, sizeof node->name, "%s", name);
    for (; node->n_in < n_in; node->n_in++)
        node->in[node->n_in] = in[node->n_in];
    for (uint32_t i = 0; i < n_in; i++)
        in[i]->readers++;
    if (def->of_examples && in[0]->fixed)
        FAIL(err, VCL_E_ARG, "%s is for rows of examples: '%s' has others", def->name, in[0]->name);
    TRY(copy_config(node, config, err));
    TRY(def->shape(node, err));
    node->is_frozen = graph->is_freezing;
    if (node->is_frozen && node->n_trained && !def->freezes)
        FAIL(err, VCL_E_UNSUPPORTED, "%s can't be frozen", def->name);
    TRY(vcl_grow(&graph->nodes, &graph->cap_nodes, graph->n_nodes + 1, sizeof *graph->nodes, err));
    graph->nodes[graph->n_nodes++] = node;
    *ret_node = node;
out:
    return r;
}

enum vcl_status vcl_graph_term(struct vcl_graph *graph, struct vcl_term term, struct vcl_error *err)
{
    struct vcl_term *kept = &graph->terms[graph->n_terms];
    if (graph->n_terms == VCL_TERMS)
        return ERR(err, VCL_E_UNSUPPORTED, "more than %d terms", VCL_TERMS);
    *kept = term;
    term.value->term = term.weight != 0 ? kept : NULL;
    term.value->is_kept = true;
    graph->n_terms++;
    return VCL_OK;
}

enum vcl_status vcl_node_output(struct vcl_node *node, struct vcl_shape shape,
                                struct vcl_error *err)
{
    const struct vcl_value *last = node->n_in ? node->in[node->n_in - 1] : NULL;
    struct vcl_value **out = &node->out[node->n_out];
    enum vcl_status r;
    TRY(add_value(node->graph, node->name, shape, last ? last->repeat : 1, out, err));
    (*out)->fixed = last ? last->fixed : 0;
    (*out)->from = node;
    if (node->def->is_alias && last)
        (*out)->alias = node->in[0];
    node->n_out++;
out:
    return r;
}

enum vcl_status vcl_node_declare(struct vcl_node *node, size_t number, const char *suffix,
                                 struct vcl_param param, struct vcl_error *err)
{
    snprintf(param.name, sizeof param.name, "%s.%s", node->name, suffix);
    node->n_trained += !param.is_state;
    return vcl_params_add(node->graph->params, &param, &node->param[number], err);
}

bool vcl_node_writes(const struct vcl_node *node, size_t number)
{
    bool *written = &node->graph->written[node->param[number]], before = *written;
    *written = true;
    return before;
}
