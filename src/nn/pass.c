/* SPDX-License-Identifier: MIT
 *
 * Passes over a planned graph.
 */
#include <string.h>

#include "gemm/gemm.h"
#include "nn/graph.h"
#include "ops/ops.h"

/* The run, with the node's label on what it launches. */
static struct vcl_emit labelled(const struct vcl_run *run, const struct vcl_node *node,
                                const char *pass)
{
    struct vcl_emit emit = *run->emit;
    emit.label = (struct vcl_label){.name = node->name, .pass = pass};
    return emit;
}

enum vcl_status vcl_graph_forward(struct vcl_graph *graph, const struct vcl_run *run,
                                  struct vcl_error *err)
{
    for (size_t i = 0; i < graph->n_nodes; i++) {
        const struct vcl_node *node = graph->nodes[i];
        const struct vcl_emit emit = labelled(run, node, "forward");
        struct vcl_run of_node = *run;
        of_node.emit = &emit;
        if (!node->is_needed || node->def->is_alias)
            continue;
        enum vcl_status r = node->def->forward(node, &of_node, err);
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", node->name);
    }
    return VCL_OK;
}

/* The derivative of a folded activation, if no writer of the gradient could multiply by it. */
static enum vcl_status derive(const struct vcl_node *node, const struct vcl_run *run,
                              struct vcl_error *err)
{
    const struct vcl_value *out = vcl_value_root(node->out[0]);
    if (!node->activation || out->slope_folded)
        return VCL_OK;
    return vcl_activation_gradient(run->emit, node->activation, vcl_value_floats(out, run), NULL,
                                   out->data, out->grad, err);
}

/* The first input whose gradient the node would have to add to, and can't; or their number. */
static uint32_t input_to_add(const struct vcl_node *node)
{
    uint32_t input = 0;
    while (input < node->n_in && (node->def->adds || !node->want[input].adds))
        input++;
    return input;
}

/* Of a node that can only overwrite: its gradient goes elsewhere first, and is added then. */
static enum vcl_status pass_and_add(const struct vcl_node *node, uint32_t input,
                                    const struct vcl_run *run, struct vcl_error *err)
{
    struct vcl_node apart = *node;
    struct vcl_want *want = &apart.want[input];
    const struct vcl_value *in = node->in[input];
    size_t n = vcl_value_floats(in, run);
    enum vcl_status r;
    TRY(vcl_scratch_get(run->emit->ctx, VCL_SCRATCH_GRADIENT, n * sizeof(float), &want->grad, err));
    want->slope = NULL;
    want->adds = false;
    if (input_to_add(&apart) < node->n_in)
        FAIL(err, VCL_E_UNSUPPORTED, "%s adds to one gradient at most", node->def->name);
    TRY(node->def->backward(&apart, run, err));
    TRY(vcl_op_pass_gradient(run->emit, node->want[input].slope, n, true, want->grad, in->data,
                             node->want[input].grad, err));
out:
    return r;
}

static enum vcl_status pass(const struct vcl_node *node, const struct vcl_run *run,
                            struct vcl_error *err)
{
    enum vcl_status r;
    TRY(derive(node, run, err));
    uint32_t input = input_to_add(node);
    if (input < node->n_in)
        return pass_and_add(node, input, run, err);
    if (node->def->backward)
        TRY(node->def->backward(node, run, err));
out:
    return r;
}

/* Gradients of terms whose weight no node knows. */
static enum vcl_status seed(const struct vcl_graph *graph, const struct vcl_run *run,
                            struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (uint32_t i = 0; i < graph->n_terms; i++) {
        const struct vcl_term *term = &graph->terms[i];
        size_t rows = vcl_value_rows(term->value, run);
        if (term->value->is_seeded)
            TRY(vcl_op_term_seed(run->emit, rows, term->weight / (float)rows, term->scheduled,
                                 run->step, term->value->grad, err));
    }
out:
    return r;
}

enum vcl_status vcl_graph_backward(struct vcl_graph *graph, const struct vcl_run *run,
                                   struct vcl_error *err)
{
    enum vcl_status r;
    memset(graph->written, 0, graph->params->count * sizeof *graph->written);
    TRY(seed(graph, run, err));
    for (size_t i = graph->n_nodes; i-- > 0;) {
        const struct vcl_node *node = graph->nodes[i];
        const struct vcl_emit emit = labelled(run, node, "backward");
        struct vcl_run of_node = *run;
        of_node.emit = &emit;
        if (!node->is_passed || node->def->is_alias)
            continue;
        r = pass(node, &of_node, err);
        if (r < 0)
            return vcl_error_wrap(err, r, "%s", node->name);
    }
out:
    return r;
}
