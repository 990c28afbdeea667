/* SPDX-License-Identifier: MIT
 *
 * A model as a graph: values, and the nodes that make them of others. It is built once, forward
 * (graph.c, net.c), planned once for a batch size (plan.c), and then enqueued or recorded pass by
 * pass. A kind of node is a struct vcl_node_def, which holds its shape, forward and backward side
 * by side.
 */
#ifndef VCL_NN_GRAPH_H
#define VCL_NN_GRAPH_H

#include "base/definition.h"
#include "cl/emit.h"
#include "nn/params.h"
#include "ops/ops.h"
#include "vaecl/data.h"

enum { VCL_NODE_INPUTS = 4, VCL_NODE_OUTPUTS = 4, VCL_NODE_PARAMS = 4 };

/* Memory in the plan: `size` bytes at `offset`, needed from one moment to another. Forward passes
 * of the nodes are at moments 1, 2 ... in their order, backward passes in reverse order after them.
 */
struct vcl_span {
    uint32_t first, last; /* first 0: not needed at all */
    size_t size, offset;
};

/* What flows along an arrow: rows of one shape, `repeat` for each example. */
struct vcl_value {
    char name[64];
    struct vcl_shape shape; /* of a row */
    size_t size;            /* floats a row */
    uint32_t repeat;
    uint32_t fixed;                  /* if not 0, so many rows whatever the batch is */
    struct vcl_node *from;           /* NULL: an input of the graph */
    struct vcl_value *alias;         /* the value whose memory this one shares, or NULL */
    struct vcl_buf *const *borrowed; /* of an input: the caller's buffer for `data`, or NULL */
    struct vcl_buf *data;            /* (rows, size) */
    struct vcl_buf *grad;        /* likewise, of what is minimised; NULL where nobody wants it */
    const struct vcl_term *term; /* if it is one that is minimised; else NULL */
    const struct vcl_node *leaf; /* whose first parameter is its memory; or NULL */
    bool is_kept;                /* to be read by the host after a pass: its memory stays its own */
    bool is_cut;      /* gradients end here: an alias that its readers take for a constant */
    uint32_t readers; /* nodes that it goes into, as often as it does */
    /* The plan's. */
    bool is_needed; /* in a forward pass */
    bool differs;   /* depends on parameters: gradients flow through it */
    bool reaches;   /* what is minimised depends on it */
    struct vcl_value
        *grad_alias;       /* the value whose gradient's memory its gradient shares, or NULL */
    struct vcl_want *last; /* the last writer of its gradient; NULL: none */
    bool slope_folded;     /* which multiplies it by the derivative of from->activation */
    bool is_seeded;        /* its gradient begins as the weight of its term */
    struct vcl_span data_span, grad_span;
};

/* What a node is to do about the gradient of an input. */
struct vcl_want {
    bool wanted;
    bool adds;            /* to what is there */
    const char *slope;    /* times the derivative of this activation at the input; or NULL */
    struct vcl_buf *grad; /* where it goes; NULL: not wanted */
};

struct vcl_node {
    const struct vcl_node_def *def;
    char name[64]; /* "encoder.0"; leads the names of its parameters */
    void *config;  /* the node's own configuration struct */
    struct vcl_graph *graph;
    struct vcl_value *in[VCL_NODE_INPUTS], *out[VCL_NODE_OUTPUTS];
    uint32_t n_in, n_out;
    size_t param[VCL_NODE_PARAMS]; /* indices, as the node numbers them */
    uint32_t n_trained;            /* of them that are trained */
    bool is_frozen;                /* gradients go through it, and none is made of its parameters */
    size_t saved_floats,
        saved_row_floats;    /* asked for by `shape`: in all, and for a row of in[0] */
    struct vcl_buf *saved;   /* so many floats, forward to backward */
    const char *activation;  /* folded in by fuse.c, or NULL */
    struct vcl_value *later; /* made by a node after this one, and read by `backward`; or NULL */
    /* The plan's. */
    bool is_needed, is_passed;  /* forward, and backward */
    bool is_early;              /* what def->early says is done */
    uint32_t forward, backward; /* moments of its passes */
    struct vcl_want want[VCL_NODE_INPUTS];
    struct vcl_span saved_span;
};

