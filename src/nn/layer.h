/* SPDX-License-Identifier: MIT
 *
 * Layers and chains of them. A layer's definition holds its options, shape, forward and backward
 * side by side; a node is a layer at its place in a chain.
 * To add one: src/nn/layer_x.c exporting `const struct vcl_layer_def vcl_layer_x`, and the word in
 * src/nn/meson.build.
 */
#ifndef VCL_NN_LAYER_H
#define VCL_NN_LAYER_H

#include "base/option.h"
#include "nn/params.h"
#include "vaecl/data.h"

enum { VCL_NODE_PARAMS = 4 };

struct vcl_chain;

struct vcl_node {
    const struct vcl_layer_def *def;
    char name[64];           /* "encoder.0"; leads the names of its parameters */
    void *config;            /* the layer's own configuration struct */
    struct vcl_chain *inner; /* the layers in its brackets, or NULL */
    struct vcl_params *params;
    size_t param[VCL_NODE_PARAMS]; /* indices, as the layer numbers them */
    struct vcl_shape in_shape, out_shape;
    size_t in_size, out_size;  /* floats an example */
    size_t work, row_work;     /* asked for by `shape`: floats of `kept`, in all and an example */
    bool shares;               /* asked for by `shape`: out is in, and dout is din */
    bool keeps_input;          /* asked for by `shape`: a buffer for the pre-activation */
    const char *activation;    /* set by `shape` if the layer ends in one whose derivative needs its
                                  value alone; else NULL */
    bool derived;              /* dout arrives multiplied by the derivative of `activation` */
    const char *in_activation; /* if not NULL, `backward` multiplies din by its derivative at in */
    struct vcl_buf *in, *out;  /* (batch, in_size), (batch, out_size) */
    struct vcl_buf *pre;       /* (batch, out_size), or NULL */
    struct vcl_buf *kept;      /* (work + batch * row_work), from forward to backward; or NULL */
    struct vcl_buf *din,
        *dout; /* gradients; din NULL if nobody wants it, both NULL without training */
};

/* What a pass works on. */
struct vcl_run {
    const struct vcl_emit *emit;
    uint32_t rows;              /* at most the batch the chain was planned for */
    bool training;              /* layers that behave otherwise in training do so */
    struct vcl_buf *step, *ids; /* key what is drawn, as in kernels/latent.cl; for training only */
};

/* What the first word of a layer's text counts, if it can be the decoder's last. */
enum vcl_outputs {
    VCL_OUTPUTS_NONE,
    VCL_OUTPUTS_VALUES,   /* all values of an example: any shape is right */
    VCL_OUTPUTS_CHANNELS, /* channels: height and width follow from what comes before */
};

struct vcl_layer_def {
    const char *name, *help;
    const struct vcl_opt *opts; /* rows of its configuration struct, positional words in order */
    size_t config_size;
    const void *defaults;
    enum vcl_outputs outputs;
    bool derives; /* `backward` obeys in_activation */
    bool nests;   /* takes layers in brackets: "residual [dense 64 relu, dense 64] relu" */
    /* Sets out_shape and declares parameters. */
    enum vcl_status (*shape)(struct vcl_node *node, struct vcl_error *err);
    enum vcl_status (*forward)(struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err);
    /* From dout to parameter gradients and din; dout may be overwritten. */
    enum vcl_status (*backward)(struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err);
};

extern const struct vcl_layer_def *const vcl_layer_defs[]; /* ends with NULL */

/* An unknown name is an error with the nearest as a hint. */
enum vcl_status vcl_layer_find(const char *name, const struct vcl_layer_def **ret_def,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* ---- activate.c: for layers that may end in an activation ---- */

#define VCL_ACTIVATIONS_HELP                                                                       \
    "identity, relu, leaky_relu, elu, selu, gelu, silu, tanh, sigmoid, softplus"

/* For `shape`: finds the activation called *name, which becomes the table's own text, and says in
 * the node what it needs. */
enum vcl_status vcl_node_activation(struct vcl_node *node, const char **name,
                                    struct vcl_error *err) VCL_MUST_CHECK;
/* For `forward`: where to write and with which activation ... */
struct vcl_buf *vcl_node_target(const struct vcl_node *node);
const char *vcl_node_fused(const struct vcl_node *node, const char *activation); /* or NULL */
/* ... and what is left to do then, from `pre` to `out`. */
enum vcl_status vcl_node_activate(const struct vcl_node *node, const struct vcl_run *run,
                                  const char *activation, struct vcl_error *err) VCL_MUST_CHECK;
/* For `backward`: dout times the derivative, unless it has arrived so. */
enum vcl_status vcl_node_derive(const struct vcl_node *node, const struct vcl_run *run,
                                const char *activation, struct vcl_error *err) VCL_MUST_CHECK;

/* A parameter of the node by the layer's own number. */
static inline struct vcl_param *vcl_node_param(const struct vcl_node *node, int number)
{
    return &node->params->items[node->param[number]];
}

/* Layers one after the other, and the buffers between them. */
struct vcl_chain {
    struct vcl_ctx *ctx;
    struct vcl_arena arena;
    struct vcl_params *params;
    struct vcl_shape in_shape;
    uint32_t depth;         /* in brackets in brackets ... */
    struct vcl_node *nodes; /* in order */
    size_t count, cap;
    struct vcl_buf *memory;   /* all activations and gradients */
    struct vcl_buf *in, *din; /* the caller's */
};

void vcl_chain_init(struct vcl_chain *chain, struct vcl_ctx *ctx, struct vcl_params *params,
                    struct vcl_shape in_shape);
void vcl_chain_finish(struct vcl_chain *chain);

/* Appends a layer from text, "dense 400 relu", under a name; those in its brackets are called
 * name.0, name.1 ... */
enum vcl_status vcl_chain_add(struct vcl_chain *chain, const char *name, const char *text,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* Appends each layer of "dense 400 relu, dense 200 relu" as prefix.0, prefix.1 ... Commas and
 * semicolons divide layers outside of brackets. */
enum vcl_status vcl_chain_add_all(struct vcl_chain *chain, const char *prefix, const char *text,
                                  struct vcl_error *err) VCL_MUST_CHECK;

/* Makes the buffers for `batch` rows. `in` (batch, in) and `din` (NULL if not wanted) are the
 * caller's and outlive the chain. */
enum vcl_status vcl_chain_plan(struct vcl_chain *chain, uint32_t batch, bool trainable,
                               struct vcl_buf *in, struct vcl_buf *din,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* Floats an example that planning takes, those of inner chains too. */
size_t vcl_chain_row_floats(const struct vcl_chain *chain, bool trainable);

struct vcl_shape vcl_chain_out_shape(const struct vcl_chain *chain);
struct vcl_buf *vcl_chain_out(const struct vcl_chain *chain);
struct vcl_buf *vcl_chain_dout(const struct vcl_chain *chain);

enum vcl_status vcl_chain_forward(struct vcl_chain *chain, const struct vcl_run *run,
                                  struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_chain_backward(struct vcl_chain *chain, const struct vcl_run *run,
                                   struct vcl_error *err) VCL_MUST_CHECK;

#endif
