/* SPDX-License-Identifier: MIT
 *
 * The decoder's last layer.
 */
#ifndef VCL_VAE_OUTPUT_LAYER_H
#define VCL_VAE_OUTPUT_LAYER_H

#include "nn/layer.h"
#include "vae/model.h"

/* Appends model->config->output ("dense", "deconv k4 s2") with the number that makes what the
 * likelihood needs for data of the model's shape, and refuses it if they differ in shape still. */
enum vcl_status vcl_output_add(struct vcl_graph *graph, const struct vcl_model *model,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* Can it be read as such? */
enum vcl_status vcl_output_check(const char *output, struct vcl_error *err) VCL_MUST_CHECK;

#endif
