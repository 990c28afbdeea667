/* SPDX-License-Identifier: MIT
 *
 * Operations on device buffers: each enqueues (or records) a launch or two. They hold no state.
 * Shapes: B rows of a batch, D columns of data, Z latent dimensions; buffers are dense, row-major.
 */
#ifndef VCL_OPS_OPS_H
#define VCL_OPS_OPS_H

#include "cl/emit.h"

/* What changes from step to step; lives in a device buffer, see kernels/step.cl. */
struct vcl_step {
    uint32_t seed_lo, seed_hi, step, epoch, slot;
    float lr, kl_weight, correction1, correction2;
    uint32_t sample; /* the first one of several of an example */
    uint32_t reserved[6];
};

/* Whether training is still finite; written by the device, see kernels/step.cl. */
struct vcl_health {
    uint32_t halted, bad_step, bad_index, reserved;
};

/* Compiles what a model with this formula of kernels/likelihood.cl, or NULL, needs, whatever else
 * it is made of (loss.c). */
enum vcl_status vcl_ops_prepare(struct vcl_ctx *ctx, const char *likelihood,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* ---- pointwise.c ---- */

/* y (n) = act(x). */
enum vcl_status vcl_op_activation(const struct vcl_emit *emit, const char *activation, size_t n,
                                  struct vcl_buf *x, struct vcl_buf *y,
                                  struct vcl_error *err) VCL_MUST_CHECK;
/* y (n) = act(a + b). */
enum vcl_status vcl_op_add(const struct vcl_emit *emit, const char *activation, size_t n,
                           struct vcl_buf *a, struct vcl_buf *b, struct vcl_buf *y,
                           struct vcl_error *err) VCL_MUST_CHECK;
/* dx (n) = dy, or dx + dy with `accumulate`, times the activation's derivative where its value was
 * y; not for gelu and silu. NULL is the identity. */
enum vcl_status vcl_op_pass_gradient(const struct vcl_emit *emit, const char *activation, size_t n,
                                     bool accumulate, struct vcl_buf *dy, struct vcl_buf *y,
                                     struct vcl_buf *dx, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- reduce.c ---- */

/* sums (ceil(n / cols)) = sums of each run of `cols` elements of x (n); of squares, if so asked. */
enum vcl_status vcl_op_row_sums(const struct vcl_emit *emit, size_t n, size_t cols, bool squares,
                                struct vcl_buf *x, struct vcl_buf *sums,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* ---- latent.c ---- */

/* One draw an example with its KL, kernels/latent.cl. */
struct vcl_latent {
    uint32_t batch, dim; /* B, Z */
    uint32_t stream;     /* of Philox */
    float free_bits;     /* nats a dimension; 0 for none */
    struct vcl_buf *step;
    struct vcl_buf *ids;         /* (B) int32: the examples' numbers key the noise */
    struct vcl_buf *eps;         /* NULL: drawn; else (B, Z) */
    struct vcl_buf *heads;       /* (B, 2Z) mu | log sigma^2 */
    struct vcl_buf *z, *spread;  /* (B, Z); spread = sigma eps */
    struct vcl_buf *kl;          /* (B) */
    struct vcl_buf *kl_elements; /* (B, Z); needed for free bits only */
    struct vcl_buf *mask;        /* (Z); likewise */
};

enum vcl_status vcl_op_latent_forward(const struct vcl_emit *emit, const struct vcl_latent *latent,
                                      struct vcl_error *err) VCL_MUST_CHECK;
/* dheads (B, 2Z) from dz (B, Z) and the KL, of which the step's kl_weight * weight / B is
 * minimised. */
enum vcl_status vcl_op_latent_backward(const struct vcl_emit *emit, const struct vcl_latent *latent,
                                       float weight, struct vcl_buf *dz, struct vcl_buf *dheads,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* x (rows, cols) = N(0, 1), rows numbered from first_row. */
enum vcl_status vcl_op_fill_normal(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                   uint32_t stream, uint32_t first_row, struct vcl_buf *step,
                                   struct vcl_buf *x, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- density.c ---- */

/* Several draws an example, kernels/density.cl. */
struct vcl_draws {
    uint32_t batch, dim, repeat; /* B, Z, and draws an example */
    uint32_t stream;             /* of Philox */
    struct vcl_buf *step, *ids;
    struct vcl_buf *eps;        /* NULL: drawn; else (B * repeat, Z) */
    struct vcl_buf *heads;      /* (B, 2Z) mu | log sigma^2 */
    struct vcl_buf *z, *spread; /* (B * repeat, Z); spread = sigma eps */
    struct vcl_buf *log_q;      /* (B * repeat), log q(z|x) */
};
enum vcl_status vcl_op_draws(const struct vcl_emit *emit, const struct vcl_draws *draws,
                             struct vcl_error *err) VCL_MUST_CHECK;
/* dheads (B, 2Z) from dz and, unless NULL, dlog_q (B * repeat). */
enum vcl_status vcl_op_draws_gradient(const struct vcl_emit *emit, const struct vcl_draws *draws,
                                      struct vcl_buf *dz, struct vcl_buf *dlog_q,
                                      struct vcl_buf *dheads, struct vcl_error *err) VCL_MUST_CHECK;

/* log N(z; mu, sigma^2) of each row. */
struct vcl_log_normal {
    uint32_t rows, dim, repeat; /* of z; rows of z to one of heads */
    struct vcl_buf *z;          /* (rows, dim) */
    struct vcl_buf *heads;      /* (rows / repeat, 2 dim); NULL: of N(0, I) */
};
enum vcl_status vcl_op_log_normal(const struct vcl_emit *emit, const struct vcl_log_normal *op,
                                  struct vcl_buf *log_p, struct vcl_error *err) VCL_MUST_CHECK;
/* dz, or added to it, from dlog_p (rows). */
enum vcl_status vcl_op_log_normal_dz(const struct vcl_emit *emit, const struct vcl_log_normal *op,
                                     bool adds, struct vcl_buf *dlog_p, struct vcl_buf *dz,
                                     struct vcl_error *err) VCL_MUST_CHECK;
/* dheads likewise. */
enum vcl_status vcl_op_log_normal_dheads(const struct vcl_emit *emit,
                                         const struct vcl_log_normal *op, bool adds,
                                         struct vcl_buf *dlog_p, struct vcl_buf *dheads,
                                         struct vcl_error *err) VCL_MUST_CHECK;

/* ---- permute.c: kernels/permute.cl ---- */

/* y (rows, cols) = x with each column permuted by itself; keys (rows, cols) is overwritten. */
enum vcl_status vcl_op_permute_columns(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                       uint32_t stream, struct vcl_buf *step, struct vcl_buf *keys,
                                       struct vcl_buf *x, struct vcl_buf *y,
                                       struct vcl_error *err) VCL_MUST_CHECK;

/* ---- mixture.c: kernels/mixture.cl ---- */

/* Gaussians (count, 2 dim) mu | log sigma^2 and codes z (rows, dim). */
struct vcl_mixture {
    uint32_t rows, dim, count;
    struct vcl_buf *z, *heads;
};
/* log_p (rows, count), of each code under each component. */
enum vcl_status vcl_op_log_components(const struct vcl_emit *emit, const struct vcl_mixture *op,
                                      struct vcl_buf *log_p, struct vcl_error *err) VCL_MUST_CHECK;
/* dz (rows, dim) or dheads, or added to it, from dlog_p. */
enum vcl_status vcl_op_log_components_dz(const struct vcl_emit *emit, const struct vcl_mixture *op,
                                         bool adds, struct vcl_buf *dlog_p, struct vcl_buf *dz,
                                         struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_op_log_components_dheads(const struct vcl_emit *emit,
                                             const struct vcl_mixture *op, bool adds,
                                             struct vcl_buf *dlog_p, struct vcl_buf *dheads,
                                             struct vcl_error *err) VCL_MUST_CHECK;
/* z, of N(0, I) before, becomes draws from the mixture; rows are numbered from first_row. */
enum vcl_status vcl_op_mixture_draw(const struct vcl_emit *emit, const struct vcl_mixture *op,
                                    uint32_t stream, uint32_t first_row, struct vcl_buf *step,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* ---- bound.c: kernels/bound.cl ---- */

/* gradient (n) = weight, times the step's kl_weight if `scheduled`. */
enum vcl_status vcl_op_term_seed(const struct vcl_emit *emit, size_t n, float weight,
                                 bool scheduled, struct vcl_buf *step, struct vcl_buf *gradient,
                                 struct vcl_error *err) VCL_MUST_CHECK;
/* y (n) = the sum of factors[i] * x[i], of 1 to 4 of them. */
enum vcl_status vcl_op_weighted_sum(const struct vcl_emit *emit, size_t n, uint32_t count,
                                    const float *factors, struct vcl_buf *const *x,
                                    struct vcl_buf *y, struct vcl_error *err) VCL_MUST_CHECK;
/* dx (n) = factor * dy, or added to it. */
enum vcl_status vcl_op_weighted_gradient(const struct vcl_emit *emit, size_t n, float factor,
                                         bool adds, struct vcl_buf *dy, struct vcl_buf *dx,
                                         struct vcl_error *err) VCL_MUST_CHECK;
/* bound (rows) = log of the mean of exp(w) over `count` samples, w (rows * count), and each one's
 * share in it. */
enum vcl_status vcl_op_log_mean_exp(const struct vcl_emit *emit, uint32_t rows, uint32_t count,
                                    struct vcl_buf *w, struct vcl_buf *bound, struct vcl_buf *share,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* dx (rows, count) = dy (rows) * share (rows, count), or added to it. */
enum vcl_status vcl_op_share_gradient(const struct vcl_emit *emit, uint32_t rows, uint32_t count,
                                      bool adds, struct vcl_buf *dy, struct vcl_buf *share,
                                      struct vcl_buf *dx, struct vcl_error *err) VCL_MUST_CHECK;
/* dx (rows, cols) = each row of dy times scale (rows), or added to it. */
enum vcl_status vcl_op_scale_rows(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                  bool adds, struct vcl_buf *scale, struct vcl_buf *dy,
                                  struct vcl_buf *dx, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- loss.c ---- */

struct vcl_likelihood_op {
    const char *name; /* of kernels/likelihood.cl */
    float parameter;  /* its constant, for instance a standard deviation */
    uint32_t rows, cols, repeat;
    float weight;            /* of a row in what is minimised: its gradient is weight / rows */
    struct vcl_buf *weights; /* (rows) or, if not NULL, this; then `loss` is not written */
    struct vcl_buf *x;       /* (rows / repeat, cols) */
    struct vcl_buf *y;       /* (rows, cols), the decoder's output */
    struct vcl_buf *loss;    /* (rows), nats */
    struct vcl_buf *dy;      /* (rows, cols), with that weight; NULL: not wanted */
};
enum vcl_status vcl_op_likelihood(const struct vcl_emit *emit, const struct vcl_likelihood_op *op,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* The Gaussian with a learned log sigma^2: kernels/likelihood_scale.cl. */
struct vcl_scaled_op {
    uint32_t rows, cols, repeat, channels;
    float weight;                 /* as above */
    struct vcl_buf *weights;      /* likewise */
    struct vcl_buf *x, *y, *loss; /* y (rows, 2 cols), or with a shared log sigma^2 (rows, cols) */
    struct vcl_buf *dy;           /* likewise; NULL: not wanted */
    struct vcl_buf *shared;       /* (1) the log sigma^2 that all share, or NULL */
    struct vcl_buf *dshared;      /* (rows), each row's part of its gradient; not if dy is NULL */
};
enum vcl_status vcl_op_gaussian_scaled(const struct vcl_emit *emit, const struct vcl_scaled_op *op,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* mean (rows, cols) from y (rows, 2 cols). */
enum vcl_status vcl_op_scaled_mean(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                                   uint32_t channels, struct vcl_buf *y, struct vcl_buf *mean,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* Terms of a loss, at most. */
enum { VCL_TERMS = 4 };
/* Sums each of `count` terms (rows) into slots[VCL_TERMS * step.slot ..] and watches them. */
enum vcl_status vcl_op_metrics(const struct vcl_emit *emit, uint32_t rows,
                               struct vcl_buf *const *terms, uint32_t count, struct vcl_buf *step,
                               struct vcl_buf *slots, struct vcl_buf *health,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* ---- optimise.c ---- */

struct vcl_optimise {
    const char *kernel; /* of kernels/optimiser.cl */
    float a, b, c, decay;
    float clip;   /* largest norm of the whole gradient; 0 for none */
    size_t first; /* what to call the first of them in `health` */
    size_t n;
    struct vcl_buf *step, *health, *gradient, *value, *state0, *state1;
};
enum vcl_status vcl_op_optimise(const struct vcl_emit *emit, const struct vcl_optimise *op,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* ---- unpack.c ---- */

enum vcl_binarise { VCL_BINARISE_NONE, VCL_BINARISE_DYNAMIC, VCL_BINARISE_THRESHOLD };

/* x (rows, cols) from a batch of bytes (value / 255) or floats in `raw`. */
enum vcl_status vcl_op_unpack(const struct vcl_emit *emit, bool bytes, enum vcl_binarise binarise,
                              uint32_t rows, uint32_t cols, struct vcl_buf *step,
                              struct vcl_buf *ids, struct vcl_buf *raw, struct vcl_buf *x,
                              struct vcl_error *err) VCL_MUST_CHECK;

/* ---- norm.c ---- */

/* Batch normalisation of x (rows, cols), a column a feature: kernels/norm.cl. */
struct vcl_batchnorm {
    uint32_t rows, cols;
    float momentum, eps;
    struct vcl_buf *x;
    struct vcl_buf *gamma, *beta, *running_mean, *running_var; /* (cols) */
    struct vcl_buf *kept; /* (4, cols): from forward to backward */
};
enum { VCL_BATCHNORM_KEPT = 4 };

/* `kept` from the batch, a step of the running averages towards it; needs two rows or more. */
enum vcl_status vcl_op_batchnorm_statistics(const struct vcl_emit *emit,
                                            const struct vcl_batchnorm *op,
                                            struct vcl_error *err) VCL_MUST_CHECK;
/* `kept` from the running averages. */
enum vcl_status vcl_op_batchnorm_running(const struct vcl_emit *emit,
                                         const struct vcl_batchnorm *op,
                                         struct vcl_error *err) VCL_MUST_CHECK;
/* y (rows, cols) from x and `kept`. */
enum vcl_status vcl_op_batchnorm_apply(const struct vcl_emit *emit, const struct vcl_batchnorm *op,
                                       const char *activation, struct vcl_buf *y,
                                       struct vcl_error *err) VCL_MUST_CHECK;
/* dgamma, dbeta (cols), added to what is there with `accumulate`; after _statistics. */
enum vcl_status vcl_op_batchnorm_parameters(const struct vcl_emit *emit,
                                            const struct vcl_batchnorm *op, bool accumulate,
                                            struct vcl_buf *dy, struct vcl_buf *dgamma,
                                            struct vcl_buf *dbeta,
                                            struct vcl_error *err) VCL_MUST_CHECK;
/* dx, times the derivative of the activation (NULL: none) that x is the value of; after
 * _parameters. */
enum vcl_status vcl_op_batchnorm_gradient(const struct vcl_emit *emit,
                                          const struct vcl_batchnorm *op, const char *in_activation,
                                          struct vcl_buf *dy, struct vcl_buf *dx,
                                          struct vcl_error *err) VCL_MUST_CHECK;

/* Layer normalisation of each row of x (rows, cols): kernels/norm.cl. */
struct vcl_layernorm {
    uint32_t rows, cols;
    float eps;
    struct vcl_buf *x, *gamma, *beta; /* (rows, cols), (cols), (cols) */
    struct vcl_buf *kept;             /* (rows, 2): from forward to backward */
};
enum { VCL_LAYERNORM_KEPT = 2 };

enum vcl_status vcl_op_layernorm_forward(const struct vcl_emit *emit,
                                         const struct vcl_layernorm *op, const char *activation,
                                         struct vcl_buf *y, struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_op_layernorm_parameters(const struct vcl_emit *emit,
                                            const struct vcl_layernorm *op, bool accumulate,
                                            struct vcl_buf *dy, struct vcl_buf *dgamma,
                                            struct vcl_buf *dbeta,
                                            struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_op_layernorm_gradient(const struct vcl_emit *emit,
                                          const struct vcl_layernorm *op, const char *in_activation,
                                          struct vcl_buf *dy, struct vcl_buf *dx,
                                          struct vcl_error *err) VCL_MUST_CHECK;

/* ---- dropout.c ---- */

struct vcl_dropout {
    uint32_t rows, cols;
    uint32_t repeat; /* rows of an example */
    uint32_t stream; /* of Philox */
    float p;         /* of being dropped */
    struct vcl_buf *step, *ids;
    struct vcl_buf *x; /* (rows, cols) */
};
enum vcl_status vcl_op_dropout_forward(const struct vcl_emit *emit, const struct vcl_dropout *op,
                                       struct vcl_buf *y, struct vcl_error *err) VCL_MUST_CHECK;
/* Times the derivative of the activation (NULL: none) that x is the value of. */
enum vcl_status vcl_op_dropout_gradient(const struct vcl_emit *emit, const struct vcl_dropout *op,
                                        const char *in_activation, struct vcl_buf *dy,
                                        struct vcl_buf *dx, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- pool.c ---- */

/* Images x (batch, height, width, channels) to y (batch, out_height, out_width, channels). */
enum vcl_pooling { VCL_MAX_POOL, VCL_AVG_POOL, VCL_UPSAMPLE };
struct vcl_pool {
    enum vcl_pooling kind;
    uint32_t batch, height, width, channels, out_height, out_width;
    uint32_t size_h, size_w, stride_h, stride_w; /* of windows; for upsampling size is the factor */
    struct vcl_buf *x, *y;
};
enum vcl_status vcl_op_pool_forward(const struct vcl_emit *emit, const struct vcl_pool *op,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* Times the derivative of the activation (NULL: none) that x is the value of. */
enum vcl_status vcl_op_pool_gradient(const struct vcl_emit *emit, const struct vcl_pool *op,
                                     const char *in_activation, struct vcl_buf *dy,
                                     struct vcl_buf *dx, struct vcl_error *err) VCL_MUST_CHECK;

/* ---- concat.c ---- */

/* y (rows, cols) is 1 in the column of the row's label, else 0; labels (rows) are int32. */
enum vcl_status vcl_op_one_hot(const struct vcl_emit *emit, uint32_t rows, uint32_t cols,
                               struct vcl_buf *labels, struct vcl_buf *y,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* y (rows, first + second) is x (rows, first) with c (rows / every, second) behind it. */
struct vcl_concat {
    uint32_t rows, every, first, second;
};
enum vcl_status vcl_op_concat(const struct vcl_emit *emit, const struct vcl_concat *op,
                              struct vcl_buf *x, struct vcl_buf *c, struct vcl_buf *y,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* dx from dy, or added to it. */
enum vcl_status vcl_op_concat_dx(const struct vcl_emit *emit, const struct vcl_concat *op,
                                 bool adds, struct vcl_buf *dy, struct vcl_buf *dx,
                                 struct vcl_error *err) VCL_MUST_CHECK;
/* dc likewise, sums of `every` rows in ascending order. */
enum vcl_status vcl_op_concat_dc(const struct vcl_emit *emit, const struct vcl_concat *op,
                                 bool adds, struct vcl_buf *dy, struct vcl_buf *dc,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* ---- size.c ---- */

/* Sizes for a kernel whose items are parts of rows (PART_ROW of kernels/prelude.cl). */
void vcl_part_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t rows, size_t cols);

/* Sizes for a kernel written with LANE_LOOP: 16 lanes a row (kernels/prelude.cl). */
void vcl_row_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t rows);

#endif
