/* SPDX-License-Identifier: MIT
 *
 * A trained matrix as a value of the graph, with rows of its own: components of a prior,
 * pseudo-inputs.
 */
#include "nn/graph.h"

struct leaf {
    struct vcl_param param;
    struct vcl_shape shape;
};

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct leaf *leaf = node->config;
    enum vcl_status r;
    TRY(vcl_params_add(node->graph->params, &leaf->param, &node->param[0], err));
    node->n_trained = 1;
    TRY(vcl_node_output(node, leaf->shape, err));
    node->out[0]->fixed = leaf->param.rows;
    node->out[0]->leaf = node;
out:
    return r;
}

/* Its value is where the parameter is, and so is its gradient: there is nothing to run. */
static const struct vcl_node_def parameter = {
    .name = "parameter",
    .config_size = sizeof(struct leaf),
    .is_alias = true,
    .shape = shape,
};

enum vcl_status vcl_graph_parameter(struct vcl_graph *graph, struct vcl_param param,
                                    struct vcl_shape shape, struct vcl_value **ret_value,
                                    struct vcl_error *err)
{
    const struct leaf leaf = {param, shape};
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(graph, &parameter, param.name, &leaf, NULL, 0, &node, err));
    *ret_value = node->out[0];
out:
    return r;
}
