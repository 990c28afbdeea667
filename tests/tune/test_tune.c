/* SPDX-License-Identifier: MIT
 *
 * Tuning on devices: rows are obeyed and change no bit, results are kept and found again, and only
 * on the device that they are of.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/writer.h"
#include "common/devices.h"
#include "common/model_by_hand.h"
#include "common/random_set.h"
#include "common/test_folder.h"
#include "gemm/gemm.h"
#include "gemm/tuning.h"
#include "gemms.rows.h"
#include "tune/search.h"
#include "tune/space.h"
#include "tune/tune_product.h"

/* A device with nothing but the reference has nothing to tune. */
static bool possible(struct vcl_ctx *ctx)
{
    const struct vcl_gemm gemm = typical();
    bool found;
    OK(vcl_search_possible(ctx, &gemm, &found, &test_error));
    return found;
}

/* ---- rows ---- */

struct product {
    struct vcl_gemm gemm;
    float got[M * N], wanted[M * N];
};

static void product_init(struct product *p, struct vcl_ctx *ctx)
{
    p->gemm = typical();
    p->gemm.a = random_buf(ctx, M * K);
    p->gemm.b = random_buf(ctx, K * N);
    p->gemm.bias = random_buf(ctx, N);
    p->gemm.c = random_buf(ctx, M * N);
    OK(vcl_gemm_naive.run(VCL_AT_ONCE(ctx), &p->gemm, NULL, &test_error));
    OK(vcl_buf_read(p->gemm.c, 0, sizeof p->wanted, p->wanted, &test_error));
}

static void product_finish(struct product *p)
{
    vcl_buf_destroy(&p->gemm.a);
    vcl_buf_destroy(&p->gemm.b);
    vcl_buf_destroy(&p->gemm.bias);
    vcl_buf_destroy(&p->gemm.c);
}

static void check_obeyed(struct vcl_ctx *ctx, struct product *p, const struct vcl_gemm_def *def,
                         const struct vcl_gemm_setting *setting)
{
    const struct vcl_tuned_row row = {
        .shape = vcl_gemm_class_of(&p->gemm), .def = def, .setting = *setting};
    const struct vcl_gemm_def *chosen;
    struct vcl_gemm_setting chosen_setting = {0};
    OK(vcl_tuning_put(ctx, &row, &test_error));
    OK(vcl_gemm_choose(ctx, &p->gemm, &chosen, &chosen_setting, &test_error));
    assert_ptr_equal(chosen, def);
    assert_memory_equal(&chosen_setting, setting, sizeof *setting);
    OK(vcl_buf_zero(p->gemm.c, &test_error));
    OK(vcl_gemm_run(ctx, &p->gemm, &test_error));
    OK(vcl_buf_read(p->gemm.c, 0, sizeof p->got, p->got, &test_error));
    assert_memory_equal(p->got, p->wanted, sizeof p->wanted);
}

static void check_settings(struct vcl_ctx *ctx, struct product *p, const struct vcl_gemm_def *def)
{
    int most = test_small() ? 1 : 8;
    struct vcl_gemm_setting setting = {0};
    struct vcl_space space;
    bool more = true;
    if (def->defaults)
        def->defaults(ctx, &p->gemm, &setting);
    OK(vcl_space_init(&space, ctx, &p->gemm, def, &setting, &test_error));
    for (int i = 0; i < most && more; i++) {
        check_obeyed(ctx, p, def, &setting);
        OK(vcl_space_next(&space, &setting, &more, &test_error));
    }
    vcl_space_finish(&space);
}

static void test_obeyed(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    struct product p;
    (void)state;
    product_init(&p, ctx);
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        if ((*def)->same_bits && (*def)->supports(ctx, &p.gemm))
            check_settings(ctx, &p, *def);
    }
    product_finish(&p);
    vcl_ctx_destroy(&ctx);
}

/* Rows that cannot be obeyed are passed over. */
static void test_not_obeyed(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    const struct vcl_gemm gemm = typical();
    const struct vcl_gemm_def *before, *after;
    struct vcl_gemm_setting was = {0}, is = {0};
    (void)state;
    OK(vcl_gemm_choose(ctx, &gemm, &before, &was, &test_error));
    for (const struct vcl_gemm_def *const *def = vcl_gemm_defs; *def; def++) {
        struct vcl_tuned_row row = {.shape = vcl_gemm_class_of(&gemm), .def = *def};
        if ((*def)->same_bits && (*def)->supports(ctx, &gemm)) {
            row.shape.kind = VCL_KIND_NT; /* another product's */
        }
        OK(vcl_tuning_put(ctx, &row, &test_error));
        OK(vcl_gemm_choose(ctx, &gemm, &after, &is, &test_error));
        assert_ptr_equal(after, before);
        assert_memory_equal(&is, &was, sizeof is);
    }
    vcl_ctx_destroy(&ctx);
}

/* ---- tuning ---- */

struct heard {
    unsigned results, calls;
    bool stop;
};

static bool on_progress(void *user, const struct vcl_tune_progress *progress)
{
    struct heard *heard = user;
    heard->calls++;
    assert_true(progress->done < progress->count && progress->product[0]);
    return heard->stop;
}

