/* SPDX-License-Identifier: MIT
 *
 * Which products a pass over a model would run.
 */
#include <stdlib.h>

#include "gemm/gemm.h"

enum vcl_status vcl_products_add(struct vcl_products *products, const struct vcl_gemm *gemm,
                                 const char *activation, struct vcl_error *err)
{
    size_t n = products->count;
    enum vcl_status r;
    TRY(vcl_grow(&products->items, &products->cap, n + 1, sizeof *products->items, err));
    TRY(vcl_grow(&products->convs, &products->cap_convs, n + 1, sizeof *products->convs, err));
    products->items[n] = *gemm;
    products->items[n].activation = activation;
    if (gemm->conv)
        products->convs[n] = *gemm->conv;
    products->count++;
out:
    return r;
}

enum vcl_status vcl_products_copy(const struct vcl_products *products,
                                  struct vcl_gemm **ret_products, size_t *ret_count,
                                  struct vcl_error *err)
{
    size_t n = products->count;
    struct vcl_gemm *copy;
    enum vcl_status r = vcl_alloc(n ? n : 1, sizeof *copy + sizeof(struct vcl_conv), &copy, err);
    if (r < 0)
        return r;
    struct vcl_conv *convs = (struct vcl_conv *)(copy + n);
    for (size_t i = 0; i < n; i++) {
        copy[i] = products->items[i];
        convs[i] = products->convs[i];
        if (copy[i].conv)
            copy[i].conv = &convs[i];
    }
    *ret_products = copy;
    *ret_count = n;
    return VCL_OK;
}

void vcl_products_finish(struct vcl_products *products)
{
    free(products->items);
    free(products->convs);
    *products = (struct vcl_products){0};
}
