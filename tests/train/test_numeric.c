/* SPDX-License-Identifier: MIT
 *
 * Numbers that are no longer finite stop the training; the error names the step and the tensor, and
 * what was saved before stays as it was.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/model_by_hand.h"
#include "common/random_set.h"
#include "common/test_folder.h"

static const struct vcl_shape shape = {1, 24, 1};
enum { COUNT = 90 };

/* Five epochs of three steps. Values are larger than the bernoulli likelihood takes. */
static struct vcl_config *make_config(const char *more)
{
    const char *words[] = {"encoder=dense 10 relu",
                           "decoder=dense 10 relu",
                           "latent=3",
                           "likelihood=gaussian",
                           "batch=30",
                           "epochs=5",
                           "optimiser=sgd",
                           "momentum=0",
                           "lr=0.0001",
                           more,
                           NULL};
    return test_config(words);
}

struct failing {
    struct test_set set, test;
    struct vcl_config *config;
    double later_lr; /* of a resumed run, once it was found to be the same run; 0: as before */
    char *folder;
};

static struct failing failing_create(const char *more)
{
    return (struct failing){.set = test_set_create(COUNT, shape, VCL_F32),
                            .test = test_set_create(COUNT, shape, VCL_F32),
                            .config = make_config(more),
                            .folder = test_folder_create()};
}

static void failing_finish(struct failing *f)
{
    vcl_config_destroy(&f->config);
    test_set_finish(&f->set);
    test_set_finish(&f->test);
    test_folder_destroy(&f->folder);
}

/* Called between the comparison with the checkpoint and the first step. */
static void change_lr(void *user, const struct vcl_gemm *products, size_t count)
{
    const struct failing *f = user;
    (void)products;
    (void)count;
    if (f->later_lr > 0)
        f->config->lr = f->later_lr;
}

static enum vcl_status train(const struct failing *f, bool resume, const struct vcl_dataset *test,
                             bool (*progress)(void *, const struct vcl_progress *))
{
    const struct vcl_train_params params = {.train = f->set.set,
                                            .test = test,
                                            .out = f->folder,
                                            .resume = resume,
                                            .products = change_lr,
                                            .progress = progress,
                                            .user = (void *)f};
    return vcl_train(test_target.ctx, f->config, &params, NULL, NULL, &test_error);
}

/* Two epochs go well. */
static bool stop_after_two(void *user, const struct vcl_progress *p)
{
    (void)user;
    return p->epoch == 2 && p->step == p->epoch_steps;
}

static void begin_well(const struct failing *f)
{
    assert_int_equal(train(f, false, NULL, stop_after_two), VCL_E_INTERRUPTED);
}

/* The resumed run fails with a message that holds these parts, and leaves the checkpoint. */
static void assert_fails(const struct failing *f, const struct vcl_dataset *test, const char *where,
                         const char *what)
{
    size_t before, after;
    unsigned char *kept = test_file_read(f->folder, "checkpoint.safetensors", &before);
    assert_int_equal(train(f, true, test, NULL), VCL_E_NUMERIC);
    print_message("%s\n", test_error.msg);
    if (!strstr(test_error.msg, where) || !strstr(test_error.msg, what))
        fail_msg("the message lacks '%s' or '%s'", where, what);
    unsigned char *now = test_file_read(f->folder, "checkpoint.safetensors", &after);
    assert_true(before == after && memcmp(kept, now, before) == 0);
    free(kept);
    free(now);
}

/* Step 7, the first that is resumed, still has a finite loss: what it leads to has none. */
static void test_learning_rate(void **state)
{
    (void)state;
    struct failing f = failing_create("beta=1");
    begin_well(&f);
    f.later_lr = 1e30;
    assert_fails(&f, NULL, "step 8 (epoch 3, step 2)", "latent");
    failing_finish(&f);
}

static float *value(const struct test_set *set, size_t example, size_t column)
{
    return (float *)set->values + example * vcl_shape_size(shape) + column;
}

/* Opening a set refuses NaN; this one comes later. */
static void test_data(void **state)
{
    (void)state;
    struct failing f = failing_create("beta=1");
    for (size_t i = 0; i < COUNT; i++)
        *value(&f.set, i, 5) = NAN;
    assert_int_equal(train(&f, false, NULL, NULL), VCL_E_NUMERIC);
    print_message("%s\n", test_error.msg);
    assert_non_null(strstr(test_error.msg, "step 1 (epoch 1, step 1): the data"));
    failing_finish(&f);
}

/* x = 1e18 makes mu some 1e17: their squares are finite, but not x times 1e9 mu. */
static void test_gradient(void **state)
{
    (void)state;
    struct failing f = failing_create("beta=1e9");
    for (size_t i = 0; i < COUNT; i++)
        *value(&f.set, i, 7) = 1e18f;
    assert_int_equal(train(&f, false, NULL, NULL), VCL_E_NUMERIC);
    print_message("%s\n", test_error.msg);
    assert_non_null(strstr(test_error.msg, "step 1 (epoch 1, step 1): the gradient of "));
    failing_finish(&f);
}

