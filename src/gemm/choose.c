/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "gemm/tuning.h"
#include "gemms.rows.h"

const struct vcl_gemm_def *const vcl_gemm_defs[] = {
#define X(name) &vcl_gemm_##name,
    GEMMS(X)
#undef X
        NULL,
};

const char *const *vcl_gemm_names(void)
{
    static const char *const names[] = {
#define X(name) #name,
        GEMMS(X)
#undef X
            NULL,
    };
    return names;
}

static bool is_default(const struct vcl_ctx *ctx, const struct vcl_gemm_def *def)
{
    if (vcl_ctx_same_bits(ctx) && !def->same_bits)
        return false;
    return vcl_ctx_is_cpu(ctx) ? def->cpu_default : def->gpu_default;
}

static enum vcl_status by_request(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                  const char *name, const struct vcl_gemm_def **ret_def,
                                  struct vcl_error *err)
{
    const struct vcl_gemm_def *def = vcl_row_find("GEMM implementation", vcl_gemm_defs, name, err);
    if (!def)
        return VCL_E_ARG;
    if (vcl_ctx_same_bits(ctx) && !def->same_bits)
        return ERR(err, VCL_E_ARG, "GEMM '%s' does not give the same bits on every device", name);
    if (!def->supports(ctx, gemm)) {
        if (gemm->conv) /* asked for, but not made for these */
            return VCL_OK;
        return ERR(err, VCL_E_UNSUPPORTED, "GEMM '%s' does not run on '%s'", name,
                   vcl_ctx_device(ctx)->name);
    }
    *ret_def = def;
    return VCL_OK;
}

/* Another precision than floats is the matrix units' alone: better an error than slow or exact. */
static enum vcl_status by_precision(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                    const struct vcl_gemm_def **ret_def, struct vcl_error *err)
{
    const char *name = vcl_ctx_gemm_name(ctx), *precision = vcl_ctx_precision(ctx);
    if (name && strcmp(name, vcl_gemm_matrix.name) != 0)
        return ERR(err, VCL_E_ARG, "GEMM '%s' has no precision '%s'", name, precision);
    if (!vcl_gemm_matrix.supports(ctx, gemm))
        return ERR(err, VCL_E_UNSUPPORTED,
                   "'%s' has no matrix units that we know to multiply in %s",
                   vcl_ctx_device(ctx)->name, precision);
    *ret_def = &vcl_gemm_matrix;
    return VCL_OK;
}

enum vcl_status vcl_gemm_choose_untuned(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                        const struct vcl_gemm_def **ret_def,
                                        struct vcl_gemm_setting *ret_setting, struct vcl_error *err)
{
    const struct vcl_gemm_def *chosen = NULL;
    const char *name = vcl_ctx_gemm_name(ctx);
    enum vcl_status r = VCL_OK;
    if (strcmp(vcl_ctx_precision(ctx), "exact") != 0)
        TRY(by_precision(ctx, gemm, &chosen, err));
    else if (name)
        TRY(by_request(ctx, gemm, name, &chosen, err));
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def && !chosen; def++) {
        if (is_default(ctx, *def) && (*def)->supports(ctx, gemm))
            chosen = *def;
    }
    *ret_def = chosen ? chosen : &vcl_gemm_naive;
    if ((*ret_def)->defaults)
        (*ret_def)->defaults(ctx, gemm, ret_setting);
out:
    return r;
}

/* What the precision needs > asked for by name > the tuned row > the device class's default that
 * supports the product > naive; the setting is the tuned row's for that implementation, else its
 * default. */
