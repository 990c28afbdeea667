/* SPDX-License-Identifier: MIT
 *
 * CLBlast (github.com/CNugteren/CLBlast) on any device. Its sums have an order of their own, so the
 * results are right but not the same bits as ours. Bias and activation are a pass of ours.
 */
#include <clblast_c.h>
#include <stdatomic.h>
#include <string.h>

#include "cl/internal.h"
#include "gemm/gemm.h"
#include "gemms.rows.h"

static bool supports(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm)
{
    (void)ctx;
    return !gemm->conv;
}

/* CLBlast's own tables know few CPUs, and none by the names that pocl gives them; and up to 1.6.2
 * its kernel GEMMK=1 is wrong on some devices (its issue 542). What it should use instead: */
enum { XGEMM = 16 };
static const char *const xgemm_names[XGEMM] = {"GEMMK", "KREG",  "KWG",   "KWI", "MDIMA", "MDIMC",
                                               "MWG",   "NDIMB", "NDIMC", "NWG", "SA",    "SB",
                                               "STRM",  "STRN",  "VWM",   "VWN"};
static const struct advice {
    bool cpu;
    const char *vendor; /* a part of its name, "" any */
    size_t xgemm[XGEMM];
    size_t min_indirect; /* products from this side on take that kernel; 0: as CLBlast thinks */
} advices[] = {
    /* One work-item a group, a register tile each, no local memory, always: 50 to 100 GFLOP/s where
     * the default has 4, on two cores with AVX-512 under pocl 3.1. */
    {true, "", {0, 1, 16, 2, 1, 1, 16, 1, 1, 8, 0, 0, 0, 0, 8, 8}, 1},
    {false, "Intel", {0, 1, 32, 2, 16, 16, 64, 16, 16, 64, 1, 1, 0, 0, 4, 4}, 0},
    {false, "Apple", {0, 1, 32, 2, 16, 16, 64, 16, 16, 64, 1, 1, 0, 0, 4, 4}, 0},
};

/* Up to 1.6.0 two threads may not fill its caches at once, whatever contexts they have. */
static atomic_flag busy = ATOMIC_FLAG_INIT;

static void lock(void)
{
    while (atomic_flag_test_and_set(&busy)) {
    }
}

static void unlock(void)
{
    atomic_flag_clear(&busy);
}

static void override(struct vcl_ctx *ctx, const char *kernel, size_t count,
                     const char *const *names, const size_t *values)
{
    const char *mutable_names[XGEMM];
    memcpy(mutable_names, names, count * sizeof *names);
    CLBlastStatusCode code = CLBlastOverrideParameters(ctx->device, kernel, CLBlastPrecisionSingle,
                                                       count, mutable_names, values);
    if (code != CLBlastSuccess) /* another version, other parameters: its own are right, too */
        vcl_log(ctx, VCL_LOG_DEBUG, "CLBlast keeps its parameters of %s (%d)", kernel, (int)code);
}

/* Once a context: it makes CLBlast forget what it compiled. */
static void advise(struct vcl_ctx *ctx)
{
    static const char *const routine[] = {"XGEMM_MIN_INDIRECT_SIZE"};
    if (ctx->clblast_advised)
        return;
    ctx->clblast_advised = true;
    for (size_t i = 0; i < sizeof advices / sizeof *advices; i++) {
        const struct advice *a = &advices[i];
        if (a->cpu != (ctx->info.type == VCL_CPU) || !strstr(ctx->info.vendor, a->vendor))
            continue;
        override(ctx, "Xgemm", XGEMM, xgemm_names, a->xgemm);
        if (a->min_indirect)
            override(ctx, "GemmRoutine", 1, routine, &a->min_indirect);
        return;
    }
}

/* What a call needs, kept for launch lists. Kernels of a list do not hold their buffers, so neither
 * does this: the caller keeps them while the list lives. */
struct call {
    struct vcl_gemm gemm;
    struct vcl_buf *temp;   /* or NULL: then the kernel needs none */
    char use[VCL_USE_TEXT]; /* for profiles */
};

static CLBlastTranspose transpose(bool is)
{
    return is ? CLBlastTransposeYes : CLBlastTransposeNo;
}

static size_t ld_a(const struct vcl_gemm *g)
{
    return g->trans_a ? g->m : g->k;
}

static size_t ld_b(const struct vcl_gemm *g)
{
    return g->trans_b ? g->k : g->n;
}

static enum vcl_status failed(const struct vcl_gemm *g, CLBlastStatusCode code,
                              struct vcl_error *err)
{
    return ERR(err, VCL_E_CL, "CLBlastSgemm of %u x %u x %u failed: %s (%d)", g->m, g->n, g->k,
               vcl_cl_name(code), (int)code);
}

/* Memory of ours for the padded operands: else it allocates and frees at each call. */
static enum vcl_status find_temp(struct vcl_ctx *ctx, struct call *call, struct vcl_error *err)
{
    const struct vcl_gemm *g = &call->gemm;
    size_t size = 0;
    lock();
    advise(ctx);
    CLBlastStatusCode code = CLBlastSGemmTempBufferSize(
        CLBlastLayoutRowMajor, transpose(g->trans_a), transpose(g->trans_b), g->m, g->n, g->k, 0,
        ld_a(g), 0, ld_b(g), 0, g->n, &ctx->queue, &size);
    unlock();
    if (code != CLBlastSuccess)
        return failed(g, code, err);
    return size ? vcl_scratch_get(ctx, VCL_SCRATCH_A, size, &call->temp, err) : VCL_OK;
}

static enum vcl_status sgemm(struct vcl_ctx *ctx, const void *data, struct vcl_error *err)
{
    const struct call *call = data;
    const struct vcl_gemm *g = &call->gemm;
    cl_event event = NULL;
    lock();
    CLBlastStatusCode code = CLBlastSgemmWithTempBuffer(
        CLBlastLayoutRowMajor, transpose(g->trans_a), transpose(g->trans_b), g->m, g->n, g->k, 1.0f,
        g->a->mem, 0, ld_a(g), g->b->mem, 0, ld_b(g), g->accumulate ? 1.0f : 0.0f, g->c->mem, 0,
        g->n, &ctx->queue, ctx->profile ? &event : NULL, call->temp ? call->temp->mem : NULL);
    unlock();
    if (code != CLBlastSuccess)
        return failed(g, code, err);
    ctx->launches++;
    if (event)
        vcl_profile_add(ctx, "CLBlastSgemm", call->use, event);
    return VCL_OK;
}

static enum vcl_status run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                           const struct vcl_gemm_setting *setting, struct vcl_error *err)
{
    struct call call = {.gemm = *gemm};
    enum vcl_status r;
    (void)setting;
    TRY(find_temp(emit->ctx, &call, err));
    vcl_label_text(&emit->label, call.use);
    TRY(vcl_emit_call(emit, sgemm, &call, sizeof call, err));
    TRY(vcl_gemm_epilogue(emit, gemm, err));
    TRY(vcl_gemm_b_sums(emit, gemm, err));
out:
    return r;
}

const struct vcl_gemm_def vcl_gemm_clblast = {
    .name = "clblast",
    .help = "the CLBlast library; any device; not the same bits everywhere",
    .supports = supports,
    .run = run,
};
