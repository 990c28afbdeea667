/* SPDX-License-Identifier: MIT
 *
 * Models with a condition. One that is told labels as rows of zeros and a one is an ordinary one
 * whose examples, or codes, have these rows behind them: the same weights give the same bits.
 */
#include <stdlib.h>
#include <string.h>

#include "common/model_by_hand.h"
#include "use/test_use.h"
#include "vaecl/use.h"

enum { COUNT = 9, BATCH = 4, DATA = 6, LATENT = 3, CLASSES = 4, WIDE = DATA + CLASSES };
static const struct vcl_shape row = {1, DATA, 1}, wide_row = {1, WIDE, 1};
static const int32_t labels[COUNT] = {3, 0, 1, 1, 2, 3, 0, 2, 1};

static struct vcl_model *make(const char *latent, const char *condition, const char *classes,
                              struct vcl_shape shape, uint32_t batch)
{
    const char *words[] = {
        "encoder=dense 7 tanh", "decoder=dense 5 tanh", latent, condition, classes, NULL};
    struct vcl_config *config = test_config(words);
    struct vcl_model *model;
    OK(vcl_model_create(test_target.ctx, config, shape, batch, false, &model, &test_error));
    vcl_config_destroy(&config);
    return model;
}

static struct vcl_model *make_told(uint32_t batch)
{
    return make("latent=3", "condition=one-hot", "classes=4", row, batch);
}

/* Parameters of the same names and shapes. */
static void copy_parameters(struct vcl_model *from, struct vcl_model *to)
{
    for (size_t i = 0; i < from->params.count; i++) {
        const struct vcl_param *p = &from->params.items[i], *q = &to->params.items[i];
        assert_string_equal(p->name, q->name);
        if (p->rows != q->rows || p->cols != q->cols)
            continue;
        float *values = test_buf_floats(p->value, p->count);
        OK(vcl_buf_write(q->value, 0, p->count * sizeof *values, values, &test_error));
        free(values);
    }
}

/* x (n, size), and behind each row its label's: ret (n, size + CLASSES). */
static void put_behind(const float *x, size_t size, size_t n, float *ret)
{
    memset(ret, 0, n * (size + CLASSES) * sizeof *ret);
    for (size_t i = 0; i < n; i++) {
        memcpy(ret + i * (size + CLASSES), x + i * size, size * sizeof *x);
        ret[i * (size + CLASSES) + size + (size_t)labels[i]] = 1;
    }
}

static void fill(float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(i * 7 % 11) / 11;
}

static struct vcl_dataset *wrap(struct vcl_shape shape, const float *x, const int32_t *of)
{
    struct vcl_dataset *set;
    OK(vcl_dataset_wrap("told", COUNT, shape, VCL_F32, x, of, &set, &test_error));
    return set;
}

static void test_encode(void **state)
{
    float x[COUNT * DATA], wide[COUNT * WIDE], got[COUNT * LATENT], wanted[COUNT * LATENT];
    struct vcl_model *told = make_told(BATCH);
    struct vcl_model *plain = make("latent=3", "condition=none", "classes=0", wide_row, BATCH);
    (void)state;
    fill(x, COUNT * DATA);
    put_behind(x, DATA, COUNT, wide);
    struct vcl_dataset *set = wrap(row, x, labels), *wide_set = wrap(wide_row, wide, NULL);
    copy_parameters(told, plain);
    OK(vcl_encode(told, set, 0, COUNT, 1, got, NULL, NULL, &test_error));
    OK(vcl_encode(plain, wide_set, 0, COUNT, 1, wanted, NULL, NULL, &test_error));
    assert_memory_equal(got, wanted, sizeof got);
    OK(vcl_encode(told, set, 4, 1, 1, got, NULL, NULL, &test_error)); /* its own label */
    assert_memory_equal(got, wanted + 4 * LATENT, LATENT * sizeof *got);
    vcl_dataset_destroy(&set);
    vcl_dataset_destroy(&wide_set);
    vcl_model_destroy(&told);
    vcl_model_destroy(&plain);
}

static void test_decode(void **state)
{
    float z[COUNT * LATENT], wide[COUNT * (LATENT + CLASSES)];
    float got[COUNT * DATA], wanted[COUNT * DATA];
    struct vcl_model *told = make_told(BATCH);
    struct vcl_model *plain = make("latent=7", "condition=none", "classes=0", row, BATCH);
    (void)state;
    OK(vcl_prior(told, COUNT, 5, z, &test_error));
    put_behind(z, LATENT, COUNT, wide);
    copy_parameters(told, plain);
    OK(vcl_decode_labelled(told, COUNT, z, labels, got, &test_error));
    OK(vcl_decode(plain, COUNT, wide, wanted, &test_error));
    assert_memory_equal(got, wanted, sizeof got);
    OK(vcl_sample_labelled(told, COUNT, 5, labels, got, &test_error));
    assert_memory_equal(got, wanted, sizeof got);
    vcl_model_destroy(&told);
    vcl_model_destroy(&plain);
}

