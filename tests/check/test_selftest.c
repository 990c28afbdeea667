/* SPDX-License-Identifier: MIT
 *
 * The selftest itself: with one thing wrong in a kernel its check must fail, a kernel that does not
 * compile must be reported with its line, and no kernel may be left out.
 *
 * usage: test_selftest KERNELS    the folder of the right ones
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embed.h"
#include "check/reference.h"
#include "common/devices.h"
#include "common/test_folder.h"
#include "vae/likelihood.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static const char *kernels;

static const struct mistake {
    const char *file, *right, *wrong, *check;
} mistakes[] = {
    {"math.cl", "0x1.6a4d6p-10f", "0x1.6b4d6p-10f", "math"},
    {"activation.cl", "#define LEAK 0.01f", "#define LEAK 0.02f", "activation"},
    {"activation.cl", "return fma(-y, y, (real)(1.0f));", "return fma(y, y, (real)(1.0f));",
     "activation_gradient"},
    {"pointwise.cl", "x = x + flat_load(bias, cols, j);", "x = x - flat_load(bias, cols, j);",
     "epilogue"},
    /* The value is as good as before, its bits are not. */
    {"gemm_naive.cl", "#define K_CHUNK 256", "#define K_CHUNK 128", "gemm"},
    {"gemm_naive.cl", "p < end", "p < end - 1", "gemm"},
    {"gemm_packed.cl", "fma(element, columns[v]", "fma(columns[v], columns[v]", "gemm"},
    {"conv_pack.cl", "y >= g->height;", "y > g->height;", "conv"},
    {"conv_pack.cl", "x >= g->map_width", "x > g->map_width", "conv"},
    {"conv_gather.cl", "total += products", "total = products", "conv"},
    {"conv_naive.cl", "#define K_CHUNK 256", "#define K_CHUNK 128", "conv"},
    {"conv_naive.cl", "x >= g.width)", "x > g.width)", "conv"},
    {"conv_naive.cl", "from % stride != 0", "false", "conv"},
    {"reduce.cl", "for (int i = 1; i < chunks; i++)", "for (int i = chunks - 1; i > 0; i--)",
     "column_sums"},
    {"reduce.cl", "#define ROW_CHUNK 256", "#define ROW_CHUNK 64", "column_sums"},
    {"reduce.cl", "sum = fma(v, v, sum);", "sum = v * v + sum;", "row_sums"},
    {"latent.cl", "0.5f * (fma(mu, mu, vm_expm1(logvar)) - logvar)",
     "0.5f * (fma(mu, mu, vm_exp(logvar)) - logvar)", "latent_forward"},
    {"latent.cl", "stream + step->sample", "stream", "latent_forward"},
    {"logvar.cl", "#define LOGVAR_BOUND 20.0f", "#define LOGVAR_BOUND 19.0f", "latent_backward"},
    {"random.cl", "round < 10", "round < 9", "fill_normal"},
    {"likelihood.cl", "vm_sigmoid(y) - x", "vm_sigmoid(y) - 0.999999f * x", "likelihood"},
    {"likelihood.cl", "0.91893853320467274178f", "0.9189f", "likelihood"},
    {"likelihood.cl", "scale = weights[row]", "scale = weights[0]", "likelihood"},
    {"likelihood.cl", "if (is_lane_zero && !weighed)", "if (is_lane_zero)", "likelihood"},
    {"likelihood_scale.cl", "d * d * precision", "d * (d * precision)", "gaussian_scaled"},
    {"likelihood_scale.cl", "fma(0.5f, square + v,", "fma(0.5f, square - v,", "gaussian_scaled"},
    {"likelihood_scale.cl", "(row / repeat)", "row", "gaussian_scaled"},
    {"likelihood_scale.cl", "scale = weights[row]", "scale = weights[0]", "gaussian_scaled"},
    {"likelihood_scale.cl", "if (is_lane_zero && !weighed)", "if (is_lane_zero)",
     "gaussian_scaled"},
    {"likelihood_scale.cl", "v == raw ?", "true ?", "gaussian_scaled"},
    {"likelihood_scale.cl", "lanes_mask(slope, cols, j)", "slope", "gaussian_scaled"},
    {"likelihood_scale.cl", "part_store(slope, dy, cols, channels, channels, j)",
     "part_store(slope, dy, cols, channels, cols, j)", "gaussian_scaled"},
    {"likelihood_scale.cl", "+ (j) % (channels)", "", "scaled_mean"},
    {"likelihood_scale.cl", "row * 2 * cols", "row * cols", "scaled_mean"},
    {"metrics.cl", "loss - loss != 0.0f", "false", "metrics"},
    {"metrics.cl", "slots[MAX_TERMS * step->slot + i]", "slots[3 * step->slot + i]", "metrics"},
    {"density.cl", "stream + step->sample + row % repeat", "stream + step->sample", "draws"},
    {"density.cl", "stream + step->sample + row % repeat", "stream + row % repeat", "draws"},
    {"density.cl", "fma(noise, noise, v + LOG_2PI)", "fma(noise, noise, LOG_2PI - v)", "draws"},
    {"density.cl", "has_q ? -0.5f * dlog_q[s]", "has_q ? 0.5f * dlog_q[s]", "draws_gradient"},
    {"density.cl", "clamp_logvar(raw) == raw ?", "true ?", "draws_gradient"},
    {"density.cl", "fma(d, d, v + LOG_2PI)", "(d * d + (v + LOG_2PI))", "log_normal"},
    {"density.cl", "if (has_heads) {", "if (true) {", "log_normal"},
    {"density.cl", "d = -g * d;", "d = g * d;", "log_normal_gradient"},
    {"density.cl", "from_mu, d, (real)(-dlog_p[s])", "from_mu, d, (real)(-dlog_p[row])",
     "log_normal_gradient"},
    {"density.cl", "v == raw ?", "true ?", "log_normal_gradient"},
    {"density.cl", "lanes_load(dheads, dim, j) + dmu", "dmu", "log_normal_gradient"},
    {"bound.cl", "i < count; i++", "i < count - 1; i++", "log_mean_exp"},
    {"bound.cl", "lanes_mask(vm_exp(lanes_load(w, count, j) - most), count, j)",
     "vm_exp(lanes_load(w, count, j) - most)", "log_mean_exp"},
    {"bound.cl", "vm_div(total, (real)((float)count))", "total", "log_mean_exp"},
    {"bound.cl", "dy[row] * lanes_load(share", "dy[0] * lanes_load(share", "log_mean_exp_gradient"},
    {"mixture.cl", "fma(d, d, v + LOG_2PI)", "(d * d + (v + LOG_2PI))", "log_components"},
    {"mixture.cl", "row * count + k] =", "row + k] =", "log_components"},
    {"mixture.cl", "lanes_mask(fma(d, d, v + LOG_2PI), dim, j)", "fma(d, d, v + LOG_2PI)",
     "log_components"},
    {"mixture.cl", "lanes_load(mu, dim, j) - zj", "zj - lanes_load(mu, dim, j)",
     "log_components_gradient"},
    {"mixture.cl", "lanes_load(dz, dim, j) + sum", "sum", "log_components_gradient"},
    {"mixture.cl", "row * count + k];", "k];", "log_components_gradient"},
    {"mixture.cl", "from_mu, d, (real)(-g)", "from_mu, d, (real)(g)", "log_components_gradient"},
    {"mixture.cl", "v == raw ?", "true ?", "log_components_gradient"},
    {"mixture.cl", "lanes_load(dheads + dim, dim, j) + slope", "slope", "log_components_gradient"},
    {"mixture.cl", "(ureal)(first_row + row)", "(ureal)(row)", "mixture_draw"},
    {"mixture.cl", "u * (float)count", "u * (float)(count - 1)", "mixture_draw"},
    {"mixture.cl", "vm_exp(0.5f * clamp_logvar", "vm_exp(0.5f * ", "mixture_draw"},
    {"bound.cl", "scheduled ? weight * step->kl_weight", "scheduled ? weight", "row_terms"},
    {"bound.cl", "if (count > 2)", "if (count > 3)", "row_terms"},
    {"bound.cl", "flat_load(dx, n, i) + gradient", "gradient", "row_terms"},
    {"bound.cl", "scale[row] * lanes_load", "scale[0] * lanes_load", "row_terms"},
    {"optimiser.cl", "((1.0f - b) * g) * g", "(1.0f - b) * g", "optimise"},
    {"optimiser.cl", "atomic_min(&health->bad_index, first + (uint)lane);", ";", "optimise"},
    {"optimiser.cl", "norm > most ?", "norm < most ?", "clip_scale"},
    {"permute.cl", "k < key ||", "k <= key ||", "permute"},
    {"permute.cl", "(ureal)((uint)row)", "(ureal)(0u)", "permute"},
    {"data.cl", "(real)(255.0f)", "(real)(256.0f)", "unpack"},
    {"norm.cl", "#define ROW_CHUNK 256", "#define ROW_CHUNK 512", "batchnorm"},
    {"norm.cl", "(float)(rows - 1)", "(float)(rows)", "batchnorm"},
    {"norm.cl", "fma(-normal, flat_load", "fma(normal, flat_load", "batchnorm_gradient"},
    {"norm.cl", "lanes_mask(lanes_load(p, cols, j) - mean, cols, j)",
     "lanes_load(p, cols, j) - mean", "layernorm"},
    {"norm.cl", "lanes_load(gamma, cols, j) - from_mean", "lanes_load(gamma, cols, j)",
     "layernorm_gradient"},
    {"dropout.cl", "part_columns(column));", "part_columns(column + 1));", "dropout"},
    {"dropout.cl", "ids[row / repeat]", "ids[row % repeat]", "dropout"},
    {"dropout.cl", "row % repeat, cols", "0, cols", "dropout"},
    {"dropout.cl", "(cols + LANES - 1) / LANES * LANES", "cols", "dropout"},
    {"pointwise.cl", "d = flat_load(dx, n, i) + d;", "d = d + d;", "residual"},
    {"pool.cl", "(v != v)", "(v < v)", "pool"},
    {"pool.cl", "j < end", "j < end - 1", "pool_gradient"},
    {"concat.cl", "(ireal)(labels[row])", "(ireal)(labels[row] + 1)", "concat"},
    {"concat.cl", "(size_t)(row / every) * b", "(size_t)(row % every) * b", "concat"},
    {"concat.cl", "flat_load(dx, a, j) + gradient", "gradient", "concat"},
    {"concat.cl", "int i = 0; i < every; i++", "int i = every - 1; i >= 0; i--", "concat"},
};

