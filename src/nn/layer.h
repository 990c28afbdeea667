/* SPDX-License-Identifier: MIT
 *
 * Layers: the kinds of nodes that a model's text can name, "dense 400 relu".
 * To add one: src/nn/layer_x.c exporting `const struct vcl_node_def vcl_layer_x`, and the word in
 * src/nn/meson.build. A layer whose configuration has a row "activation" may end in one.
 */
#ifndef VCL_NN_LAYER_H
#define VCL_NN_LAYER_H

#include "base/row.h"
#include "nn/graph.h"

extern const struct vcl_node_def *const vcl_layer_defs[]; /* a table of base/row.h */

/* ---- net.c ---- */

/* Appends the layer of a text, "dense 400 relu", under a name; those in its brackets are called
 * name.0, name.1 ... *ret_out is what it makes of `in`. */
enum vcl_status vcl_net_layer(struct vcl_graph *graph, const char *name, const char *text,
                              struct vcl_value *in, struct vcl_value **ret_out,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* Appends each layer of "dense 400 relu, dense 200 relu" as prefix.0, prefix.1 ... Commas and
 * semicolons divide layers outside of brackets. */
enum vcl_status vcl_net_layers(struct vcl_graph *graph, const char *prefix, const char *text,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* What do such layers take? Where none of them says, VCL_TAKES_ANY. */
enum vcl_status vcl_net_takes(const char *prefix, const char *text, enum vcl_takes *ret_takes,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* Can such a text be read? Whether the layers fit what they are given is seen when they are added.
 */
enum vcl_status vcl_net_check(const char *prefix, const char *text,
                              struct vcl_error *err) VCL_MUST_CHECK;

#endif
