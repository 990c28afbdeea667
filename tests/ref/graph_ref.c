/* SPDX-License-Identifier: MIT */
#include "ref/graph_ref.h"

#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "common/devices.h"
#include "nn/node_labels.h"

void *ref_zeros(size_t n, size_t size)
{
    void *values = calloc(n ? n : 1, size);
    if (!values)
        abort();
    return values;
}

/* ---- what there is ---- */

static struct ref_value *value_of(const struct ref_graph *ref, struct vcl_value *value)
{
    const struct vcl_value *root = vcl_value_root(value);
    size_t i = 0;
    while (ref->graph->values[i] != root)
        i++;
    return &ref->values[i];
}

static const struct vcl_param *param_of(const struct ref_graph *ref, const struct vcl_node *node,
                                        uint32_t k, struct ref_param **ret_param)
{
    *ret_param = &ref->params[node->param[k]];
    return &ref->graph->params->items[node->param[k]];
}

/* Do gradients go through it to the value whose memory it shares? */
static bool flows(const struct vcl_value *value)
{
    for (; value; value = value->alias) {
        if (value->is_cut)
            return false;
    }
    return true;
}

/* Does a node take it for something that depends on what is trained? */
static bool varies(const struct ref_graph *ref, struct vcl_value *in)
{
    return value_of(ref, in)->differs && flows(in);
}

static size_t count_of(const struct ref_graph *ref, const struct vcl_value *value)
{
    size_t rows = value->fixed ? value->fixed : ref->rows * value->repeat;
    return rows * value->size;
}

void *ref_data(const struct ref_graph *ref, struct vcl_value *value)
{
    return value_of(ref, value)->data;
}

void *ref_labels(const struct ref_graph *ref)
{
    for (size_t i = 0; i < ref->graph->n_nodes; i++) {
        if (ref->graph->nodes[i]->def == &vcl_node_one_hot)
            return ref_data(ref, ref->graph->nodes[i]->in[0]);
    }
    return NULL;
}

const void *ref_row(const void *rows, size_t size, const char *what, const char *name)
{
    const char *row = rows, *found;
    for (; (found = *(const char *const *)row); row += size) {
        if (strcmp(found, name) == 0)
            return row;
    }
    fail_msg("no row for the %s '%s' in tests/ref", what, name);
    return NULL;
}

const struct ref_kind *ref_kind_of(const struct ref_graph *ref, const struct vcl_node *node)
{
    static const struct ref_kind alias = {.name = "alias"};
    if (node->def->is_alias && node->n_in)
        return &alias;
    return ref_row(ref->numbers->kinds, sizeof alias, "node", node->def->name);
}

size_t ref_trained_of(const struct ref_graph *ref, const struct vcl_node *node, size_t *ret_at)
{
    size_t count = 0;
    for (uint32_t k = node->is_frozen ? 0 : ref_kind_of(ref, node)->n_params; k-- > 0;) {
        struct ref_param *param;
        const struct vcl_param *p = param_of(ref, node, k, &param);
        count += p->is_state ? 0 : p->count;
        *ret_at = p->is_state ? *ret_at : param->at;
    }
    return count;
}

double ref_option(const struct vcl_node *node, const char *key)
{
    const struct vcl_opt *row = vcl_opt_find(node->def->opts, key, strlen(key));
    double value;
    assert_true(row && row->kind == VCL_OPT_FLOAT);
    memcpy(&value, (const char *)node->config + row->offset, sizeof value);
    return value;
}

/* ---- set-up ---- */

static void place_params(struct ref_graph *ref)
{
    const struct vcl_params *params = ref->graph->params;
    size_t step = ref->numbers->step, size = ref->numbers->size;
    ref->params = ref_zeros(params->count, sizeof *ref->params);
    for (size_t i = 0; i < params->count; i++) {
        size_t *end = params->items[i].is_state ? &ref->n_states : &ref->n_trained;
        ref->params[i].at = *end;
        *end += (params->items[i].count + step - 1) / step * step;
    }
    ref->trained = ref_zeros(ref->n_trained, size);
    ref->gradient = ref_zeros(ref->n_trained, size);
    ref->states = ref_zeros(ref->n_states, size);
}