/* Without labels, samples are of all classes in turn. */
static void test_in_turn(void **state)
{
    float got[COUNT * DATA], wanted[COUNT * DATA];
    int32_t in_turn[COUNT];
    struct vcl_model *told = make_told(BATCH);
    (void)state;
    for (int32_t i = 0; i < COUNT; i++)
        in_turn[i] = i % CLASSES;
    OK(vcl_sample(told, COUNT, 5, got, &test_error));
    OK(vcl_sample_labelled(told, COUNT, 5, in_turn, wanted, &test_error));
    assert_memory_equal(got, wanted, sizeof got);
    vcl_model_destroy(&told);
}

/* The same losses whatever the batch, in which an example has one sample or several; others with
 * others' labels. */
static void test_evaluate(void **state)
{
    const struct vcl_eval_params params = {.nll_samples = 5, .seed = 3};
    const int32_t others[COUNT] = {0, 1, 2, 3, 0, 1, 2, 3, 0};
    struct vcl_eval one, all, wrong;
    float x[COUNT * DATA];
    struct vcl_model *small = make_told(1), *large = make_told(3 * COUNT);
    (void)state;
    fill(x, COUNT * DATA);
    struct vcl_dataset *set = wrap(row, x, labels), *wrong_set = wrap(row, x, others);
    OK(vcl_evaluate(small, set, &params, &one, &test_error));
    OK(vcl_evaluate(large, set, &params, &all, &test_error));
    OK(vcl_evaluate(large, wrong_set, &params, &wrong, &test_error));
    assert_true(one.losses.loss == all.losses.loss && one.nll == all.nll);
    assert_true(wrong.losses.loss != all.losses.loss && wrong.nll != all.nll);
    vcl_dataset_destroy(&set);
    vcl_dataset_destroy(&wrong_set);
    vcl_model_destroy(&small);
    vcl_model_destroy(&large);
}

static void test_refused(void **state)
{
    const int32_t beyond[COUNT] = {0, 4}, many[COUNT] = {0, 7}, negative[COUNT] = {0, -1};
    float x[COUNT * DATA], got[COUNT * DATA];
    struct vcl_model *told = make_told(BATCH);
    struct vcl_model *plain = make("latent=3", "condition=none", "classes=0", row, BATCH);
    struct vcl_dataset *bare, *set;
    struct vcl_eval result;
    (void)state;
    fill(x, COUNT * DATA);
    bare = wrap(row, x, NULL);
    set = wrap(row, x, many);
    assert_int_equal(vcl_evaluate(told, bare, NULL, &result, &test_error), VCL_E_ARG);
    assert_non_null(strstr(test_error.msg, "'told' has no labels"));
    assert_int_equal(vcl_encode(told, bare, 0, 1, 1, got, NULL, NULL, &test_error), VCL_E_ARG);
    assert_int_equal(vcl_evaluate(told, set, NULL, &result, &test_error), VCL_E_ARG);
    assert_non_null(strstr(test_error.msg, "has 8 classes, the model was trained on 4"));
    assert_int_equal(vcl_decode(told, 2, x, got, &test_error), VCL_E_ARG);
    assert_int_equal(vcl_decode_labelled(told, 2, x, beyond, got, &test_error), VCL_E_RANGE);
    assert_non_null(strstr(test_error.msg, "label 4 of code 1: the model's are 0 to 3"));
    assert_int_equal(vcl_sample_labelled(told, 2, 1, negative, got, &test_error), VCL_E_RANGE);
    assert_int_equal(vcl_decode_labelled(plain, 2, x, labels, got, &test_error), VCL_E_ARG);
    OK(vcl_decode_labelled(plain, 2, x, NULL, got, &test_error));
    vcl_dataset_destroy(&bare);
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&told);
    vcl_model_destroy(&plain);
}

static void test_no_classes(void **state)
{
    const char *words[] = {"condition=one-hot", NULL};
    struct vcl_config *config = test_config(words);
    struct vcl_model *model = NULL;
    (void)state;
    assert_int_equal(
        vcl_model_create(test_target.ctx, config, row, BATCH, false, &model, &test_error),
        VCL_E_ARG);
    assert_non_null(strstr(test_error.hint, "classes"));
    assert_null(model);
    vcl_config_destroy(&config);
}

int test_use_condition(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),  cmocka_unit_test(test_decode),
        cmocka_unit_test(test_in_turn), cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_no_classes),
    };
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