/* Mistakes in a kernel that stores one element too many, behind its buffer and before it, which the
 * guard zones must show; they stay within them. */
static const struct mistake strays[] = {
    {"pointwise.cl", "flat_store(activate(flat_load(x, n, i)), y, n, i);",
     "flat_store(activate(flat_load(x, n, i)), y, n + 1, i);", "activation"},
    {"pointwise.cl", "flat_store(activate(flat_load(x, n, i)), y, n, i);",
     "flat_store(activate(flat_load(x, n, i)), y, n, i); if (i == 0) y[-1] = 0.5f;", "activation"},
};

static void write_text(const char *folder, const char *name, const char *text)
{
    char *path = test_path_in(folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    fclose(file);
    free(path);
}

/* The kernel's file with every `right` replaced, alone in a new folder. */
static char *folder_with(const struct mistake *mistake)
{
    char *folder = test_folder_create();
    size_t size;
    char *text = (char *)test_file_read(kernels, mistake->file, &size);
    size_t room = size * (strlen(mistake->wrong) + 2), right = strlen(mistake->right);
    char *changed = calloc(room, 1), *out = changed;
    assert_non_null(changed);
    assert_non_null(strstr(text, mistake->right)); /* else the kernel has changed: change the row */
    for (const char *in = text; *in;) {
        bool found = strncmp(in, mistake->right, right) == 0;
        out += snprintf(out, room - (size_t)(out - changed), "%.*s", found ? 1 << 20 : 1,
                        found ? mistake->wrong : in);
        in += found ? right : 1;
    }
    write_text(folder, mistake->file, changed);
    free(changed);
    free(text);
    return folder;
}

struct seen {
    size_t passed, failed;
    char detail[512];
};

static void on_result(void *user, const struct vcl_selftest_result *result)
{
    struct seen *seen = user;
    assert_true(result->passed == (result->detail[0] == '\0'));
    if (!result->passed && seen->failed++ == 0)
        snprintf(seen->detail, sizeof seen->detail, "%s: %s", result->shape, result->detail);
    seen->passed += result->passed;
}

static enum vcl_status run_with(const struct mistake *mistake, const char *folder,
                                struct seen *ret_seen)
{
    const struct vcl_ctx_params in = {
        .device = test_target.device.id,
        .cache_dir = test_cache(),
        .kernel_dir = folder,
        .lanes = mistake->file && strcmp(mistake->file, "gemm_packed.cl") == 0 ? 16 : 0,
    };
    const struct vcl_selftest_params params = {.tiny = true,
                                               .seed = 1,
                                               .only = mistake->check,
                                               .stop = true,
                                               .result = on_result,
                                               .user = ret_seen};
    struct vcl_ctx *ctx;
    OK(vcl_ctx_create(&in, &ctx, &test_error));
    *ret_seen = (struct seen){0};
    enum vcl_status r = vcl_selftest(ctx, &params, &test_error);
    vcl_ctx_destroy(&ctx);
    return r;
}

static void test_right(void **state)
{
    (void)state;
    struct seen seen;
    OK(run_with(&strays[0], kernels, &seen));
    assert_int_equal(seen.failed, 0);
    assert_true(seen.passed > 0);
}

/* Small runs leave out most: every one is compiled anew. */
static bool is_planted(size_t i)
{
    return !test_small() || i % 5 == 0;
}

static void test_wrong(void **state)
{
    (void)state;
    size_t missed = 0;
    for (size_t i = 0; i < COUNT(mistakes); i++) {
        if (!is_planted(i))
            continue;
        char *folder = folder_with(&mistakes[i]);
        struct seen seen;
        enum vcl_status r = run_with(&mistakes[i], folder, &seen);
        bool found = r == VCL_E_CHECK && seen.failed == 1; /* it was to stop there */
        print_message("# %s, '%s': %s\n", mistakes[i].file, mistakes[i].wrong,
                      found ? seen.detail : "NOT FOUND");
        missed += !found;
        test_folder_destroy(&folder);
    }
    assert_int_equal(missed, 0);
}

static void test_stray(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(strays); i++) {
        char *folder = folder_with(&strays[i]);
        struct seen seen;
        assert_int_equal(run_with(&strays[i], folder, &seen), VCL_E_CHECK);
        assert_int_equal(seen.failed, 1);
        assert_non_null(strstr(seen.detail, "was written"));
        test_folder_destroy(&folder);
    }
}

