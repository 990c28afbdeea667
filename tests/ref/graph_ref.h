/* SPDX-License-Identifier: MIT
 *
 * The graph that the library builds, worked in plain C. Of the library it takes what there is to
 * compute: nodes with their configuration, which value goes where, shapes, parameters' names and
 * sizes, terms. All numbers are its own, and so are all decisions on when a gradient is made and in
 * which order gradients are added. It walks the graph as it is before vcl_graph_prepare, where
 * every activation is a node and nothing is folded or planned.
 *
 * What a kind of node computes is a row of a table, one table a precision: vae_ref_layers.c and
 * step_ref_layers.c. Objectives and wirings need nothing here.
 */
#ifndef REF_GRAPH_REF_H
#define REF_GRAPH_REF_H

#include "nn/graph.h"

struct ref_graph;

/* One node of one pass, as its row sees it: arrays of the precision's numbers. */
struct ref_pass {
    const struct ref_graph *ref;
    const struct vcl_node *node;
    size_t rows;                    /* of the first output */
    const void *x[VCL_NODE_INPUTS]; /* inputs, (rows, size) each */
    void *y[VCL_NODE_OUTPUTS];      /* outputs likewise */
    void *param[VCL_NODE_PARAMS];
    uint32_t stream; /* of random numbers, of a node that draws */
    /* Backward: gradients of outputs, 0 where none came; those of inputs, NULL where none is
     * wanted, and of trained parameters, all 0 before: the walker adds them to what others gave. */
    void *dy[VCL_NODE_OUTPUTS], *dx[VCL_NODE_INPUTS], *dparam[VCL_NODE_PARAMS];
};

/* A kind of node. */
struct ref_kind {
    const char *name; /* of its struct vcl_node_def */
    void (*forward)(const struct ref_pass *p);
    void (*backward)(const struct ref_pass *p); /* NULL: it is not trained through */
    uint32_t n_params;
    /* Parameters are drawn around these, at most `bound` away; NULL: 0. In float only. */
    float initial[VCL_NODE_PARAMS];
    float (*bound)(const struct vcl_node *node);
    bool draws; /* has a stream of random numbers to itself */
    /* What a term that it makes adds to the loss, unless NULL: its mean over rows. In double only.
     */
    double (*loss)(const struct ref_pass *p);
};

/* A precision. */
struct ref_numbers {
    size_t size;                  /* of a number, bytes */
    size_t step;                  /* parameters begin at multiples of so many numbers */
    const struct ref_kind *kinds; /* end with a name of NULL */
    void (*add)(void *to, const void *more, size_t n);
    /* Each with weight / n, times `schedule`. */
    void (*fill)(void *to, float weight, size_t n, double schedule);
};

struct ref_value {
    void *data, *grad; /* (rows, size), for as many examples as there can be; of an alias NULL, of a
                          leaf its parameter's */
    bool differs;      /* depends on what is trained */
    bool written;      /* its gradient, in this pass */
};

struct ref_param {
    size_t at; /* where it begins among the flat ones */
    bool written;
};

struct ref_graph {
    const struct ref_numbers *numbers;
    const struct vcl_graph *graph;
    struct ref_value *values;   /* by index in graph->values; aliases use their root's */
    struct ref_param *params;   /* by index in graph->params */
    size_t n_trained, n_states; /* numbers, padding included */
    void *trained, *gradient, *states;
    /* Of a pass, for the caller to set. */
    size_t rows; /* examples */
    uint64_t seed;
    uint32_t step;
    const uint32_t *ids; /* (rows), the examples' numbers; NULL: 0, 1 ... */
    const void *eps;     /* the noise of draws, (rows of z, Z); NULL: drawn */
    double kl_weight;
};

/* For at most `most` examples. Fails the test where a kind of node has no row. The graph outlives
 * it. */
void ref_graph_init(struct ref_graph *ref, const struct ref_numbers *numbers,
                    const struct vcl_graph *graph, size_t most);
void ref_graph_finish(struct ref_graph *ref);

void ref_graph_forward(struct ref_graph *ref);
/* After forward: fills `gradient`, that of the sum over terms of weight times mean. */
void ref_graph_backward(struct ref_graph *ref);

/* What the step multiplies a term's weight by, unless its node does that itself. */
double ref_schedule(const struct ref_graph *ref, const struct vcl_term *term);

void *ref_data(const struct ref_graph *ref, struct vcl_value *value);
/* The examples' labels, numbers as all others; NULL: it asks for none. */
void *ref_labels(const struct ref_graph *ref);
const struct ref_kind *ref_kind_of(const struct ref_graph *ref, const struct vcl_node *node);
/* The node as in a forward pass. */
struct ref_pass ref_pass_of(const struct ref_graph *ref, const struct vcl_node *node);
/* How many numbers a node trains, none if it is frozen; they begin at *ret_at. */
size_t ref_trained_of(const struct ref_graph *ref, const struct vcl_node *node, size_t *ret_at);

/* Zeros; aborts without memory. */
void *ref_zeros(size_t n, size_t size);

/* ---- for rows ---- */

static inline uint32_t ref_id(const struct ref_graph *ref, size_t row)
{
    return ref->ids ? ref->ids[row] : (uint32_t)row;
}

/* Rows of `out` for each of `in`'s: of samples of an example, which follow each other. */
static inline size_t ref_repeat(const struct vcl_value *out, const struct vcl_value *in)
{
    return out->repeat / in->repeat;
}

/* Where in x (rows / repeat, size) the element lies that belongs to element i of (rows, size). */
static inline size_t ref_shared(size_t i, size_t size, size_t repeat)
{
    return i / size / repeat * size + i % size;
}

/* The column that keys what is drawn for element i of a value: those of an example's samples lie
 * side by side, each from a multiple of 16 on. */
static inline uint32_t ref_noise_column(size_t i, const struct vcl_value *value)
{
    size_t sample = i / value->size % value->repeat, step = (value->size + 15) / 16 * 16;
    return (uint32_t)(sample * step + i % value->size);
}

/* The configuration's number of that name. */
double ref_option(const struct vcl_node *node, const char *key);
/* A row of a table that begins with its name; the last has none. Fails the test without one. */
const void *ref_row(const void *rows, size_t size, const char *what, const char *name);

#endif