/* What a pass works on. */
struct vcl_run {
    const struct vcl_emit *emit;
    uint32_t batch;             /* examples: at most what the graph is planned for */
    bool training;              /* nodes that behave otherwise in training do so */
    struct vcl_buf *step, *ids; /* key what is drawn, as in kernels/latent.cl */
};

/* What the first word of a layer's text counts, if it can be the decoder's last. */
enum vcl_outputs {
    VCL_OUTPUTS_NONE,
    VCL_OUTPUTS_VALUES,   /* all values of an example: any shape is right */
    VCL_OUTPUTS_CHANNELS, /* channels: height and width follow from what comes before */
};

/* What a layer sees in a row. */
enum vcl_takes {
    VCL_TAKES_ANY,    /* what it is given: the layers after it decide */
    VCL_TAKES_VALUES, /* a list of values */
    VCL_TAKES_PIXELS, /* pixels, each with its channels */
};

struct vcl_node_def {
    VCL_DEFINITION;
    enum vcl_outputs outputs;
    enum vcl_takes takes;
    bool nests;       /* takes layers in brackets, the last of which is its second input */
    bool fuses;       /* forward applies node->activation */
    bool folds_slope; /* backward obeys want.slope */
    bool adds;        /* backward obeys want.adds */
    bool is_alias;    /* its output is its input under another shape: there is nothing to run */
    bool is_in_place; /* its input's gradient may lie where its output's does */
    bool weighs;      /* backward knows the weight of a term among its outputs, if nobody else reads
                         that; elsewhere it is the value that the term's gradient begins with */
    bool freezes;     /* it can be frozen */
    bool of_examples; /* what it does hangs on whose rows they are, or on their being a batch */
    bool early; /* where it weighs the first output, forward leaves the last input's gradient in
                   training */
    bool reads_in, reads_out; /* backward reads the data of inputs, of outputs */
    /* Makes the outputs, declares parameters. */
    enum vcl_status (*shape)(struct vcl_node *node, struct vcl_error *err);
    enum vcl_status (*forward)(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err);
    /* From the outputs' gradients to those of parameters and, as node->want says, of inputs; the
     * outputs' may be overwritten. */
    enum vcl_status (*backward)(const struct vcl_node *node, const struct vcl_run *run,
                                struct vcl_error *err);
};

/* Something that is minimised or reported: a number for each example. */
struct vcl_term {
    const char *name; /* "recon"; lives for ever */
    struct vcl_value *value;
    float weight;   /* of its mean over examples in what is minimised; 0: it is only reported */
    bool scheduled; /* times the step's kl_weight */
    float in_loss;  /* how often it counts in the loss that is reported */
};

struct vcl_graph {
    struct vcl_ctx *ctx;
    struct vcl_arena arena;
    struct vcl_params *params;
    struct vcl_node **nodes;   /* in an order in which they can run */
    struct vcl_value **values; /* all of them */
    size_t n_nodes, n_values, cap_nodes, cap_values;
    struct vcl_term terms[VCL_TERMS];
    uint32_t n_terms;
    uint32_t streams; /* of random numbers, handed out to nodes */
    bool is_freezing; /* nodes that are added now are frozen */
    /* The plan's. */
    uint32_t batch;         /* 0: not planned */
    struct vcl_buf *memory; /* all data, gradients and what is saved; NULL: in another's */
    uint32_t middle;        /* the moment between forward and backward */
    bool *written; /* (params->count), while a backward pass is enqueued: the next writer of
                      that gradient adds to it */
};

void vcl_graph_init(struct vcl_graph *graph, struct vcl_ctx *ctx, struct vcl_params *params);
void vcl_graph_finish(struct vcl_graph *graph);