/* Does `text` hold kernels/FILE:LINE:COLUMN? */
static bool has_position(const char *text, const char *file, int line)
{
    char start[80];
    int column, used = 0;
    snprintf(start, sizeof start, "kernels/%s:%d:", file, line);
    const char *at = strstr(text, start);
    return at && sscanf(at + strlen(start), "%d%n", &column, &used) == 1 && column > 0;
}

static void test_syntax(void **state)
{
    (void)state;
    const struct mistake syntax = {"metrics.cl", "/* slots[MAX_TERMS *",
                                   "oops oops;\n/* slots[MAX_TERMS *", "metrics"};
    char *folder = folder_with(&syntax);
    char *text = (char *)test_file_read(folder, syntax.file, &(size_t){0});
    struct seen seen;
    int line = 1;
    for (const char *c = text; c < strstr(text, "oops"); c++)
        line += *c == '\n';
    assert_int_equal(run_with(&syntax, folder, &seen), VCL_E_BUILD);
    assert_int_equal(seen.failed, 1);
    if (!has_position(test_error.msg, syntax.file, line))
        fail_msg("no position at line %d: %s", line, test_error.msg);
    free(text);
    test_folder_destroy(&folder);
}

static void test_names(void **state)
{
    (void)state;
    struct seen seen;
    const struct mistake unknown = {.check = "latent_forwards"};
    assert_int_equal(run_with(&unknown, kernels, &seen), VCL_E_ARG);
    assert_non_null(strstr(test_error.hint, "latent_forward"));
}

