/* SPDX-License-Identifier: MIT
 *
 * A value's columns, each permuted by itself over the batch; no gradient goes through it.
 */
#include "base/philox.h"
#include "nn/node_sum.h"
#include "ops/ops.h"

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    uint32_t *stream = node->config;
    *stream = VCL_STREAM_NODE + node->graph->streams++;
    node->saved_row_floats = node->in[0]->size;
    return vcl_node_output(node, node->in[0]->shape, err);
}

static enum vcl_status forward(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0];
    return vcl_op_permute_columns(run->emit, vcl_value_rows(in, run), (uint32_t)in->size,
                                  *(const uint32_t *)node->config, run->step, node->saved, in->data,
                                  node->out[0]->data, err);
}

static const struct vcl_node_def permuted = {
    .name = "permuted columns",
    .config_size = sizeof(uint32_t),
    .of_examples = true,
    .shape = shape,
    .forward = forward,
};

enum vcl_status vcl_graph_permuted(struct vcl_graph *graph, struct vcl_value *in,
                                   struct vcl_value **ret_out, struct vcl_error *err)
{
    const uint32_t stream = 0; /* its own is drawn when it is added */
    struct vcl_value *constant;
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_stop(graph, in, &constant, err));
    TRY(vcl_graph_add(graph, &permuted, "permuted columns", &stream, &constant, 1, &node, err));
    *ret_out = node->out[0];
out:
    return r;
}
