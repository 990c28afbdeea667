/* SPDX-License-Identifier: MIT
 *
 * The compute engine: device buffers, kernel launches, matrix products. All work goes to the one
 * in-order queue of a context; functions return once it is enqueued, reads when it is done.
 */
#ifndef VAECL_COMPUTE_H
#define VAECL_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vaecl/device.h"
#include "vaecl/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Device memory. Sizes and offsets are in bytes. */
struct vcl_buf;

/* New, zeroed memory. Fails with VCL_E_DEVMEM if it exceeds what the device can allocate. The
 * caller owns *ret_buf. */
VCL_API enum vcl_status vcl_buf_create(struct vcl_ctx *ctx, size_t size, struct vcl_buf **ret_buf,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* A part of `parent`, which must outlive it. `offset` is a multiple of vcl_buf_alignment. */
VCL_API enum vcl_status vcl_buf_view(struct vcl_buf *parent, size_t offset, size_t size,
                                     struct vcl_buf **ret_buf,
                                     struct vcl_error *err) VCL_MUST_CHECK;
VCL_API void vcl_buf_destroy(struct vcl_buf **buf);
VCL_API size_t vcl_buf_size(const struct vcl_buf *buf);
VCL_API size_t vcl_buf_alignment(const struct vcl_ctx *ctx);

VCL_API enum vcl_status vcl_buf_write(struct vcl_buf *buf, size_t offset, size_t size,
                                      const void *data, struct vcl_error *err) VCL_MUST_CHECK;
VCL_API enum vcl_status vcl_buf_read(struct vcl_buf *buf, size_t offset, size_t size,
                                     void *ret_data, struct vcl_error *err) VCL_MUST_CHECK;
VCL_API enum vcl_status vcl_buf_zero(struct vcl_buf *buf, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- kernels ---- */

/* One kernel argument by value; made by VCL_ARG from an int32_t, uint32_t, float or buffer. */
struct vcl_arg {
    struct vcl_buf *buf; /* or NULL: then the value's bits */
    uint32_t bits;
};

VCL_API struct vcl_arg vcl_arg_int(int32_t value);
VCL_API struct vcl_arg vcl_arg_uint(uint32_t value);
VCL_API struct vcl_arg vcl_arg_float(float value);
VCL_API struct vcl_arg vcl_arg_buf(struct vcl_buf *buf);

#ifndef __cplusplus
/* A double or a size_t does not compile: say which of float, int32_t, uint32_t is meant. */
#define VCL_ARG(x)                                                                                 \
    _Generic((x),                                                                                  \
        int32_t: vcl_arg_int,                                                                      \
        uint32_t: vcl_arg_uint,                                                                    \
        float: vcl_arg_float,                                                                      \
        struct vcl_buf *: vcl_arg_buf)(x)
#endif

enum { VCL_MAX_ARGS = 32 };

/* What to run. `source` is one of the library's kernel files ("pointwise.cl"), or NULL for `text`.
 */
struct vcl_launch {
    const char *source;
    const char *text;           /* OpenCL C of one's own; may #include "prelude.cl" and "math.cl" */
    const char *kernel;         /* the function's name */
    const char *options;        /* "-DACT=act_relu", or NULL */
    size_t global[3], local[3]; /* local: all three or none (0); global is a multiple of it */
    struct vcl_arg args[VCL_MAX_ARGS];
    uint32_t n_args;
};

/* Programs are compiled at their first use and kept. A kernel that does not compile fails with
 * VCL_E_BUILD and the compiler's first error as "kernels/x.cl:line:column: ...". */
VCL_API enum vcl_status vcl_launch_run(struct vcl_ctx *ctx, const struct vcl_launch *launch,
                                       struct vcl_error *err) VCL_MUST_CHECK;

/* ---- matrix products ---- */

/* A 2-D convolution, NHWC, between images (batch, height, width, channels) and feature maps (batch,
 * map_height, map_width, features) with weights (kernel_height, kernel_width, channels, features).
 * The map's pixel (i, j) sees the image's pixels (i * stride - pad + kh, j * stride - pad + kw);
 * outside the image there are zeros. The map may be any size. One geometry serves a convolution
 * (images to maps) and a transposed one (maps to images): forward of one is backward of the other.
 */
enum vcl_conv_pass {
    VCL_CONV_TO_MAP,   /* C map = patches of A image, times B weights */
    VCL_CONV_TO_IMAGE, /* C image = what each pixel gets of A map through B weights, transposed */
    VCL_CONV_WEIGHTS,  /* C weights = patches of A image, transposed, times B map */
};
struct vcl_conv {
    enum vcl_conv_pass pass;
    uint32_t batch, height, width, channels;
    uint32_t map_height, map_width, features;
    uint32_t kernel_height, kernel_width, stride_height, stride_width, pad_height, pad_width;
};

/* C (m, n) = op(A) op(B), row-major and dense: op(A) is (m, k), op(B) is (k, n); with trans_a, A is
 * stored (k, m), with trans_b, B is stored (n, k). Then, in this order and each optional: C's old
 * value is added, `bias` (n) is added to each row, and the activation is applied, or instead of it
 * C is multiplied by the activation's derivative where its value was `derivative_at`.
 *
 * With `conv`, operands are what the pass says and m, n, k what vcl_conv_gemm sets. */
struct vcl_gemm {
    uint32_t m, n, k;
    bool trans_a, trans_b;
    struct vcl_buf *a, *b, *c;
    bool accumulate;
    struct vcl_buf *bias;          /* or NULL */
    const char *activation;        /* NULL or a name of vcl_activation_names() */
    struct vcl_buf *derivative_at; /* (m, n) or NULL; not for gelu and silu */
    struct vcl_buf *b_sums;        /* (n) or NULL: the column sums of B as well, added to what is
                                      there with `accumulate`; not with trans_b,
                                      of a convolution's passes with VCL_CONV_WEIGHTS only */
    const struct vcl_conv *conv;   /* or NULL */
};

/* The product that a pass of a convolution is; `conv` must outlive the call that runs it. For maps
 * and weights m, n, k are those of the product of patches; to images, m = batch * height * width,
 * n = channels, k = kernel_height * kernel_width * features. */
VCL_API struct vcl_gemm vcl_conv_gemm(const struct vcl_conv *conv, struct vcl_buf *a,
                                      struct vcl_buf *b, struct vcl_buf *c);

/* Runs on the implementation chosen for the context (vcl_ctx_params.gemm), the device and the
 * shape. */
VCL_API enum vcl_status vcl_gemm_run(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                     struct vcl_error *err) VCL_MUST_CHECK;

/* Names of the implementations compiled in, best first, ending with NULL: "packed", "naive" ... */
VCL_API const char *const *vcl_gemm_names(void);

/* The implementation that the context uses by default. */
VCL_API const char *vcl_gemm_chosen(const struct vcl_ctx *ctx);

/* identity, relu, leaky_relu, elu, selu, gelu, silu, tanh, sigmoid, softplus; ends with NULL. */
VCL_API const char *const *vcl_activation_names(void);

#ifdef __cplusplus
}
#endif
#endif
