/* SPDX-License-Identifier: MIT
 *
 * What pooling layers share.
 */
#ifndef VCL_NN_POOLING_H
#define VCL_NN_POOLING_H

#include "nn/layer.h"
#include "ops/ops.h"

/* What `shape` makes of the words of "maxpool k3 s2", and these. */
struct vcl_pool_config {
    struct vcl_pool geometry;
    struct vcl_opt_pair size, stride; /* stride -1: that of the size */
};

extern const struct vcl_opt vcl_pool_options[];
extern const struct vcl_pool_config vcl_pool_defaults;

enum vcl_status vcl_pool_shape(struct vcl_node *node, enum vcl_pooling kind,
                               struct vcl_error *err) VCL_MUST_CHECK;
/* For layers whose configuration begins with its struct vcl_pool. */
enum vcl_status vcl_pool_forward(const struct vcl_node *node, const struct vcl_run *run,
                                 struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_pool_backward(const struct vcl_node *node, const struct vcl_run *run,
                                  struct vcl_error *err) VCL_MUST_CHECK;

#endif
