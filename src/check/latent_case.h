/* SPDX-License-Identifier: MIT
 *
 * What the checks of the latent share: shapes, inputs, and the operation's view of them.
 */
#ifndef VCL_CHECK_LATENT_CASE_H
#define VCL_CHECK_LATENT_CASE_H

#include "check/check.h"

enum { VCL_LATENT_STREAM = VCL_STREAM_NODE + 5 };

#define VCL_LATENT_SEED 0x0123456789abcdefu
#define VCL_LOG_2PI     1.83787706640934548356

extern const struct vcl_step vcl_latent_step;

struct vcl_latent_case {
    uint32_t batch, dim;
    uint32_t repeat; /* rows of z to one of heads; vcl_latent_inputs makes 0 to 1 */
    bool given;      /* eps is an input */
    bool free_bits;
    struct vcl_zone *step, *ids, *heads; /* made by vcl_latent_inputs */
    struct vcl_zone *eps, *z, *spread, *kl, *kl_elements, *mask;
    struct vcl_latent op;
};

/* Makes step, ids and heads, and the part of `op` that names them. */
enum vcl_status vcl_latent_inputs(struct vcl_checker *checker, struct vcl_latent_case *latent,
                                  struct vcl_error *err) VCL_MUST_CHECK;

uint32_t vcl_latent_id(size_t source);
float vcl_latent_mu(const struct vcl_latent_case *latent, size_t source, size_t j);
/* As it stands in heads; the kernels clamp it to +-20. */
float vcl_latent_raw_logvar(const struct vcl_latent_case *latent, size_t source, size_t j);
float vcl_latent_logvar(const struct vcl_latent_case *latent, size_t source, size_t j);

/* What z and spread must be at (row, j); returns the noise that made them. */
float vcl_latent_expect_draw(const struct vcl_latent_case *latent, size_t row, size_t j,
                             struct vcl_formula *ret_noise);

#endif
