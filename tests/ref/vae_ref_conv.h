/* SPDX-License-Identifier: MIT
 *
 * Convolutional layers for the table of vae_ref_layers.c.
 */
#ifndef REF_VAE_REF_CONV_H
#define REF_VAE_REF_CONV_H

#include "ref/vae_ref.h"

bool vae_ref_conv_read(struct vae_ref_node *node, const char *words);
void vae_ref_conv_forward(const struct vae_ref *ref, struct vae_ref_node *node);
void vae_ref_conv_backward(struct vae_ref *ref, const struct vae_ref_node *node);
void vae_ref_deconv_forward(const struct vae_ref *ref, struct vae_ref_node *node);
void vae_ref_deconv_backward(struct vae_ref *ref, const struct vae_ref_node *node);
bool vae_ref_reshape_read(struct vae_ref_node *node, const char *words);
void vae_ref_reshape_forward(const struct vae_ref *ref, struct vae_ref_node *node);
void vae_ref_reshape_backward(struct vae_ref *ref, const struct vae_ref_node *node);

#endif
