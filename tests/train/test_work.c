/* SPDX-License-Identifier: MIT
 *
 * What a training reports of its work: the multiply-adds of its matrix products, recorded once and
 * run many times, and the launches of a step; and that launches recorded as a command buffer do the
 * same work.
 */
#include <stdlib.h>
#include <string.h>

#include "cl/context.h"
#include "common/model_by_hand.h"
#include "common/random_set.h"
#include "common/test_folder.h"
#include "vae/config.h"

enum { COUNT = 90, BATCH = 30, STEPS = 6, DATA = 24, HIDDEN = 10, LATENT = 3 };

static struct vcl_config *work_config(void)
{
    const char *words[] = {"encoder=dense 10 relu",
                           "decoder=dense 10 relu",
                           "latent=3",
                           "likelihood=gaussian",
                           "batch=30",
                           "epochs=2",
                           NULL};
    return test_config(words);
}

/* Of one example: each layer forward and its weights' gradient, and the gradient of its input for
 * all but the first. */
static uint64_t multiply_adds(void)
{
    uint64_t first = DATA * HIDDEN;
    uint64_t others = HIDDEN * 2 * LATENT + LATENT * HIDDEN + HIDDEN * DATA;
    return 2 * first + 3 * others;
}

static void test_multiply_adds(void **state)
{
    (void)state;
    struct test_set set = test_set_create(COUNT, (struct vcl_shape){1, DATA, 1}, VCL_F32);
    struct vcl_config *config = work_config();
    const struct vcl_train_params params = {.train = set.set};
    const struct vcl_ctx_params in = {.device = test_target.device.id, .cache_dir = test_cache()};
    struct vcl_train_result result;
    struct vcl_ctx *ctx;
    OK(vcl_ctx_create(&in, &ctx, &test_error));
    assert_int_equal(vcl_ctx_multiply_adds(ctx), 0);
    OK(vcl_train(ctx, config, &params, NULL, &result, &test_error));
    assert_int_equal(result.steps, STEPS);
    assert_int_equal((uint64_t)result.multiply_adds_per_step, BATCH * multiply_adds());
    assert_int_equal(vcl_ctx_multiply_adds(ctx), STEPS * BATCH * multiply_adds());
    assert_int_equal(vcl_ctx_launches(ctx) / STEPS, (uint64_t)result.launches_per_step);
    vcl_ctx_destroy(&ctx);
    vcl_config_destroy(&config);
    test_set_finish(&set);
}

/* No optimiser takes memory for a state that it does not keep. */
static void test_states(void **state)
{
    static const struct {
        const char *optimiser;
        int states;
    } cases[] = {{"sgd", 1}, {"adam", 2}, {"adamw", 2}};
    struct test_set set = test_set_create(COUNT, (struct vcl_shape){1, DATA, 1}, VCL_F32);
    const struct vcl_train_params params = {.train = set.set};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct vcl_config *config = work_config();
        struct vcl_train_result result;
        struct vcl_model *model;
        int made = 0;
        OK(vcl_config_set(config, "optimiser", cases[i].optimiser, &test_error));
        OK(vcl_train(test_target.ctx, config, &params, &model, &result, &test_error));
        for (int s = 0; s < VCL_OPTIMISER_STATES; s++)
            made += model->params.state[s] != NULL;
        assert_int_equal(made, cases[i].states);
        vcl_model_destroy(&model);
        vcl_config_destroy(&config);
    }
    test_set_finish(&set);
}

/* All parameters after a training, and their number; the caller frees them. NULL if the device has
 * no command buffers. */
static float *trained(bool command_buffers, size_t *ret_n)
{
    struct test_set set = test_set_create(COUNT, (struct vcl_shape){1, DATA, 1}, VCL_F32);
    struct vcl_config *config = work_config();
    const struct vcl_train_params params = {.train = set.set};
    const struct vcl_ctx_params in = {.device = test_target.device.id, .cache_dir = test_cache()};
    struct vcl_train_result result;
    struct vcl_ctx *ctx;
    struct vcl_model *model;
    float *values = NULL;
    OK(vcl_ctx_create(&in, &ctx, &test_error));
    if (vcl_ctx_command_buffers(ctx, command_buffers) == command_buffers) {
        OK(vcl_train(ctx, config, &params, &model, &result, &test_error));
        assert_int_equal(vcl_ctx_launches(ctx) / STEPS, (uint64_t)result.launches_per_step);
        *ret_n = vcl_buf_size(model->params.value) / sizeof(float);
        values = test_buf_floats(model->params.value, *ret_n);
        vcl_model_destroy(&model);
    }
    vcl_ctx_destroy(&ctx);
    vcl_config_destroy(&config);
    test_set_finish(&set);
    return values;
}

static void test_command_buffers(void **state)
{
    (void)state;
    size_t n, n_list;
    float *values = trained(true, &n), *from_list;
    if (!values) {
        print_message("%s has no command buffers\n", test_target.device.name);
        skip();
    }
    from_list = trained(false, &n_list);
    assert_int_equal(n, n_list);
    assert_memory_equal(values, from_list, n * sizeof(float));
    free(values);
    free(from_list);
}

/* ---- a resumed epoch ---- */

static bool stop_within(void *user, const struct vcl_progress *p)
{
    (void)user;
    return p->step == 2;
}

static void note_epoch(void *user, const struct vcl_epoch *epoch, struct vcl_model *model)
{
    (void)model;
    *(struct vcl_epoch *)user = *epoch;
}

/* Its speed is that of the examples which this run has seen, not of all of them. */
static void test_resumed_rate(void **state)
{
    (void)state;
    struct test_set set = test_set_create(COUNT, (struct vcl_shape){1, DATA, 1}, VCL_F32);
    struct vcl_config *config = work_config();
    char *folder = test_folder_create();
    struct vcl_epoch epoch;
    struct vcl_train_params params = {.train = set.set, .out = folder, .progress = stop_within};
    config->checkpoint_every = 2;
    config->epochs = 1;
    assert_int_equal(vcl_train(test_target.ctx, config, &params, NULL, NULL, &test_error),
                     VCL_E_INTERRUPTED);
    params.progress = NULL;
    params.resume = true;
    params.epoch = note_epoch;
    params.user = &epoch;
    OK(vcl_train(test_target.ctx, config, &params, NULL, NULL, &test_error));
    double seen = epoch.images_per_second * epoch.seconds;
    if (seen < BATCH * 0.999 || seen > COUNT * 0.8)
        fail_msg("%g examples are reported, %d were left of %d", seen, BATCH, COUNT);
    test_folder_destroy(&folder);
    vcl_config_destroy(&config);
    test_set_finish(&set);
}

/* Each preset is of use for examples of the shape that it says it is for, or else of MNIST's. */
static void test_presets(void **state)
{
    (void)state;
    for (const char *const *name = vcl_preset_names(); *name; name++) {
        struct vcl_config *config;
        struct vcl_shape shape = {28, 28, 1};
        struct vcl_model *model;
        OK(vcl_config_create(&config, &test_error));
        OK(vcl_config_load_for(config, *name, &shape, &test_error));
        OK(vcl_model_create(test_target.ctx, config, shape, 2, false, &model, &test_error));
        vcl_model_destroy(&model);
        vcl_config_destroy(&config);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_multiply_adds), cmocka_unit_test(test_states),
        cmocka_unit_test(test_presets), cmocka_unit_test(test_command_buffers),
        cmocka_unit_test(test_resumed_rate)};
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
