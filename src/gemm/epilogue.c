/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "gemm/gemm.h"

#define ACTIVATIONS(X)                                                                             \
    X(identity, "x", false)                                                                        \
    X(relu, "x where it is positive, else 0", false)                                               \
    X(leaky_relu, "x where it is positive, else x / 100", false)                                   \
    X(elu, "x where it is positive, else exp(x) - 1", false)                                       \
    X(selu, "elu scaled so that layers keep mean 0 and variance 1", false)                         \
    X(gelu, "x times the normal distribution function at x", true)                                 \
    X(silu, "x sigmoid(x)", true)                                                                  \
    X(tanh, "hyperbolic tangent", false)                                                           \
    X(sigmoid, "1 / (1 + exp(-x))", false)                                                         \
    X(softplus, "log(1 + exp(x))", false)

const struct vcl_activation *const vcl_activations[] = {
#define ROW(name, help, needs_input) &(const struct vcl_activation){#name, help, needs_input},
    ACTIVATIONS(ROW)
#undef ROW
        NULL,
};

const char *const *vcl_activation_names(void)
{
    static const char *const names[] = {
#define NAME(name, help, needs_input) #name,
        ACTIVATIONS(NAME)
#undef NAME
            NULL,
    };
    return names;
}

enum vcl_status vcl_activation_find(const char *name, const struct vcl_activation **ret_activation,
                                    struct vcl_error *err)
{
    if (!name || !*name)
        name = "identity";
    *ret_activation = vcl_row_find("activation", vcl_activations, name, err);
    return *ret_activation ? VCL_OK : VCL_E_ARG;
}

const char *vcl_gemm_activation(const struct vcl_gemm *gemm)
{
    return gemm->activation && *gemm->activation ? gemm->activation : "identity";
}

void vcl_gemm_options(const struct vcl_gemm *gemm, char options[VCL_GEMM_OPTIONS])
{
    snprintf(options, VCL_GEMM_OPTIONS,
             "-DTRANS_A=%d -DTRANS_B=%d -DACCUMULATE=%d -DHAS_BIAS=%d -DACT=act_%s", gemm->trans_a,
             gemm->trans_b, gemm->accumulate, gemm->bias != NULL,
             gemm->derivative_at ? "identity" : vcl_gemm_activation(gemm));
}

void vcl_flat_size(const struct vcl_ctx *ctx, struct vcl_launch *launch, size_t cols, size_t rows)
{
    /* Local sizes are fixed: some runtimes compile a kernel anew for each. */
    size_t local = vcl_ctx_vec(ctx) == 16 ? 16 : 64;
    size_t items = (cols + vcl_ctx_vec(ctx) - 1) / vcl_ctx_vec(ctx);
    launch->global[0] = (items + local - 1) / local * local;
    launch->global[1] = rows;
    launch->global[2] = 1;
    launch->local[0] = local;
    launch->local[1] = launch->local[2] = 1;
}
