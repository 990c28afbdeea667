/* SPDX-License-Identifier: MIT
 *
 * CLBlast (github.com/CNugteren/CLBlast) on any device. Its sums have an order of their own, so the
 * results are right but not the same bits as ours. Bias and activation are a pass of ours.
 */
#include <clblast_c.h>

#include "cl/internal.h"
#include "gemm/defs.h"
#include "gemm/gemm.h"

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    (void)ctx;
    return !gemm->conv;
}

/* What a call needs, kept for launch lists. Kernels of a list do not hold their buffers, so neither
 * does this: the caller keeps them while the list lives. */
struct call {
    struct vcl_gemm gemm;
};

static enum vcl_status sgemm(struct vcl_ctx *ctx, const void *data, struct vcl_error *err)
{
    const struct vcl_gemm *g = &((const struct call *)data)->gemm;
    const size_t ld_a = g->trans_a ? g->m : g->k, ld_b = g->trans_b ? g->k : g->n;
    cl_event event = NULL;
    CLBlastStatusCode code =
        CLBlastSgemm(CLBlastLayoutRowMajor, g->trans_a ? CLBlastTransposeYes : CLBlastTransposeNo,
                     g->trans_b ? CLBlastTransposeYes : CLBlastTransposeNo, g->m, g->n, g->k, 1.0f,
                     g->a->mem, 0, ld_a, g->b->mem, 0, ld_b, g->accumulate ? 1.0f : 0.0f, g->c->mem,
                     0, g->n, &ctx->queue, ctx->profile ? &event : NULL);
    if (code != CLBlastSuccess)
        return ERR(err, VCL_E_CL, "CLBlastSgemm of %u x %u x %u failed: %s (%d)", g->m, g->n, g->k,
                   vcl_cl_name(code), (int)code);
    ctx->launches++;
    if (event)
        vcl_profile_add(ctx, "CLBlastSgemm", event);
    return VCL_OK;
}

static enum vcl_status run(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    const struct call call = {*gemm};
    enum vcl_status r;
    (void)setting;
    if (ctx->recording)
        TRY(vcl_list_add_call(ctx, sgemm, &call, sizeof call, err));
    else
        TRY(sgemm(ctx, &call, err));
    TRY(vcl_gemm_epilogue(ctx, gemm, err));
    TRY(vcl_gemm_b_sums(ctx, gemm, err));
out:
    return r;
}

const struct vcl_gemm_def vcl_gemm_clblast = {
    .name = "clblast",
    .help = "the CLBlast library; any device; not the same bits everywhere",
    .supports = supports,
    .run = run,
};