enum vcl_status vcl_gemm_choose(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                const struct vcl_gemm_def **ret_def,
                                struct vcl_gemm_setting *ret_setting, struct vcl_error *err)
{
    const struct vcl_gemm_def *def;
    struct vcl_gemm_setting setting = {0};
    const struct vcl_tuned_row *row;
    bool asked_for = vcl_ctx_gemm_name(ctx) != NULL || strcmp(vcl_ctx_precision(ctx), "exact") != 0;
    enum vcl_status r;
    TRY(vcl_gemm_choose_untuned(ctx, gemm, &def, &setting, err));
    TRY(vcl_tuning_find(ctx, gemm, asked_for ? def : NULL, &row, &setting, err));
    *ret_def = row && row->def ? row->def : def;
    if (ret_setting)
        *ret_setting = setting;
out:
    return r;
}

const char *vcl_gemm_chosen(const struct vcl_ctx *ctx)
{
    const struct vcl_gemm typical = {.m = 128, .n = 128, .k = 128};
    const struct vcl_gemm_def *def;
    return vcl_gemm_choose(ctx, &typical, &def, NULL, NULL) == VCL_OK ? def->name : "none";
}

static bool too_small(const struct vcl_buf *buf, double floats)
{
    return buf && (double)(vcl_buf_size(buf) / sizeof(float)) < floats;
}

void vcl_gemm_sizes(const struct vcl_gemm *g, double floats[3])
{
    floats[0] = (double)g->m * g->k;
    floats[1] = (double)g->k * g->n;
    floats[2] = (double)g->m * g->n;
    if (g->conv)
        vcl_conv_operands(g->conv, floats);
}

static enum vcl_status check(const struct vcl_gemm *gemm, const struct vcl_activation *activation,
                             struct vcl_error *err)
{
    const size_t m = gemm->m, n = gemm->n, k = gemm->k;
    double floats[3];
    if (!m || !n || !k || m > INT32_MAX || n > INT32_MAX || k > INT32_MAX)
        return ERR(err, VCL_E_SHAPE, "a matrix product of %zu x %zu x %zu", m, n, k);
    if (gemm->conv) {
        enum vcl_status r = vcl_conv_check(gemm, err);
        if (r < 0)
            return r;
    }
    vcl_gemm_sizes(gemm, floats);
    if (too_small(gemm->a, floats[0]) || too_small(gemm->b, floats[1]) ||
        too_small(gemm->c, floats[2]) || too_small(gemm->derivative_at, floats[2]) ||
        too_small(gemm->bias, (double)n) || too_small(gemm->b_sums, (double)n))
        return ERR(err, VCL_E_SHAPE,
                   "a buffer is too small for a matrix product of %zu x %zu x %zu", m, n, k);
    if (gemm->derivative_at && activation->needs_input)
        return ERR(err, VCL_E_ARG, "the derivative of '%s' needs more than its value",
                   activation->name);
    if (gemm->b_sums && (gemm->trans_b || (gemm->conv && gemm->conv->pass != VCL_CONV_WEIGHTS)))
        return ERR(err, VCL_E_ARG, "column sums of B are there for plain B and for weights only");
    return VCL_OK;
}

enum vcl_status vcl_gemm_emit(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                              struct vcl_error *err)
{
    const struct vcl_gemm_def *def;
    const struct vcl_activation *activation;
    struct vcl_gemm_setting setting = {0};
    struct vcl_emit labelled = *emit;
    enum vcl_status r;
    TRY(vcl_activation_find(gemm->activation, &activation, err));
    TRY(check(gemm, activation, err));
    if (emit->dry_run)
        return vcl_products_add(emit->dry_run, gemm, activation->name, err);
    TRY(vcl_gemm_choose(emit->ctx, gemm, &def, &setting, err));
    labelled.label.m = gemm->m;
    labelled.label.n = gemm->n;
    labelled.label.k = gemm->k;
    TRY(def->run(&labelled, gemm, &setting, err));
    vcl_emit_count(emit, (uint64_t)vcl_gemm_multiplies(gemm));
out:
    return r;
}

enum vcl_status vcl_gemm_run(struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                             struct vcl_error *err)
{
    return vcl_gemm_emit(VCL_AT_ONCE(ctx), gemm, err);
}
