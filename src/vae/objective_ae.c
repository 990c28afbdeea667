/* SPDX-License-Identifier: MIT
 *
 * The plain autoencoder: z is the encoder's output, and its buffers are the encoder's own, so there
 * is nothing to do between the chains.
 */
#include "vae/defs.h"
#include "vae/model.h"

static enum vcl_status draw(struct vcl_model *model, uint32_t rows, uint32_t repeat,
                            uint32_t first_sample, struct vcl_error *err)
{
    (void)model;
    (void)rows;
    (void)first_sample;
    if (repeat != 1)
        return ERR(err, VCL_E_UNSUPPORTED, "a plain autoencoder has one z an example");
    return VCL_OK;
}

static enum vcl_status backward(struct vcl_model *model, uint32_t rows, struct vcl_error *err)
{
    (void)model;
    (void)rows;
    (void)err;
    return VCL_OK;
}

const struct vcl_objective_def vcl_objective_ae = {
    .name = "ae",
    .help = "reconstruction alone: a plain autoencoder",
    .head_size = 1,
    .draw = draw,
    .backward = backward,
};
