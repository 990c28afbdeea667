/* SPDX-License-Identifier: MIT
 *
 * The VampPrior of Tomczak and Welling (2018), eq. 9: the mixture of what the encoder makes of K
 * pseudo-inputs, which are trained. They are of the form of data: what is trained goes through the
 * activation that the likelihood gives its mean.
 */
#include <stdio.h>

#include "nn/node_activation.h"
#include "priors.rows.h"
#include "vae/model.h"

struct vamp {
    int64_t components;
};

static const struct vcl_opt opts[] = {
    {"components", VCL_OPT_INT, offsetof(struct vamp, components), 1, 10000, .arg = "K",
     .help = "pseudo-inputs"},
    {0},
};

static const struct vamp defaults = {.components = 100};

static enum vcl_status components(struct vcl_build *b, const void *config,
                                  struct vcl_value **ret_heads, struct vcl_error *err)
{
    const struct vamp *vamp = config;
    const struct vcl_model *model = b->model;
    const char *activation = model->likelihood->mean;
    struct vcl_param inputs = vcl_param_matrix((uint32_t)vamp->components, model->data_size, 1);
    struct vcl_value *u;
    enum vcl_status r;
    if (model->likelihood->unit_interval)
        inputs.initial = -2; /* dark, as most pictures of digits are, with a slope still */
    snprintf(inputs.name, sizeof inputs.name, "prior.pseudo_inputs");
    TRY(vcl_graph_parameter(&b->graph, inputs, model->shape, &u, err));
    TRY(vcl_graph_activate(&b->graph, "pseudo-inputs", activation, u, &u, err));
    TRY(vcl_build_encoder(b, u, ret_heads, err));
out:
    return r;
}

const struct vcl_prior_def vcl_prior_vamp = {
    .name = "vamp",
    .help = "a mixture of q(z|u) of K pseudo-inputs u, which are learned: vamp K",
    .opts = opts,
    .config_size = sizeof(struct vamp),
    .defaults = &defaults,
    .components = components,
};
