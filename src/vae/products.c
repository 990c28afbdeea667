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
    struct vcl_gemm *products = NULL;
    size_t count;
    enum vcl_status r, end;
    TRY(vcl_look_begin(model->ctx, err));
    r = vcl_model_forward(model, rows, true, err);
    if (r == VCL_OK)
        r = vcl_model_backward(model, rows, err);
    end = vcl_look_end(model->ctx, &products, &count, r < 0 ? NULL : err);
    r = r < 0 ? r : end;
    if (r == VCL_OK) {
        *ret_products = products;
        *ret_count = count;
        products = NULL;
    }
out:
    free(products);
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
