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
                                  struct vcl_error *err)
{
    const struct vcl_node_latent *config = node->config;
    struct vcl_value **out = &node->out[node->n_out];
    enum vcl_status r = vcl_node_output(node, (struct vcl_shape){1, size, 1}, err);
    if (r < 0)
        return r;
    snprintf((*out)->name, sizeof(*out)->name, "%s", name);
    (*out)->repeat *= config->samples;
    return VCL_OK;
}

static enum vcl_status shape(struct vcl_node *node, struct vcl_error *err)
{
    const struct vcl_node_latent *config = node->config;
    const uint32_t size = latent_size(node);
    enum vcl_status r;
    TRY(add_output(node, "z", size, err));
    TRY(add_output(node, node->def == &vcl_node_draw ? "the KL term" : "the log ratio", 1, err));
    TRY(add_output(node, "sigma eps", size, err));
    if (config->free_bits > 0) {
        TRY(add_output(node, "elements of the KL", size, err));
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
        .repeat = config->samples,
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
    return vcl_op_latent_backward(run->emit, &op, node->out[SCORE]->weight, node->out[Z]->grad,
                                  node->want[0].grad, err);
}

/* The KL is written first, and the ratio over it. */
static enum vcl_status draws(const struct vcl_node *node, const struct vcl_run *run,
                             struct vcl_error *err)
{
    const struct vcl_latent op = operation(node, run);
    enum vcl_status r;
    TRY(vcl_op_latent_forward(run->emit, &op, err));
    TRY(vcl_op_latent_log_ratio(run->emit, &op, node->out[SCORE]->data, err));
out:
    return r;
}

const struct vcl_node_def vcl_node_draw = {
    .name = "draw",
    .config_size = sizeof(struct vcl_node_latent),
    .reads_in = true,
    .reads_out = true,
    .shape = shape,
    .forward = draw,
    .backward = draw_backward,
};

const struct vcl_node_def vcl_node_draws = {
    .name = "draws",
    .config_size = sizeof(struct vcl_node_latent),
    .shape = shape,
    .forward = draws,
};
