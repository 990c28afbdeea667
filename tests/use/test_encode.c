/* SPDX-License-Identifier: MIT
 *
 * From x to z: means, log-variances and draws of the posterior, and examples as the model sees
 * them, example by example against the reference.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/worst.h"
#include "use/known.h"
#include "use/test_use.h"

static const double ERROR = 1e-5;
static const uint64_t SEED = 0x300000009;
enum { COUNT = 11, BATCH = 4, DATA = 15, LATENT = 3 };

static struct known make_known(const char *more)
{
    const char *words[] = {"encoder=dense 7 tanh", "decoder=dense 6 tanh", "latent=3", more, NULL};
    return known_create(words, (struct vcl_shape){3, 5, 1}, COUNT);
}

struct codes {
    float mean[COUNT * LATENT], logvar[COUNT * LATENT], z[COUNT * LATENT];
};

static void check_codes(struct known *known, const struct codes *got, size_t first, size_t n)
{
    known_draw_noise(known, SEED, KNOWN_EVALUATION, 0);
    vae_ref_forward(known->ref);
    for (size_t i = 0; i < n; i++) {
        double mean[LATENT], logvar[LATENT];
        known_posterior(known, first + i, mean, logvar);
        for (size_t j = 0; j < LATENT; j++) {
            size_t at = i * LATENT + j;
            assert_near((double)got->mean[at], mean[j], ERROR, "mean");
            assert_near((double)got->z[at], known->ref->z[(first + i) * LATENT + j], 1e-4, "z");
            if (known->ref->stochastic)
                assert_near((double)got->logvar[at], logvar[j], ERROR, "log-variance");
            else
                assert_true(got->logvar[at] == -INFINITY);
        }
    }
}

/* From any example on; z is keyed by an example's number, not by its place in a batch. */
static void test_posterior(void **state)
{
    static const struct {
        size_t first, n;
    } parts[] = {{0, COUNT}, {2, 9}, {3, 4}, {10, 1}};
    struct codes got;
    (void)state;
    for (int plain = 0; plain < 2; plain++) {
        struct known known = make_known(plain ? "objective=ae" : "objective=elbo");
        struct vcl_model *model = known_model(&known, BATCH);
        for (int i = 0; i < 4; i++) {
            OK(vcl_encode(model, known.set, parts[i].first, parts[i].n, SEED, got.mean, got.logvar,
                          got.z, &test_error));
            check_codes(&known, &got, parts[i].first, parts[i].n);
        }
        vcl_model_destroy(&model);
        known_finish(&known);
    }
}

/* What is not asked for changes nothing of the rest. */
static void test_parts(void **state)
{
    struct known known = make_known("objective=elbo");
    struct vcl_model *model = known_model(&known, BATCH);
    struct codes all, some;
    (void)state;
    OK(vcl_encode(model, known.set, 0, COUNT, SEED, all.mean, all.logvar, all.z, &test_error));
    OK(vcl_encode(model, known.set, 0, COUNT, SEED, some.mean, NULL, NULL, &test_error));
    assert_memory_equal(some.mean, all.mean, sizeof all.mean);
    OK(vcl_encode(model, known.set, 0, COUNT, SEED, some.mean, some.logvar, NULL, &test_error));
    assert_memory_equal(some.logvar, all.logvar, sizeof all.logvar);
    OK(vcl_encode(model, known.set, 0, COUNT, SEED, some.mean, NULL, some.z, &test_error));
    assert_memory_equal(some.z, all.z, sizeof all.z);
    vcl_model_destroy(&model);
    known_finish(&known);
}

static void test_ranges(void **state)
{
    static const struct {
        size_t first, n;
    } outside[] = {{COUNT, 1}, {0, COUNT + 1}, {COUNT - 1, 2}, {1, SIZE_MAX}, {SIZE_MAX, 2}};
    struct known known = make_known("objective=elbo");
    struct vcl_model *model = known_model(&known, BATCH);
    struct codes got;
    float x[DATA];
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        assert_int_equal(vcl_encode(model, known.set, outside[i].first, outside[i].n, SEED,
                                    got.mean, NULL, NULL, &test_error),
                         VCL_E_RANGE);
        assert_int_equal(
            vcl_examples(model, known.set, outside[i].first, outside[i].n, x, &test_error),
            VCL_E_RANGE);
    }
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* ---- examples ---- */

static void check_examples(struct known *known, size_t first, size_t n)
{
    float got[COUNT * DATA];
    struct vcl_model *model = known_model(known, BATCH);
    OK(vcl_examples(model, known->set, first, n, got, &test_error));
    for (size_t i = 0; i < n * DATA; i++)
        assert_true((double)got[i] == known->ref->x[first * DATA + i]);
    vcl_model_destroy(&model);
}

/* As they are, or binarised as the model was trained, with the model's seed. */
static void test_examples(void **state)
{
    static const char *const ways[] = {"binarize=none", "binarize=dynamic", "binarize=threshold"};
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct known known = make_known(ways[i]);
        known.config->seed = SEED;
        if (i == 1)
            known_binarise(&known, SEED, KNOWN_EVALUATION);
        for (size_t j = 0; i == 2 && j < COUNT * DATA; j++)
            known.ref->x[j] = known.ref->x[j] > 0.5;
        check_examples(&known, 0, COUNT);
        check_examples(&known, 3, 6);
        known_finish(&known);
    }
}

/* Bytes are seen as value / 255, rounded once. */
static void test_bytes(void **state)
{
    unsigned char bytes[20 * DATA];
    float got[20 * DATA];
    struct vcl_dataset *set;
    struct known known = make_known("objective=elbo");
    struct vcl_model *model = known_model(&known, BATCH);
    (void)state;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)i;
    OK(vcl_dataset_wrap("bytes", 20, known.shape, VCL_U8, bytes, NULL, &set, &test_error));
    OK(vcl_examples(model, set, 0, 20, got, &test_error));
    for (size_t i = 0; i < sizeof bytes; i++)
        assert_true(got[i] == (float)bytes[i] / 255.0f);
    vcl_dataset_destroy(&set);
    vcl_model_destroy(&model);
    known_finish(&known);
}

int test_use_encode(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_posterior), cmocka_unit_test(test_parts),
        cmocka_unit_test(test_ranges),    cmocka_unit_test(test_examples),
        cmocka_unit_test(test_bytes),
    };
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
