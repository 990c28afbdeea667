/* SPDX-License-Identifier: MIT
 *
 * Matrix products: one file an implementation, one table, and the epilogue they share.
 * To add one: src/gemm/gemm_x.c exporting `const struct vcl_gemm_def vcl_gemm_x`, and the word in
 * src/gemm/meson.build, where the order is the order of preference.
 */
#ifndef VCL_GEMM_GEMM_H
#define VCL_GEMM_GEMM_H

#include "base/row.h"
#include "cl/emit.h"

/* What a tuner may vary in an implementation: each has its own meaning to it. */
enum { VCL_GEMM_PARAMS = 8 };
struct vcl_gemm_param {
    const char *name;  /* "MR"; in tuning files and logs */
    const int *values; /* candidates, ascending, ending with 0 */
    const char *help;
};
struct vcl_gemm_setting {
    int values[VCL_GEMM_PARAMS]; /* in the order of `params` */
};

struct vcl_gemm_def {
    const char *name, *help;
    bool same_bits; /* gives the bits of `naive` on every device */
    bool cpu_default, gpu_default;
    /* Relative error of operands that are rounded first, as the context's precision says; NULL:
     * they are not. */
    double (*rounding)(const struct vcl_ctx *ctx);
    bool (*supports)(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm);
    /* Tunables, ending with a NULL name, or NULL if there are none. */
    const struct vcl_gemm_param *params;
    /* What is used unless a tuned row says otherwise; NULL without `params`. */
    void (*defaults)(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                     struct vcl_gemm_setting *setting);
    /* What `defaults` chooses from: lists that end with a first value of 0, and NULL; or NULL. */
    const struct vcl_gemm_setting *const *presets;
    /* Can this setting run here? For those that a tuner makes up; NULL: all can. */
    bool (*valid)(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                  const struct vcl_gemm_setting *setting);
    enum vcl_status (*run)(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err);
};

extern const struct vcl_gemm_def *const vcl_gemm_defs[]; /* a table of base/row.h */

/* vcl_gemm_run, or as the emit says. */
enum vcl_status vcl_gemm_emit(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* The implementation for this context and product, and its setting. */
enum vcl_status vcl_gemm_choose(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                const struct vcl_gemm_def **ret_def,
                                struct vcl_gemm_setting *ret_setting,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* The same without looking at tuned rows. */
enum vcl_status vcl_gemm_choose_untuned(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                        const struct vcl_gemm_def **ret_def,
                                        struct vcl_gemm_setting *ret_setting,
                                        struct vcl_error *err) VCL_MUST_CHECK;

/* Floats in the operands A, B and C. */
void vcl_gemm_sizes(const struct vcl_gemm *gemm, double floats[3]);

/* Appends the arguments that kernels declare as CONV_PARAMETERS (kernels/conv.cl). */
void vcl_conv_args(const struct vcl_conv *conv, struct vcl_launch *launch);

/* Phases of the strides that an image has pixels of, min(stride, extent) an axis: phase i is row
 * i / min(stride_width, width) and column i % min(stride_width, width) of the first ones. */
uint32_t vcl_conv_phases(const struct vcl_conv *conv);

/* Multiplications with useful operands: m * n * k, without those of a transposed convolution that
 * meet no tap. */
double vcl_gemm_multiplies(const struct vcl_gemm *gemm);

/* Floats in the operands A, B and C of a convolution's pass. */
void vcl_conv_operands(const struct vcl_conv *conv, double floats[3]);
/* Is the product the one of its `conv`, and are its numbers small enough for kernels? */
enum vcl_status vcl_conv_check(const struct vcl_gemm *gemm, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- activations and the epilogue ---- */

/* Formulas: kernels/activation.cl. */
struct vcl_activation {
    const char *name, *help;
    bool needs_input; /* the gradient needs x, not only y = act(x) */
};

extern const struct vcl_activation *const vcl_activations[]; /* a table of base/row.h */

/* NULL or "" is the identity; an unknown name is an error with the nearest as a hint. */
enum vcl_status vcl_activation_find(const char *name, const struct vcl_activation **ret_activation,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* The product's activation by name, "identity" if it has none. */
const char *vcl_gemm_activation(const struct vcl_gemm *gemm);

/* "-DTRANS_A=1 -DACT=act_relu ..." for kernels compiled for each kind of product; no activation if
 * the derivative is wanted. */
enum { VCL_GEMM_OPTIONS = 160 };
void vcl_gemm_options(const struct vcl_gemm *gemm, char options[VCL_GEMM_OPTIONS]);

/* What an implementation does not do itself, each as a pass of its own; nothing to do is nothing
 * launched. Bias and activation or derivative over c: */
enum vcl_status vcl_gemm_epilogue(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* c (n) = c + x: C's old value and a product. */
enum vcl_status vcl_gemm_add(const struct vcl_emit *emit, size_t n, struct vcl_buf *x,
                             struct vcl_buf *c, struct vcl_error *err) VCL_MUST_CHECK;
/* The derivative alone: */
enum vcl_status vcl_gemm_derivative(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* The column sums of B: */
enum vcl_status vcl_gemm_b_sums(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* dy (n) *= act'(x); `x` may be NULL for activations whose gradient needs only y. */
enum vcl_status vcl_activation_gradient(const struct vcl_emit *emit, const char *activation,
                                        size_t n, struct vcl_buf *x, struct vcl_buf *y,
                                        struct vcl_buf *dy, struct vcl_error *err) VCL_MUST_CHECK;
/* sums (cols) = (or +=, with accumulate) column sums of x (rows, cols). */
enum vcl_status vcl_column_sums(const struct vcl_emit *emit, size_t rows, size_t cols,
                                bool accumulate, struct vcl_buf *x, struct vcl_buf *sums,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Fills global and local sizes for a kernel whose items hold VEC columns of `rows` rows. */
void vcl_flat_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t cols, size_t rows);

/* ---- dry runs ---- */

/* The products of a dry run, in order. */
struct vcl_products {
    struct vcl_gemm *items;
    struct vcl_conv *convs; /* of those that are convolutions */
    size_t count, cap, cap_convs;
};

/* Notes a product; `activation` is its activation under a name that lasts. */
enum vcl_status vcl_products_add(struct vcl_products *products, const struct vcl_gemm *gemm,
                                 const char *activation, struct vcl_error *err) VCL_MUST_CHECK;
/* All of them in one block, with their convolutions, which the caller frees. Their buffers say what
 * there was; they may be gone. */
enum vcl_status vcl_products_copy(const struct vcl_products *products,
                                  struct vcl_gemm **ret_products, size_t *ret_count,
                                  struct vcl_error *err) VCL_MUST_CHECK;
void vcl_products_finish(struct vcl_products *products);

#endif
