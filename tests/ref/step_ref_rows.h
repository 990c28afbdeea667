/* SPDX-License-Identifier: MIT
 *
 * What rows of the table in step_ref_layers.c are made of elsewhere.
 */
#ifndef REF_STEP_REF_ROWS_H
#define REF_STEP_REF_ROWS_H

#include "ref/graph_ref.h"

extern const struct ref_kind step_ref_kinds[];

void step_ref_activation_forward(const struct ref_pass *p);
void step_ref_activation_backward(const struct ref_pass *p);
void step_ref_likelihood_forward(const struct ref_pass *p);
void step_ref_likelihood_backward(const struct ref_pass *p);
void step_ref_draw_forward(const struct ref_pass *p);
void step_ref_draw_backward(const struct ref_pass *p);
void step_ref_draws_forward(const struct ref_pass *p);
void step_ref_draws_backward(const struct ref_pass *p);
void step_ref_log_normal_forward(const struct ref_pass *p);
void step_ref_log_normal_backward(const struct ref_pass *p);
void step_ref_log_components_forward(const struct ref_pass *p);
void step_ref_log_components_backward(const struct ref_pass *p);
void step_ref_log_mean_exp_forward(const struct ref_pass *p);
void step_ref_log_mean_exp_backward(const struct ref_pass *p);
void step_ref_sum_forward(const struct ref_pass *p);
void step_ref_sum_backward(const struct ref_pass *p);
void step_ref_permuted_forward(const struct ref_pass *p);
void step_ref_scaled_gradient_forward(const struct ref_pass *p);
void step_ref_scaled_gradient_backward(const struct ref_pass *p);
float step_ref_conv_bound(const struct vcl_node *node);
void step_ref_conv_forward(const struct ref_pass *p);
void step_ref_conv_backward(const struct ref_pass *p);
void step_ref_deconv_forward(const struct ref_pass *p);
void step_ref_deconv_backward(const struct ref_pass *p);
void step_ref_scaled_forward(const struct ref_pass *p);
void step_ref_scaled_backward(const struct ref_pass *p);
void step_ref_one_hot_forward(const struct ref_pass *p);
void step_ref_embed_forward(const struct ref_pass *p);
void step_ref_embed_backward(const struct ref_pass *p);
void step_ref_concat_forward(const struct ref_pass *p);
void step_ref_concat_backward(const struct ref_pass *p);
float step_ref_embed_bound(const struct vcl_node *node);

#endif
