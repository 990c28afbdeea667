/* SPDX-License-Identifier: MIT
 *
 * The parameters of a model: named tensors that lie one after the other in flat device buffers for
 * values, gradients and optimiser state, so that an optimiser, a norm or a checkpoint is one
 * operation over a flat buffer.
 */
#ifndef VCL_NN_PARAMS_H
#define VCL_NN_PARAMS_H

#include "base/mem.h"
#include "cl/context.h"

/* Groups of parameters have an optimiser each: the first is the model's. */
enum { VCL_OPTIMISER_STATES = 2, VCL_PARAM_DIMS = 4, VCL_GROUPS = 2 };

struct vcl_param {
    char name[80];                        /* "encoder.0.weight" */
    uint32_t rows, cols;                  /* rows 0: a vector of `cols` */
    uint32_t dims, shape[VCL_PARAM_DIMS]; /* as in files; all but the last make `rows` */
    float initial, bound; /* initial values are uniform around `initial`, at most `bound` away */
    bool is_state;        /* kept with the model, but not trained: running averages */
    uint32_t group;
    size_t offset, count;     /* in floats, in the flat buffers */
    struct vcl_buf *value;    /* views */
    struct vcl_buf *gradient; /* NULL unless trainable, and for state */
};

/* What is trained of a group lies together: `floats` from `first` on in the flat buffers, of which
 * these are views. */
struct vcl_param_group {
    size_t first, floats;
    struct vcl_buf *value, *gradient, *state[VCL_OPTIMISER_STATES];
};

struct vcl_params {
    struct vcl_ctx *ctx;
    struct vcl_param *items;
    size_t count, cap;
    size_t floats; /* of a flat buffer, padding included; padding stays zero */
    size_t states; /* floats that follow in `value` only: what is not trained */
    struct vcl_buf *value, *gradient, *state[VCL_OPTIMISER_STATES]; /* those that are needed */
    struct vcl_param_group groups[VCL_GROUPS];
    uint32_t n_groups, group; /* that new parameters belong to, the last one so far */
};

/* Parameters declared from now on are of another group. Those of the one before must all be there.
 */
enum vcl_status vcl_params_begin_group(struct vcl_params *params,
                                       struct vcl_error *err) VCL_MUST_CHECK;

void vcl_params_init(struct vcl_params *params, struct vcl_ctx *ctx);
void vcl_params_finish(struct vcl_params *params);

/* A matrix (rows, cols), a vector, and a tensor of four dimensions that as a matrix has the last
 * for its columns: what to declare, but for the name. Their initial values are at most `bound` away
 * from `initial`. */
struct vcl_param vcl_param_matrix(uint32_t rows, uint32_t cols, float bound);
struct vcl_param vcl_param_vector(uint32_t count, float initial, float bound);
struct vcl_param vcl_param_tensor(const uint32_t shape[VCL_PARAM_DIMS], float bound);

/* Declares a parameter; its index is valid for good, pointers to it once allocated. One of a name
 * that is there already is that one, if it has the same shape. State is saved and read with the
 * model, but no optimiser, norm or gradient sees it. */
enum vcl_status vcl_params_add(struct vcl_params *params, const struct vcl_param *param,
                               size_t *ret_index, struct vcl_error *err) VCL_MUST_CHECK;

/* Makes the flat buffers; with `trainable` that of gradients too. */
enum vcl_status vcl_params_allocate(struct vcl_params *params, bool trainable,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* Makes those of the first `count` buffers of optimiser state that are not there yet, of zeros:
 * optimisers differ in how many they keep. */
enum vcl_status vcl_params_need_states(struct vcl_params *params, int count,
                                       struct vcl_error *err) VCL_MUST_CHECK;

/* Draws initial values from `seed`. */
enum vcl_status vcl_params_draw(struct vcl_params *params, uint64_t seed,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Number of trained values, without padding. */
size_t vcl_params_total(const struct vcl_params *params);

/* The parameter that holds flat index `index`, or NULL for padding. */
const struct vcl_param *vcl_params_at(const struct vcl_params *params, size_t index);

#endif
