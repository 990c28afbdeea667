/* SPDX-License-Identifier: MIT
 *
 * What a model is told beside the data, as nodes: labels, and rows put behind other rows.
 */
#ifndef VCL_NN_NODE_LABELS_H
#define VCL_NN_NODE_LABELS_H

#include "nn/graph.h"

/* out[0] (rows, classes) is 1 in the column of the row's label, else 0. in[0] are the labels, in
 * each row an int32 where others have a float. */
struct vcl_node_one_hot {
    uint32_t classes;
};
extern const struct vcl_node_def vcl_node_one_hot;
enum vcl_status vcl_graph_one_hot(struct vcl_graph *graph, const char *name,
                                  struct vcl_value *labels, uint32_t classes,
                                  struct vcl_value **ret_out, struct vcl_error *err) VCL_MUST_CHECK;

/* out[0] (rows, width) = in[0] (rows, classes) times the trained matrix name.weight (classes,
 * width).
 */
struct vcl_node_embed {
    uint32_t width;
};
extern const struct vcl_node_def vcl_node_embed;
enum vcl_status vcl_graph_embed(struct vcl_graph *graph, const char *name, struct vcl_value *in,
                                uint32_t width, struct vcl_value **ret_out,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* out[0] is in[0] with in[1] behind it, of which in[0] may have several rows each: behind all
 * values of a row, or `in_pixels`, behind the channels of each of its pixels. */
struct vcl_node_concat {
    bool in_pixels;
};
extern const struct vcl_node_def vcl_node_concat;
enum vcl_status vcl_graph_concat(struct vcl_graph *graph, const char *name, struct vcl_value *x,
                                 struct vcl_value *behind, bool in_pixels,
                                 struct vcl_value **ret_out, struct vcl_error *err) VCL_MUST_CHECK;

#endif
