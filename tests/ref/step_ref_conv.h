/* SPDX-License-Identifier: MIT
 *
 * Convolutional layers for the table of step_ref_layers.c.
 */
#ifndef REF_STEP_REF_CONV_H
#define REF_STEP_REF_CONV_H

#include "ref/step_ref.h"

bool step_ref_conv_read(struct step_ref_node *node, const char *words);
void step_ref_conv_forward(struct step_ref *ref, struct step_ref_node *node);
void step_ref_conv_backward(struct step_ref *ref, const struct step_ref_node *node);
void step_ref_deconv_forward(struct step_ref *ref, struct step_ref_node *node);
void step_ref_deconv_backward(struct step_ref *ref, const struct step_ref_node *node);
bool step_ref_reshape_read(struct step_ref_node *node, const char *words);
void step_ref_reshape_forward(struct step_ref *ref, struct step_ref_node *node);
void step_ref_reshape_backward(struct step_ref *ref, const struct step_ref_node *node);

#endif
