/* SPDX-License-Identifier: MIT
 *
 * The evidence lower bound of Kingma and Welling (2014), with a weight on the KL (Higgins et al.
 * 2017), its warm-up and free bits.
 */
#include "vae/defs.h"
#include "vae/model.h"

static enum vcl_status draw(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                            uint32_t first_sample, struct vcl_error *err)
{
    const struct vcl_latent latent = vcl_model_latent(model, rows, repeat, first_sample);
    return vcl_op_latent_forward(model->emit, &latent, err);
}

static enum vcl_status backward(struct vcl_model *model, uint32_t rows, struct vcl_error *err)
{
    const struct vcl_latent latent = vcl_model_latent(model, rows, 1, 0);
    return vcl_op_latent_backward(model->emit, &latent, model->dz, vcl_chain_dout(&model->encoder),
                                  err);
}

const struct vcl_objective_def vcl_objective_elbo = {
    .name = "elbo",
    .help = "the evidence lower bound: a VAE, with beta, warm-up and free bits",
    .stochastic = true,
    .head_size = 2,
    .draw = draw,
    .backward = backward,
};
