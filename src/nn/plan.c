/* SPDX-License-Identifier: MIT
 *
 * Which nodes of a graph run, forward and backward, and where their values lie. Each value,
 * gradient and what a node saves needs its memory from one moment to another; those that do not
 * meet share it.
 */
#include <stdlib.h>
#include <string.h>

#include "nn/graph.h"

/* ---- what is needed ---- */

static void find_needed(struct vcl_graph *graph)
{
    for (size_t i = 0; i < graph->n_values; i++)
        vcl_value_root(graph->values[i])->is_needed |= graph->values[i]->is_kept;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i]->later)
            vcl_value_root(graph->nodes[i]->later)->is_needed = true;
    }
    for (size_t i = graph->n_nodes; i-- > 0;) {
        struct vcl_node *node = graph->nodes[i];
        for (uint32_t j = 0; j < node->n_out; j++)
            node->is_needed |= vcl_value_root(node->out[j])->is_needed;
        for (uint32_t j = 0; j < node->n_in && node->is_needed; j++)
            vcl_value_root(node->in[j])->is_needed = true;
    }
}

/* Do gradients go through it to the value whose memory it shares? */
static bool flows(const struct vcl_value *value)
{
    while (value->alias && !value->is_cut)
        value = value->alias;
    return !value->is_cut;
}

static bool any_differs(const struct vcl_node *node)
{
    bool differs = node->n_trained > 0 && !node->is_frozen;
    for (uint32_t i = 0; i < node->n_in; i++)
        differs |= flows(node->in[i]) && vcl_value_root(node->in[i])->differs;
    return differs;
}

static bool any_reaches(const struct vcl_node *node)
{
    bool reaches = false;
    for (uint32_t i = 0; i < node->n_out; i++)
        reaches |= vcl_value_root(node->out[i])->reaches;
    return reaches;
}

/* A node is passed backward if what is minimised depends on it and it on parameters. */
static void find_passed(struct vcl_graph *graph)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        struct vcl_node *node = graph->nodes[i];
        for (uint32_t j = 0; j < node->n_out && any_differs(node); j++)
            vcl_value_root(node->out[j])->differs = true;
    }
    for (uint32_t i = 0; i < graph->n_terms; i++)
        vcl_value_root(graph->terms[i].value)->reaches |= graph->terms[i].weight != 0;
    for (size_t i = graph->n_nodes; i-- > 0;) {
        struct vcl_node *node = graph->nodes[i];
        node->is_passed = node->is_needed && any_reaches(node) && any_differs(node);
        for (uint32_t j = 0; j < node->n_in && node->is_passed; j++)
            vcl_value_root(node->in[j])->reaches |= flows(node->in[j]);
    }
}

/* Passes are counted from 1; between forward and backward, terms are read. */
static uint32_t count_moments(struct vcl_graph *graph)
{
    uint32_t moment = 1;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        if (graph->nodes[i]->is_needed)
            graph->nodes[i]->forward = moment++;
    }
    graph->middle = moment++;
    for (size_t i = graph->n_nodes; i-- > 0;) {
        if (graph->nodes[i]->is_passed)
            graph->nodes[i]->backward = moment++;
    }
    return moment;
}

/* ---- gradients ---- */

/* Who knows the weights of terms: the node that makes them, or their gradient. */
static void find_weighing(struct vcl_graph *graph)
{
    for (size_t i = 0; i < graph->n_values; i++) {
        struct vcl_value *value = graph->values[i];
        struct vcl_node *from = value->from;
        bool weighed = from && from->def->weighs && value->readers == 0;
        if (!value->term)
            continue;
        value->is_seeded = !weighed && value->differs;
        if (weighed && value == from->out[0])
            from->is_early = from->def->early;
    }
}

static void want(struct vcl_node *node, uint32_t input)
{
    struct vcl_value *root = vcl_value_root(node->in[input]);
    struct vcl_want *want = &node->want[input];
    if (!root->differs || !root->reaches || !flows(node->in[input]))
        return;
    want->wanted = true;
    want->adds = root->last != NULL || root->is_seeded;
    root->last = want;
}

/* In the order in which they are written. */
static void find_wants(struct vcl_graph *graph, bool early)
{
    for (size_t i = graph->n_nodes; i-- > 0;) {
        struct vcl_node *node = graph->nodes[i];
        if (!node->is_passed || node->def->is_alias || node->is_early != early)
            continue;
        for (uint32_t j = node->n_in; j-- > 0;)
            want(node, j);
    }
}

static void fold_slopes(struct vcl_graph *graph)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        struct vcl_node *node = graph->nodes[i];
        for (uint32_t j = 0; j < node->n_in; j++) {
            struct vcl_value *root = vcl_value_root(node->in[j]);
            if (root->last != &node->want[j] || !node->def->folds_slope || !root->from)
                continue;
            node->want[j].slope = root->from->activation;
            root->slope_folded = root->from->activation != NULL;
        }
    }
}