static void find_differing(struct ref_graph *ref)
{
    for (size_t i = 0; i < ref->graph->n_nodes; i++) {
        const struct vcl_node *node = ref->graph->nodes[i];
        size_t at;
        bool differs = ref_trained_of(ref, node, &at) > 0;
        for (uint32_t j = 0; j < node->n_in; j++)
            differs |= varies(ref, node->in[j]);
        for (uint32_t j = 0; j < node->n_out; j++)
            value_of(ref, node->out[j])->differs |= differs;
    }
}

/* A parameter that is a value lies with the others. */
static void place_leaves(struct ref_graph *ref)
{
    for (size_t i = 0; i < ref->graph->n_values; i++) {
        const struct vcl_node *leaf = ref->graph->values[i]->leaf;
        struct ref_value *value = &ref->values[i];
        struct ref_param *param;
        if (!leaf)
            continue;
        param_of(ref, leaf, 0, &param);
        value->data = (char *)ref->trained + param->at * ref->numbers->size;
        value->grad = (char *)ref->gradient + param->at * ref->numbers->size;
    }
}

/* Has it memory of its own? */
static bool is_placed(const struct vcl_value *value)
{
    return !value->alias && !value->leaf;
}

void ref_graph_init(struct ref_graph *ref, const struct ref_numbers *numbers,
                    const struct vcl_graph *graph, size_t most)
{
    *ref = (struct ref_graph){.numbers = numbers, .graph = graph, .rows = most, .kl_weight = 1};
    ref->values = ref_zeros(graph->n_values, sizeof *ref->values);
    for (size_t i = 0; i < graph->n_values; i++) {
        size_t count = count_of(ref, graph->values[i]);
        if (!is_placed(graph->values[i]))
            continue;
        ref->values[i].data = ref_zeros(count, numbers->size);
        ref->values[i].grad = ref_zeros(count, numbers->size);
    }
    place_params(ref);
    place_leaves(ref);
    find_differing(ref);
}

void ref_graph_finish(struct ref_graph *ref)
{
    for (size_t i = 0; i < ref->graph->n_values; i++) {
        if (!is_placed(ref->graph->values[i]))
            continue;
        free(ref->values[i].data);
        free(ref->values[i].grad);
    }
    free(ref->values);
    free(ref->params);
    free(ref->trained);
    free(ref->gradient);
    free(ref->states);
}

/* ---- forward ---- */

/* Streams go to the nodes that draw, in their order. */
static uint32_t stream_of(const struct ref_graph *ref, const struct vcl_node *node)
{
    uint32_t stream = VCL_STREAM_NODE;
    for (size_t i = 0; ref->graph->nodes[i] != node; i++)
        stream += ref_kind_of(ref, ref->graph->nodes[i])->draws;
    return stream;
}

struct ref_pass ref_pass_of(const struct ref_graph *ref, const struct vcl_node *node)
{
    struct ref_pass pass = {.ref = ref,
                            .node = node,
                            .rows = count_of(ref, node->out[0]) / node->out[0]->size,
                            .stream = stream_of(ref, node)};
    for (uint32_t i = 0; i < node->n_in; i++)
        pass.x[i] = ref_data(ref, node->in[i]);
    for (uint32_t i = 0; i < node->n_out; i++)
        pass.y[i] = ref_data(ref, node->out[i]);
    for (uint32_t k = 0; k < ref_kind_of(ref, node)->n_params; k++) {
        struct ref_param *param;
        bool is_state = param_of(ref, node, k, &param)->is_state;
        pass.param[k] =
            (char *)(is_state ? ref->states : ref->trained) + param->at * ref->numbers->size;
    }
    return pass;
}

void ref_graph_forward(struct ref_graph *ref)
{
    for (size_t i = 0; i < ref->graph->n_nodes; i++) {
        const struct vcl_node *node = ref->graph->nodes[i];
        if (node->def->is_alias)
            continue;
        const struct ref_pass pass = ref_pass_of(ref, node);
        ref_kind_of(ref, node)->forward(&pass);
    }
}

/* ---- backward ---- */

double ref_schedule(const struct ref_graph *ref, const struct vcl_term *term)
{
    const struct vcl_node *from = term->value->from;
    bool weighs = from && from->def->weighs && term->value->readers == 0;
    return term->scheduled && !weighs ? ref->kl_weight : 1;
}

