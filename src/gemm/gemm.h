/* SPDX-License-Identifier: MIT
 *
 * Matrix products: one file an implementation, one table, and the epilogue they share.
 * To add one: src/gemm/gemm_x.c exporting `const struct vcl_gemm_def vcl_gemm_x`, and the word in
 * src/gemm/meson.build, where the order is the order of preference.
 */
#ifndef VCL_GEMM_GEMM_H
#define VCL_GEMM_GEMM_H

#include "cl/context.h"

struct vcl_gemm_def {
    const char *name, *help;
    bool same_bits; /* gives the bits of `naive` on every device */
    bool cpu_default, gpu_default;
    bool (*supports)(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm);
    enum vcl_status (*run)(struct vcl_ctx *ctx, const struct vcl_gemm *gemm, struct vcl_error *err);
};

extern const struct vcl_gemm_def *const vcl_gemm_defs[]; /* ends with NULL */

/* The implementation for this context and product. */
enum vcl_status vcl_gemm_choose(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                const struct vcl_gemm_def **ret_def,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* ---- activations and the epilogue ---- */

struct vcl_activation {
    const char *name;
    bool needs_input; /* the gradient needs x, not only y = act(x) */
};

extern const struct vcl_activation vcl_activations[]; /* ends with a NULL name */

/* NULL or "" is the identity; an unknown name is an error with the nearest as a hint. */
enum vcl_status vcl_activation_find(const char *name, const struct vcl_activation **ret_activation,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* The product's activation by name, "identity" if it has none. */
const char *vcl_gemm_activation(const struct vcl_gemm *gemm);

/* "-DTRANS_A=1 -DACT=act_relu ..." for kernels compiled for each kind of product. */
enum { VCL_GEMM_OPTIONS = 160 };
void vcl_gemm_options(const struct vcl_gemm *gemm, char options[VCL_GEMM_OPTIONS]);

/* Bias and activation as a pass of its own over c. Nothing to do is nothing launched. */
enum vcl_status vcl_gemm_epilogue(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* Fills global and local sizes for a kernel whose items hold VEC columns of `rows` rows. */
void vcl_flat_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t cols, size_t rows);

#endif