/* A gradient with one writer, which needs nothing of the old one after it, may lie there. */
static void share_gradients(struct vcl_graph *graph)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const struct vcl_node *node = graph->nodes[i];
        struct vcl_value *in = node->n_in ? vcl_value_root(node->in[0]) : NULL;
        bool alone = in && !in->leaf && in->last == &node->want[0] && !node->want[0].adds;
        if (node->is_passed && node->def->is_in_place && alone)
            in->grad_alias = vcl_value_root(node->out[0]);
    }
}

static struct vcl_value *gradient_root(struct vcl_value *value)
{
    value = vcl_value_root(value);
    while (value->grad_alias)
        value = value->grad_alias;
    return value;
}

/* ---- spans ---- */

static void use(struct vcl_span *span, uint32_t moment)
{
    if (!span->first || moment < span->first)
        span->first = moment;
    if (moment > span->last)
        span->last = moment;
}

static void use_forward(struct vcl_node *node)
{
    for (uint32_t i = 0; i < node->n_in; i++)
        use(&vcl_value_root(node->in[i])->data_span, node->forward);
    for (uint32_t i = 0; i < node->n_out; i++)
        use(&vcl_value_root(node->out[i])->data_span, node->forward);
    use(&node->saved_span, node->forward);
}

static void use_backward(struct vcl_node *node)
{
    const struct vcl_node_def *def = node->def;
    for (uint32_t i = 0; i < node->n_in; i++) {
        if ((def->reads_in && !node->is_early) || node->want[i].slope)
            use(&vcl_value_root(node->in[i])->data_span, node->backward);
        if (node->want[i].wanted)
            use(&gradient_root(node->in[i])->grad_span,
                node->is_early ? node->forward : node->backward);
    }
    for (uint32_t i = 0; i < node->n_out; i++) {
        struct vcl_value *out = vcl_value_root(node->out[i]);
        if (def->reads_out || (node->activation && !out->slope_folded))
            use(&out->data_span, node->backward);
        if (out->last || out->is_seeded)
            use(&gradient_root(out)->grad_span, node->backward);
    }
    use(&node->saved_span, node->backward);
    if (node->later)
        use(&vcl_value_root(node->later)->data_span, node->backward);
}

static void find_spans(struct vcl_graph *graph, uint32_t end)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        struct vcl_node *node = graph->nodes[i];
        if (node->is_needed)
            use_forward(node);
        if (node->is_passed && !node->def->is_alias)
            use_backward(node);
    }
    for (size_t i = 0; i < graph->n_values; i++) {
        struct vcl_value *value = graph->values[i], *root = vcl_value_root(value);
        if (value->is_kept)
            use(&root->data_span, end);
        if (!value->from) /* filled before the pass */
            use(&root->data_span, 1);
        if (value->is_seeded)
            use(&gradient_root(value)->grad_span, graph->middle);
    }
}

void vcl_graph_prepare(struct vcl_graph *graph, bool trainable)
{
    vcl_graph_fuse(graph);
    find_needed(graph);
    if (trainable)
        find_passed(graph);
    uint32_t end = count_moments(graph);
    find_weighing(graph);
    find_wants(graph, true);
    find_wants(graph, false);
    fold_slopes(graph);
    share_gradients(graph);
    find_spans(graph, end);
}

/* ---- places ---- */

/* All spans of a graph that need memory. */
struct layout {
    struct vcl_span **spans; /* the largest first */
    size_t count;
    size_t alignment, bytes;
};

static void ask(struct layout *layout, struct vcl_span *span, size_t floats)
{
    if (!span->first || !floats)
        return;
    span->size = floats * sizeof(float);
    layout->spans[layout->count++] = span;
}

static void ask_all(struct layout *layout, struct vcl_graph *graph, size_t batch)
{
    for (size_t i = 0; i < graph->n_values; i++) {
        struct vcl_value *value = graph->values[i];
        size_t floats = vcl_value_rows_of(value, batch) * value->size;
        if (value->alias || value->leaf)
            continue;
        if (!value->borrowed)
            ask(layout, &value->data_span, floats);
        if (!value->grad_alias)
            ask(layout, &value->grad_span, floats);
    }
    for (size_t i = 0; i < graph->n_nodes; i++) {
        struct vcl_node *node = graph->nodes[i];
        size_t rows = node->n_in ? vcl_value_rows_of(node->in[0], batch) : 0;
        ask(layout, &node->saved_span, node->saved_floats + rows * node->saved_row_floats);
    }
}