static void test_test_set(void **state)
{
    (void)state;
    struct failing f = failing_create("beta=1");
    begin_well(&f);
    *value(&f.test, 3, 3) = 1e30f;
    assert_fails(&f, f.test.set, "epoch 3", "test set");
    failing_finish(&f);
}

/* Infinite parameters after the last step of an epoch, which no loss has seen yet. */
static void test_last_step(void **state)
{
    (void)state;
    struct failing f = failing_create("sigma=0.01");
    f.config->batch = COUNT;
    f.config->lr = 1e-9;
    begin_well(&f);
    f.later_lr = 1e38;
    assert_fails(&f, NULL, "after step 3: ", "encoder.0.weight");
    failing_finish(&f);
}

/* ---- finite, but far from where it began ---- */

struct warnings {
    size_t count;
    char text[256];
};

static void note_warning(void *user, enum vcl_log_level level, const char *message)
{
    struct warnings *warnings = user;
    if (level != VCL_LOG_WARNING)
        return;
    warnings->count++;
    snprintf(warnings->text, sizeof warnings->text, "%s", message);
}

/* The loss grows tenfold and more, with no number ever infinite: said, once and at the end. */
static void test_far_above(void **state)
{
    (void)state;
    struct failing f = failing_create("sigma=0.1");
    struct warnings warnings = {0};
    const struct vcl_ctx_params in = {
        .device = test_target.device.id, .log = note_warning, .log_user = &warnings};
    const struct vcl_train_params params = {.train = f.set.set, .out = f.folder};
    struct vcl_train_result result;
    struct vcl_ctx *ctx;
    OK(vcl_ctx_create(&in, &ctx, &test_error));
    f.config->optimiser = "adam";
    f.config->lr = 0.001;
    OK(vcl_train(ctx, f.config, &params, NULL, &result, &test_error));
    assert_false(result.diverged);
    assert_int_equal(warnings.count, 0);
    f.config->lr = 3;
    test_folder_destroy(&f.folder);
    f.folder = test_folder_create();
    OK(vcl_train(ctx, f.config, &(struct vcl_train_params){.train = f.set.set, .out = f.folder},
                 NULL, &result, &test_error));
    assert_true(isfinite(result.train.loss));
    assert_true(result.diverged);
    assert_int_equal(warnings.count, 2);
    assert_non_null(strstr(warnings.text, "far above where it began"));
    assert_non_null(strstr(warnings.text, "--lr"));
    vcl_ctx_destroy(&ctx);
    failing_finish(&f);
}

/* ---- what was saved stays ---- */

struct saved {
    const char *folder;
    unsigned char *metrics, *model;
    size_t metrics_size, model_size;
};

/* After the first epoch, the second moment of a parameter is what a large gradient makes of it. */
static void overflow(void *user, const struct vcl_epoch *epoch, struct vcl_model *model)
{
    const float infinite = INFINITY;
    struct saved *saved = user;
    if (epoch->epoch != 1)
        return;
    saved->metrics = test_file_read(saved->folder, "metrics.jsonl", &saved->metrics_size);
    saved->model = test_file_read(saved->folder, "model.safetensors", &saved->model_size);
    OK(vcl_buf_write(model->params.state[1], 0, sizeof infinite, &infinite, &test_error));
}

static void assert_is(const char *folder, const char *name, const unsigned char *want, size_t size)
{
    size_t now_size;
    unsigned char *now = test_file_read(folder, name, &now_size);
    assert_true(now_size == size && memcmp(now, want, size) == 0);
    free(now);
}

/* Parameters and losses are finite all the time, but the checkpoint can't be written: neither
 * metrics nor model are replaced, and the run goes on from the first epoch. */
static void test_second_moment(void **state)
{
    (void)state;
    struct failing f = failing_create("beta=1");
    struct saved saved = {.folder = f.folder};
    const struct vcl_train_params params = {
        .train = f.set.set, .out = f.folder, .epoch = overflow, .user = &saved};
    f.config->optimiser = "adam";
    assert_int_equal(vcl_train(test_target.ctx, f.config, &params, NULL, NULL, &test_error),
                     VCL_E_NUMERIC);
    print_message("%s\n", test_error.msg);
    assert_non_null(strstr(test_error.msg, "after step 6: tensor 'state1/"));
    assert_non_null(strstr(test_error.hint, "--lr"));
    assert_is(f.folder, "metrics.jsonl", saved.metrics, saved.metrics_size);
    assert_is(f.folder, "model.safetensors", saved.model, saved.model_size);
    OK(train(&f, true, NULL, NULL));
    free(saved.metrics);
    free(saved.model);
    failing_finish(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_learning_rate), cmocka_unit_test(test_data),
        cmocka_unit_test(test_gradient),      cmocka_unit_test(test_test_set),
        cmocka_unit_test(test_last_step),     cmocka_unit_test(test_far_above),
        cmocka_unit_test(test_second_moment),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
