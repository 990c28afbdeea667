/* SPDX-License-Identifier: MIT
 *
 * An activation whose derivative follows from its value needs no pass of its own: the node before
 * it applies it to what it makes. Backward, the last writer of the value's gradient multiplies by
 * the derivative (plan.c), which at a fan-out is right for the last one only.
 */
#include <string.h>

#include "gemm/gemm.h"
#include "nn/node_activation.h"

static bool is_read_by_one(const struct vcl_graph *graph, const struct vcl_value *value)
{
    size_t readers = value->is_kept;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        for (uint32_t j = 0; j < graph->nodes[i]->n_in; j++)
            readers += graph->nodes[i]->in[j] == value;
    }
    return readers == 1;
}

static bool can_fold(const struct vcl_graph *graph, const struct vcl_node *node)
{
    if (node->def != &vcl_node_activation)
        return false;
    const struct vcl_activation *activation = vcl_node_activation_of(node);
    const struct vcl_value *in = node->in[0];
    return in->from && in->from->def->fuses && !in->from->activation && !activation->needs_input &&
           is_read_by_one(graph, in);
}

void vcl_graph_fuse(struct vcl_graph *graph)
{
    size_t kept = 0;
    for (size_t i = 0; i < graph->n_nodes; i++) {
        struct vcl_node *node = graph->nodes[i];
        if (!can_fold(graph, node)) {
            graph->nodes[kept++] = node;
            continue;
        }
        struct vcl_node *before = node->in[0]->from;
        before->activation = vcl_node_activation_of(node)->name;
        before->out[0] = node->out[0];
        before->out[0]->from = before;
    }
    graph->n_nodes = kept;
}
