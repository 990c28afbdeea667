/* SPDX-License-Identifier: MIT
 *
 * The losses that a training reports, of its own steps, its validation part and its test set,
 * against the reference example by example. The learning rate is too small to move a parameter, so
 * that the model is the same throughout.
 */
#include <stdlib.h>

#include "base/philox.h"
#include "use/known.h"

static const double ERROR = 1e-5;
static const uint64_t SEED = 0x200000005;
enum { COUNT = 45, TEST = 11, MANY = 5 * 8 + 1, BATCH = 8, EPOCHS = 2, DATA = 15 };
static const struct vcl_shape shape = {3, 5, 1};

static const char *const words[] = {
    "encoder=dense 7 tanh",
    "decoder=dense 6 tanh",
    "latent=3",
    "batch=8",
    "epochs=2",
    "lr=1e-12",
    "optimiser=sgd",
    "valid=0.25",
    "seed=8589934597",
    "binarize=dynamic",
    "beta=2",
    NULL,
};

struct reported {
    struct vcl_epoch epochs[EPOCHS];
};

static void on_epoch(void *user, const struct vcl_epoch *epoch, struct vcl_model *model)
{
    struct reported *reported = user;
    (void)model;
    reported->epochs[epoch->epoch - 1] = *epoch;
}

/* Losses of every example with the noise of a step and the pixels of an epoch. */
static void lose(struct known *known, uint32_t step, uint32_t epoch)
{
    known_binarise(known, SEED, epoch);
    known_draw_noise(known, SEED, step, 0);
    vae_ref_forward(known->ref);
}

static void check_losses(const struct vcl_losses *got, double recon, double kl)
{
    assert_near(vcl_losses_term(got, "recon"), recon, ERROR, "recon");
    assert_near(vcl_losses_term(got, "kl"), kl, ERROR, "KL");
    assert_near(got->loss, recon + kl, ERROR, "loss"); /* beta does not enter */
}

/* The mean over `n` examples by their numbers, or the first ones. */
static void check_evaluation(struct known *known, const uint32_t *indices, size_t n,
                             const struct vcl_losses *got)
{
    double recon = 0, kl = 0;
    lose(known, KNOWN_EVALUATION, KNOWN_EVALUATION);
    for (size_t i = 0; i < n; i++) {
        recon += known->ref->recon[indices ? indices[i] : i] / (double)n;
        kl += known->ref->kl[indices ? indices[i] : i] / (double)n;
    }
    check_losses(got, recon, kl);
}

/* Each example in the step that the epoch's shuffle puts it in. */
static void check_training(struct known *known, const uint32_t *train, size_t n, uint32_t epoch,
                           const struct vcl_losses *got)
{
    const struct vcl_philox rng = {.seed = SEED, .stream = VCL_STREAM_SHUFFLE, .step = epoch};
    uint32_t order[COUNT], steps = (uint32_t)(n + BATCH - 1) / BATCH;
    double recon = 0, kl = 0;
    vcl_philox_shuffle(&rng, order, n);
    for (uint32_t step = 0; step < steps; step++) {
        lose(known, epoch * steps + step, epoch);
        for (size_t i = (size_t)step * BATCH; i < n && i < (size_t)(step + 1) * BATCH; i++) {
            recon += known->ref->recon[train[order[i]]] / (double)n;
            kl += known->ref->kl[train[order[i]]] / (double)n;
        }
    }
    check_losses(got, recon, kl);
}

static void check_all(struct known *train, struct known *test, const struct reported *reported)
{
    uint32_t *indices, *valid;
    size_t n, n_valid;
    OK(vcl_dataset_divide(train->set, 0.25, SEED, &indices, &n, &valid, &n_valid, &test_error));
    assert_true(n % BATCH && n_valid % BATCH && TEST % BATCH); /* no last batch is whole */
    for (uint32_t e = 0; e < EPOCHS; e++) {
        const struct vcl_epoch *epoch = &reported->epochs[e];
        assert_true(epoch->has_valid && epoch->has_test);
        check_training(train, indices, n, e, &epoch->train);
        check_evaluation(train, valid, n_valid, &epoch->valid);
        check_evaluation(test, NULL, TEST, &epoch->test);
    }
    free(indices);
    free(valid);
}

static void test_reported(void **state)
{
    struct known train = known_create(words, shape, COUNT), test = known_create(words, shape, TEST);
    struct reported reported = {0};
    struct vcl_model *model;
    const struct vcl_train_params params = {
        .train = train.set, .test = test.set, .epoch = on_epoch, .user = &reported};
    (void)state;
    struct vcl_train_result result;
    OK(vcl_train(test_target.ctx, train.config, &params, &model, &result, &test_error));
    const struct vcl_epoch *last = &reported.epochs[EPOCHS - 1];
    assert_memory_equal(&result.train, &last->train, sizeof last->train);
    assert_memory_equal(&result.test, &last->test, sizeof last->test);
    assert_int_equal(result.epochs, EPOCHS);
    assert_int_equal(result.steps, last->steps);
    known_take_parameters(&train, model);
    known_take_parameters(&test, model);
    check_all(&train, &test, &reported);
    vcl_model_destroy(&model);
    known_finish(&train);
    known_finish(&test);
}

/* The test set alone, of more batches than the training set: each of them is counted, and of the
 * last its one example. */
static void test_large_test_set(void **state)
{
    struct known train = known_create(words, shape, BATCH), test = known_create(words, shape, MANY);
    struct reported reported = {0};
    struct vcl_model *model;
    const struct vcl_train_params params = {
        .train = train.set, .test = test.set, .epoch = on_epoch, .user = &reported};
    (void)state;
    train.config->valid = 0;
    OK(vcl_train(test_target.ctx, train.config, &params, &model, NULL, &test_error));
    known_take_parameters(&test, model);
    for (int e = 0; e < EPOCHS; e++)
        check_evaluation(&test, NULL, MANY, &reported.epochs[e].test);
    vcl_model_destroy(&model);
    known_finish(&train);
    known_finish(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reported),
                                       cmocka_unit_test(test_large_test_set)};
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
