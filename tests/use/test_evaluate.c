/* SPDX-License-Identifier: MIT
 *
 * Evaluation of a model with a hidden layer each, against the reference with the same noise: the
 * ELBO's terms, the importance-weighted bound, binarisation, and what is asked for in vain.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "use/known.h"
#include "use/test_use.h"

static const double ERROR = 1e-5;
/* More than 32 bits, all of which count. */
static const uint64_t SEED = 0x500000007;
enum { COUNT = 11, BATCH = 4 };
static const struct vcl_shape shape = {3, 5, 1};

static struct known make_known(const char *more)
{
    const char *words[] = {
        "encoder=dense 7 tanh", "decoder=dense 6 tanh", "latent=3", "sigma=0.7", more, NULL};
    return known_create(words, shape, COUNT);
}

static struct vcl_eval evaluate(const struct known *known, uint32_t batch,
                                const struct vcl_eval_params *params)
{
    struct vcl_model *model = known_model(known, batch);
    struct vcl_eval result;
    OK(vcl_evaluate(model, known->set, params, &result, &test_error));
    vcl_model_destroy(&model);
    return result;
}

static void check_losses(struct known *known, const struct vcl_eval *got, uint64_t seed)
{
    double recon, kl;
    known_draw_noise(known, seed, KNOWN_EVALUATION, 0);
    vae_ref_forward(known->ref);
    recon = known_mean(known->ref->recon, COUNT);
    kl = known_mean(known->ref->kl, COUNT);
    assert_int_equal(got->count, COUNT);
    assert_near(vcl_losses_term(&got->losses, "recon"), recon, ERROR, "recon");
    if (known->ref->stochastic)
        assert_near(vcl_losses_term(&got->losses, "kl"), kl, ERROR, "KL");
    else
        assert_true(isnan(vcl_losses_term(&got->losses, "kl")));
    assert_near(got->losses.loss, recon + kl, ERROR, "loss");
}

/* Each likelihood, with examples that do not fill the last batch. */
static void test_losses(void **state)
{
    static const char *const likelihoods[] = {"likelihood=bernoulli", "likelihood=gaussian",
                                              "likelihood=squared"};
    const struct vcl_eval_params params = {.seed = SEED};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct known known = make_known(likelihoods[i]);
        struct vcl_eval got = evaluate(&known, BATCH, &params);
        check_losses(&known, &got, SEED);
        assert_true(isnan(got.nll));
        if (i < 2)
            assert_near(got.bits_per_dim, got.losses.loss / (15 * log(2)), 1e-12, "bits/dim");
        else
            assert_true(isnan(got.bits_per_dim));
        known_finish(&known);
    }
}

/* beta and free bits are of training: the ELBO knows neither. */
static void test_training_weights(void **state)
{
    static const char *const words[] = {"beta=3", "free-bits=2", "warmup=5"};
    const struct vcl_eval_params params = {.seed = SEED};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct known known = make_known(words[i]);
        struct vcl_eval got = evaluate(&known, BATCH, &params);
        check_losses(&known, &got, SEED);
        known_finish(&known);
    }
}

static void test_autoencoder(void **state)
{
    struct known known = make_known("objective=ae");
    struct vcl_model *model = known_model(&known, BATCH);
    const struct vcl_eval_params params = {.nll_samples = 2};
    struct vcl_eval got;
    (void)state;
    OK(vcl_evaluate(model, known.set, NULL, &got, &test_error));
    check_losses(&known, &got, 1);
    assert_true(isnan(got.bits_per_dim)); /* a reconstruction is no likelihood of the example */
    assert_int_equal(vcl_evaluate(model, known.set, &params, &got, &test_error), VCL_E_UNSUPPORTED);
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* Without parameters the seed is 1. */
static void test_defaults(void **state)
{
    struct known known = make_known("likelihood=bernoulli");
    struct vcl_eval got = evaluate(&known, BATCH, NULL);
    (void)state;
    check_losses(&known, &got, 1);
    known_finish(&known);
}

/* K samples an example: several examples a batch, an example a batch, and one in several parts of
 * which the last is not whole. */
static void test_nll(void **state)
{
    static const uint32_t samples[] = {1, 2, 3, 4, 5, 8, 9, 14};
    (void)state;
    for (int gaussian = 0; gaussian < 2; gaussian++) {
        struct known known = make_known(gaussian ? "likelihood=gaussian" : "likelihood=bernoulli");
        for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
            const struct vcl_eval_params params = {.nll_samples = samples[i], .seed = SEED};
            struct vcl_eval got = evaluate(&known, BATCH, &params);
            assert_near(got.nll, known_nll(&known, SEED, samples[i], COUNT), ERROR, "NLL");
            assert_near(got.bits_per_dim, got.nll / (15 * log(2)), 1e-12, "bits/dim");
            check_losses(&known, &got, SEED);
        }
        known_finish(&known);
    }
}

/* A prior that is learned: its KL is one of samples. */
static void test_mixture(void **state)
{
    static const char *const priors[] = {"prior=mog 4", "prior=mog 1"};
    (void)state;
    for (size_t i = 0; i < sizeof priors / sizeof *priors; i++) {
        struct known known = make_known(priors[i]);
        for (uint32_t samples = 1; samples <= 9; samples += 4) {
            const struct vcl_eval_params params = {.nll_samples = samples, .seed = SEED};
            struct vcl_eval got = evaluate(&known, BATCH, &params);
            assert_near(got.nll, known_nll(&known, SEED, samples, COUNT), ERROR, "NLL");
            check_losses(&known, &got, SEED);
        }
        known_finish(&known);
    }
}

