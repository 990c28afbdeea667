/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "gemm/gemm.h"

/* Formulas: kernels/activation.cl. */
#define ACTIVATIONS(X)                                                                             \
    X(identity, false)                                                                             \
    X(relu, false)                                                                                 \
    X(leaky_relu, false)                                                                           \
    X(elu, false)                                                                                  \
    X(selu, false)                                                                                 \
    X(gelu, true)                                                                                  \
    X(silu, true)                                                                                  \
    X(tanh, false)                                                                                 \
    X(sigmoid, false)                                                                              \
    X(softplus, false)

const struct vcl_activation vcl_activations[] = {
#define ROW(name, needs_input) {#name, needs_input},
    ACTIVATIONS(ROW)
#undef ROW
        {NULL, false},
};

const char *const *vcl_activation_names(void)
{
    static const char *const names[] = {
#define NAME(name, needs_input) #name,
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
    for (const struct vcl_activation *row = vcl_activations; row->name; row++) {
        if (strcmp(row->name, name) == 0) {
            *ret_activation = row;
            return VCL_OK;
        }
    }
    enum vcl_status r = ERR(err, VCL_E_ARG, "no activation is called '%s'", name);
    const char *near = vcl_nearest(name, vcl_activation_names());
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near) : r;
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