static void begin(struct ref_graph *ref)
{
    const struct vcl_graph *graph = ref->graph;
    for (size_t i = 0; i < graph->n_values; i++) {
        struct ref_value *value = &ref->values[i];
        value->written = false;
        if (is_placed(graph->values[i])) /* else with its parameter's */
            memset(value->grad, 0, count_of(ref, graph->values[i]) * ref->numbers->size);
    }
    for (size_t i = 0; i < graph->params->count; i++)
        ref->params[i].written = false;
    memset(ref->gradient, 0, ref->n_trained * ref->numbers->size);
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        const struct vcl_term *term = &graph->terms[i];
        struct ref_value *value = value_of(ref, term->value);
        if (term->weight != 0)
            ref->numbers->fill(value->grad, term->weight, count_of(ref, term->value),
                               ref_schedule(ref, term));
        value->written = term->weight != 0;
    }
}

/* One writer's share of a gradient, which is freed: the first is the gradient, others are added to
 * what is there. */
static void give(const struct ref_graph *ref, bool *written, void *to, void *share, size_t n)
{
    if (*written)
        ref->numbers->add(to, share, n);
    else
        memcpy(to, share, n * ref->numbers->size);
    *written = true;
    free(share);
}

/* The last input first. Nothing goes to parameters of a frozen node. */
static void give_all(const struct ref_graph *ref, const struct ref_pass *pass)
{
    const struct vcl_node *node = pass->node;
    size_t size = ref->numbers->size;
    for (uint32_t i = node->n_in; i-- > 0;) {
        struct ref_value *in = value_of(ref, node->in[i]);
        if (pass->dx[i])
            give(ref, &in->written, in->grad, pass->dx[i], count_of(ref, node->in[i]));
    }
    for (uint32_t k = 0; k < VCL_NODE_PARAMS; k++) {
        struct ref_param *param;
        size_t n = pass->dparam[k] ? param_of(ref, node, k, &param)->count : 0;
        if (node->is_frozen)
            free(pass->dparam[k]);
        else if (n)
            give(ref, &param->written, (char *)ref->gradient + param->at * size, pass->dparam[k],
                 n);
    }
}

static void pass_back(const struct ref_graph *ref, const struct vcl_node *node)
{
    const struct ref_kind *kind = ref_kind_of(ref, node);
    struct ref_pass pass = ref_pass_of(ref, node);
    size_t size = ref->numbers->size;
    for (uint32_t i = 0; i < node->n_out; i++)
        pass.dy[i] = value_of(ref, node->out[i])->grad;
    for (uint32_t i = 0; i < node->n_in; i++) {
        if (varies(ref, node->in[i]))
            pass.dx[i] = ref_zeros(count_of(ref, node->in[i]), size);
    }
    for (uint32_t k = 0; k < kind->n_params; k++) {
        struct ref_param *param;
        const struct vcl_param *p = param_of(ref, node, k, &param);
        if (!p->is_state)
            pass.dparam[k] = ref_zeros(p->count, size);
    }
    if (!kind->backward)
        fail_msg("'%s' has no backward in the tables of tests/ref", kind->name);
    kind->backward(&pass);
    give_all(ref, &pass);
}

/* Does what is minimised depend on it, and it on what is trained? */
static bool is_passed(const struct ref_graph *ref, const struct vcl_node *node)
{
    bool written = false, differs = false;
    for (uint32_t i = 0; i < node->n_out; i++) {
        const struct ref_value *out = value_of(ref, node->out[i]);
        written |= out->written;
        differs |= out->differs;
    }
    return written && differs && !node->def->is_alias;
}

/* A value's gradient is the sum over its readers, the last first; but what the library writes
 * during the forward pass, knowing that the node makes a term, is there before. */
static bool is_early(const struct vcl_node *node)
{
    return node->def->early && node->out[0]->term && node->out[0]->readers == 0;
}

void ref_graph_backward(struct ref_graph *ref)
{
    begin(ref);
    for (int early = 2; early-- > 0;) {
        for (size_t i = ref->graph->n_nodes; i-- > 0;) {
            const struct vcl_node *node = ref->graph->nodes[i];
            if (is_early(node) == early && is_passed(ref, node))
                pass_back(ref, node);
        }
    }
}
