/* SPDX-License-Identifier: MIT
 *
 * The matrix products that a training step is made of, for the tuner.
 */
#include <stdlib.h>

#include "gemm/tuning.h"
#include "vae/model.h"
#include "vaecl/tune.h"

enum vcl_status vcl_model_products(struct vcl_model *model, uint32_t rows,
                                   struct vcl_gemm **ret_products, size_t *ret_count,
                                   struct vcl_error *err)
{
    struct vcl_products products = {0};
    const struct vcl_emit emit = {.ctx = model->ctx, .dry_run = &products};
    enum vcl_status r;
    model->emit = &emit;
    TRY(vcl_model_forward(model, rows, true, err));
    TRY(vcl_model_backward(model, rows, err));
    TRY(vcl_products_copy(&products, ret_products, ret_count, err));
out:
    model->emit = &model->at_once;
    vcl_products_finish(&products);
    return r;
}

enum vcl_status vcl_config_products(struct vcl_ctx *ctx, const struct vcl_config *config,
                                    struct vcl_shape shape, struct vcl_gemm **ret_products,
                                    size_t *ret_count, struct vcl_error *err)
{
    struct vcl_model *model = NULL;
    uint32_t batch = (uint32_t)config->batch;
    enum vcl_status r;
    TRY(vcl_model_create(ctx, config, shape, batch, true, &model, err));
    TRY(vcl_model_products(model, batch, ret_products, ret_count, err));
out:
    vcl_model_destroy(&model);
    return r;
}