static void test_nll_limit(void **state)
{
    static const struct {
        size_t limit, n;
    } cases[] = {{1, 1}, {5, 5}, {COUNT, COUNT}, {COUNT + 1, COUNT}, {0, COUNT}};
    struct known known = make_known("likelihood=bernoulli");
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct vcl_eval_params params = {
            .nll_samples = 2, .nll_limit = cases[i].limit, .seed = SEED};
        struct vcl_eval got = evaluate(&known, BATCH, &params);
        assert_near(got.nll, known_nll(&known, SEED, 2, cases[i].n), ERROR, "NLL");
        check_losses(&known, &got, SEED); /* of all, whatever the limit */
    }
    known_finish(&known);
}

/* The same bits whatever the model's batch. */
static void test_batch(void **state)
{
    const struct vcl_eval_params params = {.nll_samples = 6, .seed = SEED};
    struct known known = make_known("likelihood=bernoulli");
    struct vcl_eval one = evaluate(&known, 1, &params);
    (void)state;
    for (uint32_t batch = 2; batch <= 64; batch = 2 * batch + 1) {
        struct vcl_eval other = evaluate(&known, batch, &params);
        for (uint32_t i = 0; i < one.losses.count; i++)
            assert_true(other.losses.terms[i].value == one.losses.terms[i].value);
        assert_true(other.nll == one.nll);
    }
    known_finish(&known);
}

/* As the model was trained, unless another way is asked for. */
static void test_binarize(void **state)
{
    static const char *const ways[] = {"none", "dynamic", "threshold", NULL};
    struct known known = make_known("binarize=dynamic");
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct vcl_eval_params params = {.binarize = ways[i], .seed = SEED, .nll_samples = 3};
        struct vcl_eval got = evaluate(&known, BATCH, &params);
        known_set_values(&known, known.values);
        if (!ways[i] || strcmp(ways[i], "dynamic") == 0)
            known_binarise(&known, SEED, KNOWN_EVALUATION);
        for (size_t j = 0; i == 2 && j < COUNT * vcl_shape_size(shape); j++)
            known.ref->x[j] = known.ref->x[j] > 0.5;
        assert_near(got.nll, known_nll(&known, SEED, 3, COUNT), ERROR, "NLL");
        check_losses(&known, &got, SEED);
    }
    known_finish(&known);
}

/* ---- active units ---- */

/* The encoder's mean of latent j is column j of the data. */
static struct known identity_encoder(const float (*rows)[5], size_t count)
{
    const char *words[] = {"encoder=", "decoder=", "latent=5", "likelihood=gaussian", NULL};
    struct known known = known_create(words, (struct vcl_shape){1, 5, 1}, count);
    for (size_t i = 0; i < known.ref->n_params; i++)
        known.ref->params[i] = 0;
    for (size_t j = 0; j < 5; j++)
        known.ref->params[j * 10 + j] = 1;
    known_set_values(&known, rows[0]);
    return known;
}

/* Var(E[z|x]) of the columns: 1.1 and 0.9 hundredths, nothing (but a large mean), 1 around a large
 * mean, 0.9 hundredths around one. Their variance with n - 1 would be over 0.01 in columns 1 and 4,
 * and within batches of two all are constant. */
static void test_active_units(void **state)
{
    static const float rows[4][5] = {
        {0.10488f, 0.09487f, 5, -6, 2.09487f},
        {0.10488f, 0.09487f, 5, -6, 2.09487f},
        {-0.10488f, -0.09487f, 5, -8, 1.90513f},
        {-0.10488f, -0.09487f, 5, -8, 1.90513f},
    };
    struct known known = identity_encoder(rows, 4);
    (void)state;
    for (uint32_t batch = 1; batch <= 4; batch++)
        assert_int_equal(evaluate(&known, batch, NULL).active_units, 2);
    known_finish(&known);
}

/* ---- progress ---- */

struct heard {
    unsigned calls, stop_after;
    double last;
};

static bool on_progress(void *user, double done)
{
    struct heard *heard = user;
    assert_true(done > heard->last && done <= 1 + 1e-12);
    heard->last = done;
    return ++heard->calls == heard->stop_after;
}

/* It rises to 1 by rows of the decoder; a wish to stop is heeded, and leaves the result alone. */
static void test_progress(void **state)
{
    struct known known = make_known("likelihood=bernoulli");
    struct vcl_model *model = known_model(&known, BATCH);
    struct heard heard = {0};
    struct vcl_eval_params params = {
        .nll_samples = 5, .nll_limit = 3, .progress = on_progress, .user = &heard};
    struct vcl_eval got;
    (void)state;
    OK(vcl_evaluate(model, known.set, &params, &got, &test_error));
    assert_int_equal(heard.calls, 3 + 3 * 2);
    assert_near(heard.last, 1, 1e-12, "progress");
    for (unsigned stop = 1; stop <= 9; stop += 4) {
        heard = (struct heard){.stop_after = stop};
        got.count = 77;
        assert_int_equal(vcl_evaluate(model, known.set, &params, &got, &test_error),
                         VCL_E_INTERRUPTED);
        assert_int_equal(heard.calls, stop);
        assert_int_equal(got.count, 77);
    }
    vcl_model_destroy(&model);
    known_finish(&known);
}

int test_use_evaluate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_losses),       cmocka_unit_test(test_training_weights),
        cmocka_unit_test(test_autoencoder),  cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_nll),          cmocka_unit_test(test_nll_limit),
        cmocka_unit_test(test_batch),        cmocka_unit_test(test_binarize),
        cmocka_unit_test(test_active_units), cmocka_unit_test(test_progress),
        cmocka_unit_test(test_mixture),
    };
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