/* A value given from outside, in the caller's buffer, which need not be there before the graph is
 * placed. With `data` NULL it has memory of the graph's, to be filled before a pass. */
enum vcl_status vcl_graph_input(struct vcl_graph *graph, const char *name, struct vcl_shape shape,
                                struct vcl_buf *const *data, struct vcl_value **ret_value,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* Adds a node with a copy of its configuration; node->out are its values. */
enum vcl_status vcl_graph_add(struct vcl_graph *graph, const struct vcl_node_def *def,
                              const char *name, const void *config, struct vcl_value *const *in,
                              uint32_t n_in, struct vcl_node **ret_node,
                              struct vcl_error *err) VCL_MUST_CHECK;
/* Minimises, or only reports, a copy of the term: what is minimised is the sum of all. */
enum vcl_status vcl_graph_term(struct vcl_graph *graph, struct vcl_term term,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* For `shape`: the node's next output. It has as many rows as the last input, if there is one. */
enum vcl_status vcl_node_output(struct vcl_node *node, struct vcl_shape shape,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* For `shape`: declares parameter `number` of the node, called name.suffix. */
enum vcl_status vcl_node_declare(struct vcl_node *node, size_t number, const char *suffix,
                                 struct vcl_param param, struct vcl_error *err) VCL_MUST_CHECK;

static inline struct vcl_param *vcl_node_param(const struct vcl_node *node, size_t number)
{
    return &node->graph->params->items[node->param[number]];
}

/* Has the parameter's gradient been written in this pass? From now on it has. */
bool vcl_node_writes(const struct vcl_node *node, size_t number);

/* The value whose memory it is. */
static inline struct vcl_value *vcl_value_root(struct vcl_value *value)
{
    while (value->alias)
        value = value->alias;
    return value;
}

/* A batch that is asked for may be too large for any device: hence not 32 bits. */
static inline size_t vcl_value_rows_of(const struct vcl_value *value, size_t batch)
{
    return value->fixed ? value->fixed : value->repeat * batch;
}

static inline uint32_t vcl_value_rows(const struct vcl_value *value, const struct vcl_run *run)
{
    return (uint32_t)vcl_value_rows_of(value, run->batch);
}

static inline size_t vcl_value_floats(const struct vcl_value *value, const struct vcl_run *run)
{
    return vcl_value_rows(value, run) * value->size;
}

/* A trained matrix (rows, size of a row) as a value, called as the parameter is. */
enum vcl_status vcl_graph_parameter(struct vcl_graph *graph, struct vcl_param param,
                                    struct vcl_shape shape, struct vcl_value **ret_value,
                                    struct vcl_error *err) VCL_MUST_CHECK;

/* ---- plan.c ---- */

/* Decides what is needed for the terms and the values that are kept, and with `trainable` for the
 * gradients of all parameters; folds what can be folded. Once, when the graph is complete. */
void vcl_graph_prepare(struct vcl_graph *graph, bool trainable);
/* The memory that vcl_graph_place takes. */
enum vcl_status vcl_graph_bytes(struct vcl_graph *graph, uint32_t batch, size_t *ret_bytes,
                                struct vcl_error *err) VCL_MUST_CHECK;
/* How values are placed. */
struct vcl_placing {
    uint32_t batch;         /* at most so many examples */
    bool apart;             /* none shares its memory with another */
    struct vcl_buf *within; /* the memory to take, if it is large enough; it outlives the graph */
};
/* Gives all values their memory. */
enum vcl_status vcl_graph_place(struct vcl_graph *graph, const struct vcl_placing *how,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* ---- pass.c ---- */

enum vcl_status vcl_graph_forward(struct vcl_graph *graph, const struct vcl_run *run,
                                  struct vcl_error *err) VCL_MUST_CHECK;
enum vcl_status vcl_graph_backward(struct vcl_graph *graph, const struct vcl_run *run,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* ---- fuse.c ---- */

/* Folds activations into the nodes before them. */
void vcl_graph_fuse(struct vcl_graph *graph);

#endif