static void on_result(void *user, const struct vcl_tune_result *result)
{
    struct heard *heard = user;
    heard->results++;
    assert_string_equal(result->product, "tn m32 n48 k256");
    assert_true(result->tried >= 1 && result->wrong == 0);
    assert_true(result->gflops > 0 && result->gflops >= 0.97 * result->default_gflops);
}

static enum vcl_status tune(struct vcl_ctx *ctx, enum vcl_tune_which which, bool must_keep,
                            struct heard *heard, struct vcl_tune_summary *summary)
{
    const struct vcl_gemm products[] = {typical(), typical()};
    return vcl_tune(ctx,
                    &(struct vcl_tune_params){.products = products,
                                              .count = 2,
                                              .seconds = 2, /* more than a busy disk takes */
                                              .which = which,
                                              .must_keep = must_keep,
                                              .progress = on_progress,
                                              .result = on_result,
                                              .user = heard},
                    summary, &test_error);
}

/* How the product is done with what is kept in the folder. */
static const struct vcl_gemm_def *way_with(const char *folder, struct vcl_gemm_setting *setting,
                                           bool *ret_own)
{
    struct vcl_ctx *ctx = context_with(folder);
    const struct vcl_gemm gemm = typical();
    const struct vcl_gemm_def *def;
    const struct vcl_tuned_row *row;
    struct vcl_gemm_setting ignored;
    OK(vcl_gemm_choose(ctx, &gemm, &def, setting, &test_error));
    OK(vcl_tuning_find(ctx, &gemm, NULL, &row, &ignored, &test_error));
    *ret_own = row && row->own;
    vcl_ctx_destroy(&ctx);
    return def;
}

static void replace_in_file(const char *path, const char *from, const char *to)
{
    unsigned char *text;
    size_t size;
    struct vcl_str changed = {0};
    OK(vcl_file_read(path, &text, &size, &test_error));
    char *found = strstr((char *)text, from);
    assert_non_null(found);
    vcl_str_add(&changed, "%.*s%s%s", (int)(found - (char *)text), (char *)text, to,
                found + strlen(from));
    OK(vcl_file_write(path, changed.text, changed.len, true, &test_error));
    vcl_str_finish(&changed);
    free(text);
}

static void test_kept(void **state)
{
    char *folder = test_folder_create(), *path;
    char *inside = test_path_in(folder, "not/there/yet");
    struct vcl_ctx *ctx = context_with(inside);
    struct vcl_tune_summary summary;
    struct heard heard = {0};
    struct vcl_gemm_setting here = {0}, later = {0};
    const struct vcl_gemm gemm = typical();
    const struct vcl_gemm_def *def;
    bool own;
    (void)state;
    if (possible(ctx)) {
        OK(tune(ctx, VCL_TUNE_ALL, true, &heard, &summary));
        assert_int_equal(summary.tuned, 1); /* two of one class */
        assert_int_equal(summary.known + summary.left, 0);
        assert_int_equal(heard.results, 1);
        OK(vcl_gemm_choose(ctx, &gemm, &def, &here, &test_error));
        assert_ptr_equal(way_with(inside, &later, &own), def);
        assert_memory_equal(&later, &here, sizeof here);
        assert_true(own);
        OK(tune(ctx, VCL_TUNE_UNMEASURED, true, &heard, &summary));
        assert_int_equal(summary.tuned, 0);
        assert_int_equal(summary.known, 1);
        OK(vcl_tune_path(ctx, &path, &test_error));
        replace_in_file(path, "\ndriver ", "\ndriver an older ");
        way_with(inside, &later, &own);
        assert_false(own);
        free(path);
    }
    vcl_ctx_destroy(&ctx);
    free(inside);
    test_folder_destroy(&folder);
}

static void test_stopped(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    struct vcl_tune_summary summary;
    struct heard heard = {.stop = true};
    (void)state;
    if (possible(ctx)) {
        OK(tune(ctx, VCL_TUNE_ALL, false, &heard, &summary));
        assert_int_equal(summary.tuned, 0);
        assert_int_equal(summary.left, 1);
        assert_int_equal(heard.calls, 1);
    }
    vcl_ctx_destroy(&ctx);
}

/* A start tries once: what it does not reach is left to who asks for it. */
static void test_left(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    const struct vcl_gemm gemm = typical();
    const struct vcl_tuned_row guess = {
        .shape = vcl_gemm_class_of(&gemm), .def = &vcl_gemm_naive, .guess = true};
    struct vcl_tune_params params = {.products = &gemm, .count = 1, .seconds = 1e-9};
    struct vcl_tune_summary summary;
    (void)state;
    OK(vcl_tuning_put(ctx, &guess, &test_error));
    if (possible(ctx)) {
        OK(vcl_tune(ctx, &params, &summary, &test_error));
        assert_int_equal(summary.left, 1);
        OK(vcl_tune(ctx, &params, &summary, &test_error));
        assert_int_equal(summary.known, 1);
        params.which = VCL_TUNE_UNMEASURED;
        OK(vcl_tune(ctx, &params, &summary, &test_error));
        assert_int_equal(summary.left, 1);
    }
    vcl_ctx_destroy(&ctx);
}