static bool was_run(const struct vcl_profile_row *rows, size_t count, const char *kernel)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].kernel, kernel) == 0)
            return true;
    }
    return false;
}

/* Can this kernel not run with these lanes? Products for CPUs need vectors, those for GPUs do
 * without. */
static bool is_for_others(const char *kernel, uint32_t lanes)
{
    bool cpu = strncmp(kernel, "gemm_pack", 9) == 0;
    bool gpu = strncmp(kernel, "gemm_tiled", 10) == 0 || strcmp(kernel, "gemm_sum") == 0;
    if (strcmp(kernel, "gemm_subgroup") == 0) /* needs an extension */
        return true;
    return lanes == 1 ? cpu : gpu;
}

/* Kernels of a file that did not run. */
static size_t count_missed(const struct vcl_embedded *file, const struct vcl_profile_row *rows,
                           size_t count, uint32_t lanes)
{
    size_t missed = 0;
    for (size_t i = 0; i < file->count; i++) {
        const char *type = strstr(file->lines[i], "void ");
        char name[64];
        if (strncmp(file->lines[i], "kernel ", 7) != 0 || !type ||
            sscanf(type, "void %63[a-z0-9_](", name) != 1)
            continue;
        if (is_for_others(name, lanes))
            continue;
        if (!was_run(rows, count, name)) {
            print_message("# %s of %s did not run\n", name, file->name);
            missed++;
        }
    }
    return missed;
}

