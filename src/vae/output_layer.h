/* SPDX-License-Identifier: MIT
 *
 * The decoder's last layer.
 */
#ifndef VCL_VAE_OUTPUT_LAYER_H
#define VCL_VAE_OUTPUT_LAYER_H

#include "nn/layer.h"
#include "vae/config.h"
#include "vae/likelihood.h"

/* Appends config->output ("dense", "deconv k4 s2") with the number that makes data of `shape`, and
 * refuses it if they differ in shape still. */
enum vcl_status vcl_output_add(struct vcl_graph *graph, const struct vcl_config *config,
                               struct vcl_shape shape, const struct vcl_likelihood_def *likelihood,
                               struct vcl_value *in, struct vcl_value **ret_out,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* Can it be read as such? */
enum vcl_status vcl_output_check(const char *output, struct vcl_error *err) VCL_MUST_CHECK;

#endif
