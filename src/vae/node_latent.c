/* SPDX-License-Identifier: MIT */
#include "vae/node_latent.h"

#include <stdio.h>

#include "base/philox.h"
#include "ops/ops.h"
#include "vae/model.h"

enum { Z, SCORE, OFFSET, ELEMENTS }; /* outputs; offset = sigma eps, elements of the KL */

static uint32_t latent_size(const struct vcl_node *node)
{
    return (uint32_t)node->in[0]->size / 2;
}

static enum vcl_status add_output(struct vcl_node *node, const char *name, uint32_t size,
                                  uint32_t samples, struct vcl_error *err)
{
    struct vcl_value **out = &node->out[node->n_out];
    enum vcl_status r = vcl_node_output(node, (struct vcl_shape){1, size, 1}, err);
    if (r < 0)
        return r;
    snprintf((*out)->name, sizeof(*out)->name, "%s", name);
    (*out)->repeat *= samples;
    return VCL_OK;
}

/* ---- one draw ---- */

static enum vcl_status draw_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_node_latent *config = node->config;
    const uint32_t size = latent_size(node);
    enum vcl_status r;
    TRY(add_output(node, "z", size, 1, err));
    TRY(add_output(node, "the KL term", 1, 1, err));
    TRY(add_output(node, "sigma eps", size, 1, err));
    if (config->free_bits > 0) {
        TRY(add_output(node, "elements of the KL", size, 1, err));
        node->saved_floats = size; /* the mask */
    }
out:
    return r;
}

static struct vcl_latent operation(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_node_latent *config = node->config;
    return (struct vcl_latent){
        .batch = vcl_value_rows(node->in[0], run),
        .dim = latent_size(node),
        .stream = VCL_STREAM_LATENT,
        .free_bits = config->free_bits,
        .step = run->step,
        .ids = run->ids,
        .eps = *config->eps,
        .heads = node->in[0]->data,
        .z = node->out[Z]->data,
        .spread = node->out[OFFSET]->data,
        .kl = node->out[SCORE]->data,
        .kl_elements = config->free_bits > 0 ? node->out[ELEMENTS]->data : NULL,
        .mask = node->saved,
    };
}

static enum vcl_status draw(const struct vcl_node *node, const struct vcl_run *run,
                            struct vcl_error *err)
{
    const struct vcl_latent op = operation(node, run);
    return vcl_op_latent_forward(run->emit, &op, err);
}

/* dz, and the KL times its weight. */
static enum vcl_status draw_backward(const struct vcl_node *node, const struct vcl_run *run,
                                     struct vcl_error *err)
{
    const struct vcl_latent op = operation(node, run);
    const struct vcl_term *kl = node->out[SCORE]->term;
    return vcl_op_latent_backward(run->emit, &op, kl ? kl->weight : 0, node->out[Z]->grad,
                                  node->want[0].grad, err);
}

const struct vcl_node_def vcl_node_draw = {
    .name = "draw",
    .config_size = sizeof(struct vcl_node_latent),
    .weighs = true,
    .reads_in = true,
    .reads_out = true,
    .shape = draw_shape,
    .forward = draw,
    .backward = draw_backward,
};

/* ---- several ---- */

static enum vcl_status draws_shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_node_latent *config = node->config;
    const uint32_t size = latent_size(node);
    enum vcl_status r;
    TRY(add_output(node, "z", size, config->samples, err));
    TRY(add_output(node, "log q(z|x)", 1, config->samples, err));
    TRY(add_output(node, "sigma eps", size, config->samples, err));
out:
    return r;
}

static struct vcl_draws several(const struct vcl_node *node, const struct vcl_run *run)
{
    const struct vcl_node_latent *config = node->config;
    return (struct vcl_draws){
        .batch = vcl_value_rows(node->in[0], run),
        .dim = latent_size(node),
        .repeat = config->samples,
        .stream = VCL_STREAM_LATENT,
        .step = run->step,
        .ids = run->ids,
        .eps = *config->eps,
        .heads = node->in[0]->data,
        .z = node->out[Z]->data,
        .spread = node->out[OFFSET]->data,
        .log_q = node->out[SCORE]->data,
    };
}

static enum vcl_status draws(const struct vcl_node *node, const struct vcl_run *run,
                             struct vcl_error *err)
{
    const struct vcl_draws op = several(node, run);
    return vcl_op_draws(run->emit, &op, err);
}

static enum vcl_status draws_backward(const struct vcl_node *node, const struct vcl_run *run,
                                      struct vcl_error *err)
{
    const struct vcl_draws op = several(node, run);
    return vcl_op_draws_gradient(run->emit, &op, node->out[Z]->grad, node->out[SCORE]->grad,
                                 node->want[0].grad, err);
}

const struct vcl_node_def vcl_node_draws = {
    .name = "draws",
    .config_size = sizeof(struct vcl_node_latent),
    .reads_in = true,
    .reads_out = true,
    .shape = draws_shape,
    .forward = draws,
    .backward = draws_backward,
};
