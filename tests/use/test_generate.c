/* SPDX-License-Identifier: MIT
 *
 * From z to x: the prior's numbers, the decoder's means, and paths between points.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/worst.h"
#include "use/known.h"
#include "use/test_use.h"

static const double ERROR = 1e-5;
static const uint64_t SEED = 0x700000003;
enum { COUNT = 9, BATCH = 4, DATA = 15, LATENT = 3 };

static struct known make_known(const char *more)
{
    const char *words[] = {"encoder=dense 7 tanh", "decoder=dense 6 tanh", "latent=3", more, NULL};
    return known_create(words, (struct vcl_shape){3, 5, 1}, COUNT);
}

static void test_prior(void **state)
{
    const struct vcl_philox rng = {.seed = SEED, .stream = VCL_STREAM_PRIOR};
    struct known known = make_known("likelihood=bernoulli");
    struct vcl_model *model = known_model(&known, BATCH);
    float z[COUNT * LATENT], fewer[COUNT * LATENT];
    (void)state;
    OK(vcl_prior(model, COUNT, SEED, z, &test_error));
    for (uint32_t i = 0; i < COUNT; i++) {
        for (uint32_t j = 0; j < LATENT; j++)
            assert_near((double)z[i * LATENT + j], known_normal(&rng, i, j), ERROR, "z");
    }
    OK(vcl_prior(model, 2, SEED, fewer, &test_error)); /* the same ones, however many */
    assert_memory_equal(fewer, z, 2 * LATENT * sizeof *z);
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* The largest normal there can be comes of a word of zeros, which is one in 2^32: here is one. */
static void test_largest(void **state)
{
    const uint32_t row = 2104471017;
    const struct vcl_philox rng = {.seed = 1, .stream = VCL_STREAM_PRIOR};
    const struct vcl_step step = {.seed_lo = 1};
    struct known known = make_known("likelihood=bernoulli");
    struct vcl_build *decoder;
    struct vcl_model *model = known_model(&known, BATCH);
    float z[2];
    (void)state;
    assert_int_equal(vcl_philox_word(&rng, row, 0), 0);
    OK(vcl_model_decoder(model, &decoder, &test_error));
    OK(vcl_model_send_step(model, &step, &test_error));
    OK(vcl_op_fill_normal(VCL_AT_ONCE(test_target.ctx), 1, 2, VCL_STREAM_PRIOR, row, model->step,
                          decoder->z->data, &test_error));
    OK(vcl_buf_read(decoder->z->data, 0, sizeof z, z, &test_error));
    for (uint32_t j = 0; j < 2; j++)
        assert_near((double)z[j], known_normal(&rng, row, j), ERROR, "z");
    assert_near(sqrt((double)z[0] * z[0] + (double)z[1] * z[1]), sqrt(66 * log(2)), ERROR,
                "radius");
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* The reference's decoder, run on codes of one's own through the encoder that is given no noise. */
static void decode_by_hand(struct known *known, const float *z, double *x)
{
    struct vae_ref *ref = known->ref;
    const double *logits = ref->y;
    size_t at = 0, n = ref_trained_of(&ref->graph, ref->build.q->from, &at);
    double *weights = ref->params + at, *kept = calloc(n, sizeof *kept);
    bool bernoulli = strcmp(known->config->likelihood, "bernoulli") == 0;
    assert_non_null(kept);
    memcpy(kept, weights, n * sizeof *kept);
    memset(weights, 0, n * sizeof *kept); /* mean 0, variance 1: z is the noise */
    for (size_t i = 0; i < COUNT * LATENT; i++)
        ref->eps[i] = (double)z[i];
    vae_ref_forward(ref);
    for (size_t i = 0; i < COUNT * DATA; i++)
        x[i] = bernoulli ? 1 / (1 + exp(-logits[i])) : logits[i];
    memcpy(weights, kept, n * sizeof *kept);
    free(kept);
}

/* The likelihood's mean: probabilities, or the output as it is. Samples are the prior's, decoded.
 */
static void test_decode(void **state)
{
    static const char *const likelihoods[] = {"likelihood=bernoulli", "likelihood=gaussian",
                                              "likelihood=squared"};
    float z[COUNT * LATENT], got[COUNT * DATA];
    double wanted[COUNT * DATA];
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct known known = make_known(likelihoods[i]);
        struct vcl_model *model = known_model(&known, BATCH);
        OK(vcl_prior(model, COUNT, SEED, z, &test_error));
        decode_by_hand(&known, z, wanted);
        OK(vcl_sample(model, COUNT, SEED, got, &test_error));
        assert_true(test_error_l2(got, wanted, COUNT * DATA) <= ERROR);
        for (size_t j = 0; j < COUNT * LATENT; j++)
            z[j] = (float)(j % 7) - 3;
        decode_by_hand(&known, z, wanted);
        OK(vcl_decode(model, COUNT, z, got, &test_error));
        for (size_t j = 0; j < COUNT; j++) /* each, so that one wrong row is seen */
            assert_true(test_error_l2(got + j * DATA, wanted + j * DATA, DATA) <= ERROR);
        vcl_model_destroy(&model);
        known_finish(&known);
    }
}