/* Even the smallest selftest runs every kernel there is. */
static void test_every_kernel(void **state)
{
    (void)state;
    const struct vcl_ctx_params in = {
        .device = test_target.device.id, .cache_dir = test_cache(), .profile = true};
    const struct vcl_selftest_params params = {.tiny = true, .seed = 1};
    struct vcl_profile_row *rows;
    size_t count, missed = 0;
    struct vcl_ctx *ctx;
    OK(vcl_ctx_create(&in, &ctx, &test_error));
    OK(vcl_selftest(ctx, &params, &test_error));
    OK(vcl_profile_read(ctx, &rows, &count, &test_error));
    for (const struct vcl_embedded *file = vcl_embedded_kernels; file->name; file++)
        missed += count_missed(file, rows, count, vcl_ctx_vec(ctx));
    free(rows);
    vcl_ctx_destroy(&ctx);
    assert_true(count > 10);
    assert_int_equal(missed, 0);
}

/* Each likelihood that a model may name has its reference. */
static void test_references(void **state)
{
    (void)state;
    for (const struct vcl_likelihood_def *const *p = vcl_likelihoods; *p; p++) {
        const struct vcl_likelihood_def *def = *p;
        const struct vcl_likelihood_reference *row = vcl_likelihood_references;
        while (row->name && strcmp(row->name, def->name) != 0)
            row++;
        if (!row->name)
            fail_msg("src/check has no reference for the likelihood '%s'", def->name);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_right),        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_stray),        cmocka_unit_test(test_syntax),
        cmocka_unit_test(test_names),        cmocka_unit_test(test_references),
        cmocka_unit_test(test_every_kernel),
    };
    if (argc != 2) {
        fprintf(stderr, "usage: test_selftest KERNELS\n");
        return 2;
    }
    kernels = argv[1];
    test_begin();
    return test_on_devices(tests, COUNT(tests), false);
}