/* By size, then in the order of time, so that equal layouts come of equal graphs. */
static int compare_spans(const void *a, const void *b)
{
    const struct vcl_span *x = *(struct vcl_span *const *)a, *y = *(struct vcl_span *const *)b;
    if (x->size != y->size)
        return x->size < y->size ? 1 : -1;
    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return (x->last > y->last) - (x->last < y->last);
}

/* A span among the first n that is in the way of this one at its offset, or NULL. */
static const struct vcl_span *in_the_way(const struct layout *layout, size_t n,
                                         const struct vcl_span *span, bool apart)
{
    for (size_t i = 0; i < n; i++) {
        const struct vcl_span *other = layout->spans[i];
        bool meet = apart || (span->first <= other->last && other->first <= span->last);
        if (meet && span->offset < other->offset + other->size &&
            other->offset < span->offset + span->size)
            return other;
    }
    return NULL;
}

/* The largest first, each at the lowest place where nothing is in its way (first fit). */
static void arrange(struct layout *layout, bool apart)
{
    for (size_t i = 0; i < layout->count; i++) {
        struct vcl_span *span = layout->spans[i];
        const struct vcl_span *other;
        span->offset = 0;
        while ((other = in_the_way(layout, i, span, apart))) {
            size_t end = other->offset + other->size;
            span->offset = (end + layout->alignment - 1) / layout->alignment * layout->alignment;
        }
        if (span->offset + span->size > layout->bytes)
            layout->bytes = span->offset + span->size;
    }
}

static enum vcl_status lay_out(struct vcl_graph *graph, uint32_t batch, bool apart,
                               size_t *ret_bytes, struct vcl_error *err)
{
    struct layout layout = {.alignment = vcl_buf_alignment(graph->ctx)};
    size_t most = 2 * graph->n_values + graph->n_nodes + 1;
    enum vcl_status r = vcl_alloc(most, sizeof *layout.spans, &layout.spans, err);
    if (r < 0)
        return r;
    ask_all(&layout, graph, batch);
    qsort(layout.spans, layout.count, sizeof(struct vcl_span *), compare_spans);
    arrange(&layout, apart);
    *ret_bytes = layout.bytes;
    free(layout.spans);
    return VCL_OK;
}

enum vcl_status vcl_graph_bytes(struct vcl_graph *graph, uint32_t batch, size_t *ret_bytes,
                                struct vcl_error *err)
{
    return lay_out(graph, batch, false, ret_bytes, err);
}

static enum vcl_status view(struct vcl_buf *memory, const struct vcl_span *span,
                            struct vcl_buf **ret_buf, struct vcl_error *err)
{
    if (!span->size)
        return VCL_OK;
    return vcl_buf_view(memory, span->offset, span->size, ret_buf, err);
}

/* What shares memory shares the view of it, too. */
static void share_views(struct vcl_graph *graph)
{
    for (size_t i = 0; i < graph->n_values; i++) {
        struct vcl_value *value = graph->values[i];
        if (value->alias)
            value->data = vcl_value_root(value)->data;
        if (value->alias || value->grad_alias)
            value->grad = gradient_root(value)->grad;
    }
    for (size_t i = 0; i < graph->n_nodes; i++) {
        struct vcl_node *node = graph->nodes[i];
        for (uint32_t j = 0; j < node->n_in; j++)
            node->want[j].grad = node->want[j].wanted ? node->in[j]->grad : NULL;
    }
}

static enum vcl_status make_views(struct vcl_graph *graph, struct vcl_buf *memory,
                                  struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < graph->n_values; i++) {
        struct vcl_value *value = graph->values[i];
        if (value->alias)
            continue;
        if (value->leaf) {
            value->data = vcl_node_param(value->leaf, 0)->value;
            value->grad = vcl_node_param(value->leaf, 0)->gradient;
            continue;
        }
        if (value->borrowed)
            value->data = *value->borrowed;
        else
            TRY(view(memory, &value->data_span, &value->data, err));
        if (!value->grad_alias)
            TRY(view(memory, &value->grad_span, &value->grad, err));
    }
    for (size_t i = 0; i < graph->n_nodes; i++)
        TRY(view(memory, &graph->nodes[i]->saved_span, &graph->nodes[i]->saved, err));
    share_views(graph);
out:
    return r;
}

enum vcl_status vcl_graph_place(struct vcl_graph *graph, const struct vcl_placing *how,
                                struct vcl_error *err)
{
    size_t bytes;
    enum vcl_status r;
    TRY(lay_out(graph, how->batch, how->apart, &bytes, err));
    bool is_within = how->within && bytes <= vcl_buf_size(how->within);
    if (bytes && !is_within)
        TRY(vcl_buf_create(graph->ctx, bytes, &graph->memory, err));
    TRY(make_views(graph, is_within ? how->within : graph->memory, err));
    TRY(vcl_alloc(graph->params->count + 1, sizeof *graph->written, &graph->written, err));
    graph->batch = how->batch;
out:
    return r;
}