static void test_no_prior(void **state)
{
    struct known known = make_known("objective=ae");
    struct vcl_model *model = known_model(&known, BATCH);
    float got[DATA];
    (void)state;
    assert_int_equal(vcl_sample(model, 1, SEED, got, &test_error), VCL_E_UNSUPPORTED);
    vcl_model_destroy(&model);
    known_finish(&known);
}

/* ---- paths ---- */

enum { STEPS = 4 };

static void check_path(const float *a, const float *b, bool spherical, const double (*wanted)[2])
{
    float got[STEPS * 2];
    vcl_interpolate(a, b, 2, STEPS, spherical, got);
    for (int i = 0; i < STEPS; i++) {
        for (int j = 0; j < 2; j++) {
            if (fabs((double)got[2 * i + j] - wanted[i][j]) > 1e-6)
                fail_msg("point %d, %d: %g instead of %g", i, j, (double)got[2 * i + j],
                         wanted[i][j]);
        }
    }
}

/* A quarter of a circle in thirds; of unequal radii, in the same angles' weights. */
static void test_great_circle(void **state)
{
    const double half = 0.5, root = sqrt(0.75);
    const double circle[STEPS][2] = {{2, 0}, {2 * root, 2 * half}, {2 * half, 2 * root}, {0, 2}};
    const double spiral[STEPS][2] = {{1, 0}, {root, 3 * half}, {half, 3 * root}, {0, 3}};
    /* 60 degrees apart: sin 40 / sin 60 and sin 20 / sin 60 of the ends. */
    const double far = 0.64278760968653933 / root, near = 0.34202014332566873 / root;
    const double sixty[STEPS][2] = {
        {1, 0}, {far + near * half, near * root}, {near + far * half, far * root}, {half, root}};
    (void)state;
    check_path((const float[]){2, 0}, (const float[]){0, 2}, true, circle);
    check_path((const float[]){1, 0}, (const float[]){0, 3}, true, spiral);
    check_path((const float[]){1, 0}, (const float[]){0.5f, (float)root}, true, sixty);
}

/* Also where there is no one great circle, or no direction. */
static void test_line(void **state)
{
    const double line[STEPS][2] = {{3, 0}, {2, 1}, {1, 2}, {0, 3}};
    const double through[STEPS][2] = {{3, 0}, {1, 0}, {-1, 0}, {-3, 0}};
    const double from_zero[STEPS][2] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}};
    const double still[STEPS][2] = {{3, 3}, {3, 3}, {3, 3}, {3, 3}};
    const double longer[STEPS][2] = {{1, 1}, {2, 2}, {3, 3}, {4, 4}};
    (void)state;
    check_path((const float[]){3, 0}, (const float[]){0, 3}, false, line);
    for (int spherical = 0; spherical < 2; spherical++) {
        check_path((const float[]){3, 0}, (const float[]){-3, 0}, spherical, through);
        check_path((const float[]){0, 0}, (const float[]){3, 0}, spherical, from_zero);
        check_path((const float[]){3, 3}, (const float[]){3, 3}, spherical, still);
        check_path((const float[]){1, 1}, (const float[]){4, 4}, spherical, longer);
    }
}

static void test_one_step(void **state)
{
    float got[2];
    (void)state;
    vcl_interpolate((const float[]){1, 2}, (const float[]){5, 6}, 2, 1, true, got);
    assert_true(got[0] == 1 && got[1] == 2);
}

int test_use_generate(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_prior),    cmocka_unit_test(test_decode),
        cmocka_unit_test(test_no_prior), cmocka_unit_test(test_great_circle),
        cmocka_unit_test(test_line),     cmocka_unit_test(test_one_step),
        cmocka_unit_test(test_largest),
    };
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
