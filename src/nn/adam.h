/* SPDX-License-Identifier: MIT
 *
 * What Adam and AdamW share.
 */
#ifndef VCL_NN_ADAM_H
#define VCL_NN_ADAM_H

#include "nn/optimiser.h"

extern const struct vcl_opt vcl_adam_opts[];
extern const struct vcl_optimiser_config vcl_adam_defaults;

void vcl_adam_configure(const struct vcl_optimiser_config *config, struct vcl_optimise *op);
void vcl_adam_correct(const struct vcl_optimiser_config *config, uint64_t t, struct vcl_step *step);

#endif
