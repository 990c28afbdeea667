/* SPDX-License-Identifier: MIT */
#include "nn/node_labels.h"

#include <math.h>

#include "gemm/gemm.h"
#include "ops/ops.h"

static enum vcl_status add(struct vcl_graph *graph, const struct vcl_node_def *def,
                           const char *name, const void *config, struct vcl_value *const *in,
                           uint32_t n_in, struct vcl_value **ret_out, struct vcl_error *err)
{
    struct vcl_node *node;
    enum vcl_status r;
    TRY(vcl_graph_add(graph, def, name, config, in, n_in, &node, err));
    *ret_out = node->out[0];
out:
    return r;
}

/* ---- one-hot ---- */

static enum vcl_status one_hot_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_node_one_hot *config = node->config;
    return vcl_node_output(node, (struct vcl_shape){1, config->classes, 1}, err);
}

static enum vcl_status one_hot(const struct vcl_node *node, const struct vcl_run *run,
                               struct vcl_error *err)
{
    const struct vcl_value *out = node->out[0];
    return vcl_op_one_hot(run->emit, vcl_value_rows(out, run), (uint32_t)out->size,
                          node->in[0]->data, out->data, err);
}

const struct vcl_node_def vcl_node_one_hot = {
    .name = "one-hot",
    .config_size = sizeof(struct vcl_node_one_hot),
    .shape = one_hot_shape,
    .forward = one_hot,
};

enum vcl_status vcl_graph_one_hot(struct vcl_graph *graph, const char *name,
                                  struct vcl_value *labels, uint32_t classes,
                                  struct vcl_value **ret_out, struct vcl_error *err)
{
    return add(graph, &vcl_node_one_hot, name, &(struct vcl_node_one_hot){classes}, &labels, 1,
               ret_out, err);
}

/* ---- embedding ---- */

static enum vcl_status embed_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_node_embed *config = node->config;
    const uint32_t classes = (uint32_t)node->in[0]->size;
    const float bound = sqrtf(3); /* of variance 1, as z is */
    enum vcl_status r;
    TRY(vcl_node_declare(node, 0, "weight", vcl_param_matrix(classes, config->width, bound), err));
    TRY(vcl_node_output(node, (struct vcl_shape){1, config->width, 1}, err));
out:
    return r;
}

static enum vcl_status embed(const struct vcl_node *node, const struct vcl_run *run,
                             struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0], *out = node->out[0];
    const struct vcl_gemm gemm = {
        .m = vcl_value_rows(in, run),
        .n = (uint32_t)out->size,
        .k = (uint32_t)in->size,
        .a = in->data,
        .b = vcl_node_param(node, 0)->value,
        .c = out->data,
    };
    return vcl_gemm_emit(run->emit, &gemm, err);
}

/* Of the matrix alone: what goes in are labels. */
static enum vcl_status embed_backward(const struct vcl_node *node, const struct vcl_run *run,
                                      struct vcl_error *err)
{
    const struct vcl_value *in = node->in[0], *out = node->out[0];
    const struct vcl_gemm gemm = {
        .m = (uint32_t)in->size,
        .n = (uint32_t)out->size,
        .k = vcl_value_rows(in, run),
        .trans_a = true,
        .a = in->data,
        .b = out->grad,
        .c = vcl_node_param(node, 0)->gradient,
        .accumulate = vcl_node_writes(node, 0),
    };
    return vcl_gemm_emit(run->emit, &gemm, err);
}

const struct vcl_node_def vcl_node_embed = {
    .name = "embed",
    .config_size = sizeof(struct vcl_node_embed),
    .reads_in = true,
    .shape = embed_shape,
    .forward = embed,
    .backward = embed_backward,
};

enum vcl_status vcl_graph_embed(struct vcl_graph *graph, const char *name, struct vcl_value *in,
                                uint32_t width, struct vcl_value **ret_out, struct vcl_error *err)
{
    return add(graph, &vcl_node_embed, name, &(struct vcl_node_embed){width}, &in, 1, ret_out, err);
}

/* ---- one behind the other ---- */

static enum vcl_status concat_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_node_concat *config = node->config;
    const struct vcl_value *x = node->in[0];
    const uint32_t behind = (uint32_t)node->in[1]->size;
    struct vcl_shape shape = {1, (uint32_t)x->size + behind, 1};
    if (config->in_pixels)
        shape = (struct vcl_shape){x->shape.height, x->shape.width, x->shape.channels + behind};
    enum vcl_status r = vcl_node_output(node, shape, err);
    if (r == VCL_OK)
        node->out[0]->repeat = x->repeat;
    return r;
}

static struct vcl_concat operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_node_concat *config = node->config;
    const struct vcl_value *x = node->in[0], *behind = node->in[1];
    const uint32_t pixels = config->in_pixels ? x->shape.height * x->shape.width : 1;
    return (struct vcl_concat){
        .rows = vcl_value_rows(x, run) * pixels,
        .every = x->repeat / behind->repeat * pixels,
        .first = (uint32_t)x->size / pixels,
        .second = (uint32_t)behind->size,
    };
}

static enum vcl_status concat(const struct vcl_node *node, const struct vcl_run *run,
                              struct vcl_error *err)
{
    const struct vcl_concat op = operation(node, run);
    return vcl_op_concat(run->emit, &op, node->in[0]->data, node->in[1]->data, node->out[0]->data,
                         err);
}

static enum vcl_status concat_backward(const struct vcl_node *node, const struct vcl_run *run,
                                       struct vcl_error *err)
{
    const struct vcl_concat op = operation(node, run);
    const struct vcl_want *x = &node->want[0], *behind = &node->want[1];
    struct vcl_buf *dy = node->out[0]->grad;
    enum vcl_status r = VCL_OK;
    if (behind->grad)
        TRY(vcl_op_concat_dc(run->emit, &op, behind->adds, dy, behind->grad, err));
    if (x->grad)
        TRY(vcl_op_concat_dx(run->emit, &op, x->adds, dy, x->grad, err));
out:
    return r;
}

const struct vcl_node_def vcl_node_concat = {
    .name = "concat",
    .config_size = sizeof(struct vcl_node_concat),
    .adds = true,
    .shape = concat_shape,
    .forward = concat,
    .backward = concat_backward,
};

enum vcl_status vcl_graph_concat(struct vcl_graph *graph, const char *name, struct vcl_value *x,
                                 struct vcl_value *behind, bool in_pixels,
                                 struct vcl_value **ret_out, struct vcl_error *err)
{
    struct vcl_value *const in[] = {x, behind};
    return add(graph, &vcl_node_concat, name, &(struct vcl_node_concat){in_pixels}, in, 2, ret_out,
               err);
}
