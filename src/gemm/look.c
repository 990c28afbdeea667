/* SPDX-License-Identifier: MIT
 *
 * Which products a pass over a model would run: found by going through it without running anything.
 */
#include <stdlib.h>
#include <string.h>

#include "gemm/tuning.h"

enum vcl_status vcl_look_begin(struct vcl_ctx *ctx, struct vcl_error *err)
{
    struct vcl_tuning *tuning;
    enum vcl_status r = vcl_tuning_get(ctx, &tuning, err);
    if (r < 0)
        return r;
    tuning->looking = true;
    vcl_ctx_look(ctx, true);
    return VCL_OK;
}

static void forget(struct vcl_tuning *tuning)
{
    free(tuning->seen);
    free(tuning->seen_convs);
    tuning->seen = NULL;
    tuning->seen_convs = NULL;
    tuning->n_seen = tuning->cap_seen = tuning->cap_convs = 0;
}

enum vcl_status vcl_look_end(struct vcl_ctx *ctx, struct vcl_gemm **ret_products, size_t *ret_count,
                             struct vcl_error *err)
{
    struct vcl_tuning *tuning = vcl_ctx_gemm_keep(ctx)->tuning;
    size_t n = tuning->n_seen;
    struct vcl_gemm *products;
    vcl_ctx_look(ctx, false);
    tuning->looking = false;
    enum vcl_status r =
        vcl_alloc(n ? n : 1, sizeof *products + sizeof(struct vcl_conv), &products, err);
    if (r == VCL_OK) {
        struct vcl_conv *convs = (struct vcl_conv *)(products + n);
        for (size_t i = 0; i < n; i++) {
            products[i] = tuning->seen[i];
            convs[i] = tuning->seen_convs[i];
            if (products[i].conv)
                products[i].conv = &convs[i];
        }
        *ret_products = products;
        *ret_count = n;
    }
    forget(tuning);
    return r;
}

enum vcl_status vcl_look_at(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                            const char *activation, bool *ret_looking, struct vcl_error *err)
{
    struct vcl_tuning *tuning = vcl_ctx_gemm_keep(ctx)->tuning;
    enum vcl_status r = VCL_OK;
    *ret_looking = tuning && tuning->looking;
    if (!*ret_looking)
        return VCL_OK;
    size_t n = tuning->n_seen;
    TRY(vcl_grow(&tuning->seen, &tuning->cap_seen, n + 1, sizeof *tuning->seen, err));
    TRY(vcl_grow(&tuning->seen_convs, &tuning->cap_convs, n + 1, sizeof *tuning->seen_convs, err));
    tuning->seen[n] = *gemm;
    tuning->seen[n].activation = activation;
    if (gemm->conv)
        tuning->seen_convs[n] = *gemm->conv;
    tuning->n_seen++;
out:
    return r;
}
