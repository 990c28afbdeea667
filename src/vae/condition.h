/* SPDX-License-Identifier: MIT
 *
 * Conditions: what encoder and decoder are told of an example's label (Sohn, Lee and Yan 2015). To
 * add one: its row in condition.c.
 */
#ifndef VCL_VAE_CONDITION_H
#define VCL_VAE_CONDITION_H

#include "base/definition.h"
#include "nn/graph.h"

struct vcl_condition_def {
    VCL_DEFINITION;
    /* From labels as rows of zeros and a one (B, classes) to what goes behind x and z, (B, any).
     * NULL: nothing does. */
    enum vcl_status (*build)(struct vcl_graph *graph, const void *config, struct vcl_value *one_hot,
                             struct vcl_value **ret_behind, struct vcl_error *err);
};

extern const struct vcl_condition_def *const vcl_condition_defs[]; /* a table of base/row.h */

/* VCL_E_ARG unless the set has the labels that the condition needs: of at most so many classes, as
 * many if they have names; 0 stands for any number. */
enum vcl_status vcl_condition_accepts(const struct vcl_condition_def *condition, int64_t classes,
                                      const struct vcl_dataset *set,
                                      struct vcl_error *err) VCL_MUST_CHECK;

#endif
