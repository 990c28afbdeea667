/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/str.h"
#include "vae/defs.h"

const struct vcl_objective_def *const vcl_objective_defs[] = {
#define X(name) &vcl_objective_##name,
    VCL_OBJECTIVE_DEFS(X)
#undef X
        NULL,
};

enum vcl_status vcl_objective_find(const char *name, const struct vcl_objective_def **ret_def,
                                   struct vcl_error *err)
{
    static const char *const names[] = {
#define X(name) #name,
        VCL_OBJECTIVE_DEFS(X)
#undef X
            NULL,
    };
    for (const struct vcl_objective_def *const *def = vcl_objective_defs; *def; def++) {
        if (strcmp((*def)->name, name) == 0) {
            *ret_def = *def;
            return VCL_OK;
        }
    }
    enum vcl_status r = ERR(err, VCL_E_ARG, "no objective is called '%s'", name);
    const char *near = vcl_nearest(name, names);
    return near ? vcl_error_hint(err, r, "did you mean '%s'?", near)
                : vcl_error_hint(err, r, "elbo and ae are there");
}