/* The passes of a convolution are classes of their own. */
static void test_convolutions(void **state)
{
    struct vcl_ctx *ctx = context_with(NULL);
    struct vcl_conv conv[3];
    struct vcl_gemm products[3];
    struct vcl_tune_summary summary;
    (void)state;
    for (int pass = 0; pass < 3; pass++) {
        conv[pass] = (struct vcl_conv){.pass = (enum vcl_conv_pass)pass,
                                       .batch = 2,
                                       .height = 9,
                                       .width = 8,
                                       .channels = 3,
                                       .map_height = 5,
                                       .map_width = 4,
                                       .features = 5,
                                       .kernel_height = 3,
                                       .kernel_width = 3,
                                       .stride_height = 2,
                                       .stride_width = 2,
                                       .pad_height = 1,
                                       .pad_width = 1};
        products[pass] = vcl_conv_gemm(&conv[pass], NULL, NULL, NULL);
    }
    OK(vcl_tune(ctx,
                &(struct vcl_tune_params){.products = products,
                                          .count = 3,
                                          .seconds = test_small() ? 0.01 : 3,
                                          .which = VCL_TUNE_ALL},
                &summary, &test_error));
    assert_int_equal(summary.tuned + summary.known + summary.left, 3);
    assert_true(test_small() || summary.tuned + summary.known > 0);
    vcl_ctx_destroy(&ctx);
}

/* Where nothing can be kept, that is an error only if it was the point. */
static void test_not_kept(void **state)
{
    char *folder = test_folder_create(), *file = test_path_in(folder, "file");
    struct vcl_tune_summary summary;
    struct heard heard = {0};
    (void)state;
    OK(vcl_file_write(file, "x", 1, false, &test_error));
    struct vcl_ctx *ctx = context_with(file);
    assert_int_equal(tune(ctx, VCL_TUNE_ALL, true, &heard, &summary), VCL_E_IO);
    assert_int_equal(heard.results, 0);
    OK(tune(ctx, VCL_TUNE_ALL, false, &heard, &summary));
    assert_int_equal(heard.results, possible(ctx));
    vcl_ctx_destroy(&ctx);
    ctx = context_with(NULL);
    assert_int_equal(tune(ctx, VCL_TUNE_ALL, true, &heard, &summary), VCL_E_ARG);
    vcl_ctx_destroy(&ctx);
    free(file);
    test_folder_destroy(&folder);
}

/* ---- training ---- */

struct trainee {
    struct vcl_ctx *ctx;
    size_t products;
};

static void on_products(void *user, const struct vcl_gemm *products, size_t count)
{
    struct trainee *trainee = user;
    trainee->products = count;
    OK(vcl_tune(trainee->ctx,
                &(struct vcl_tune_params){
                    .products = products, .count = count, .seconds = 1, .which = VCL_TUNE_ALL},
                NULL, &test_error));
}

static void train(bool tuned, const char *folder, const char *name)
{
    const char *words[] = {
        "encoder=dense 40 relu", "decoder=dense 40 relu", "latent=3", "batch=32", "epochs=2", NULL};
    struct vcl_config *config = test_config(words);
    struct test_set set = test_set_create(100, (struct vcl_shape){6, 6, 1}, VCL_U8);
    struct vcl_model *model = NULL;
    struct trainee trainee = {.ctx = context_with(NULL)};
    char *path = test_path_in(folder, name);
    OK(vcl_train(trainee.ctx, config,
                 &(struct vcl_train_params){
                     .train = set.set, .products = tuned ? on_products : NULL, .user = &trainee},
                 &model, NULL, &test_error));
    /* Four dense layers: a product forward and two backward each, but for the first, whose input
     * wants no gradient. */
    assert_int_equal(trainee.products, tuned ? 11 : 0);
    OK(vcl_model_save(model, path, false, &test_error));
    free(path);
    vcl_model_destroy(&model);
    vcl_ctx_destroy(&trainee.ctx);
    test_set_finish(&set);
    vcl_config_destroy(&config);
}

static void test_training(void **state)
{
    char *folder = test_folder_create();
    unsigned char *one, *two;
    size_t size_one, size_two;
    (void)state;
    if (!test_small()) {
        train(false, folder, "one.safetensors");
        train(true, folder, "two.safetensors");
        one = test_file_read(folder, "one.safetensors", &size_one);
        two = test_file_read(folder, "two.safetensors", &size_two);
        assert_int_equal(size_one, size_two);
        assert_memory_equal(one, two, size_one);
        free(one);
        free(two);
    }
    test_folder_destroy(&folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_obeyed),   cmocka_unit_test(test_not_obeyed),
        cmocka_unit_test(test_kept),     cmocka_unit_test(test_stopped),
        cmocka_unit_test(test_not_kept), cmocka_unit_test(test_left),
        cmocka_unit_test(test_training), cmocka_unit_test(test_convolutions),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, true);
}
