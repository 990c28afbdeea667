/* SPDX-License-Identifier: MIT
 *
 * A linear model, x = W z + b + noise, whose marginal likelihood and posterior are Gaussians in
 * closed form: here the bound on log p(x) is compared with log p(x) itself.
 */
#include <math.h>

#include "use/known.h"
#include "use/test_use.h"

enum { DATA = 4, LATENT = 2, COUNT = 5 };

/* The columns of W do not overlap, so that the posterior has no correlation. */
static const double W[LATENT][DATA] = {{1, 0.5, 0, 0}, {0, 0, -1.5, 0.25}};
static const double B[DATA] = {0.125, -0.25, 0.375, 0};
static const double SIGMA = 0.5, PI = 3.14159265358979323846;

static double square(const double *a)
{
    double sum = 0;
    for (int i = 0; i < DATA; i++)
        sum += a[i] * a[i];
    return sum;
}

/* -log N(x; B, W W^T + SIGMA^2 I): along each column of W the variance is |w|^2 + SIGMA^2, across
 * it SIGMA^2. */
static double minus_log_p(const float *x)
{
    double around[DATA], quadratic, log_det = DATA * log(SIGMA * SIGMA);
    for (int i = 0; i < DATA; i++)
        around[i] = (double)x[i] - B[i];
    quadratic = square(around) / (SIGMA * SIGMA);
    for (int j = 0; j < LATENT; j++) {
        double along = 0, var = square(W[j]) + SIGMA * SIGMA;
        for (int i = 0; i < DATA; i++)
            along += W[j][i] * around[i];
        quadratic -= along * along / (var * SIGMA * SIGMA);
        log_det += log(var / (SIGMA * SIGMA));
    }
    return 0.5 * (quadratic + log_det + DATA * log(2 * PI));
}

/* With the true posterior's weights; `wider` is added to its log-variances, `off` to its means. */
static struct known make_linear(double wider, double off)
{
    static const float values[COUNT * DATA] = {0,    0,  0, 0, 1,     2,     -1, 0.5f, -2, 0.25f,
                                               1.5f, -3, 4, 1, -0.5f, 0.75f, 9,  -7,   6,  5};
    const char *words[] = {"encoder=",  "decoder=", "latent=2", "likelihood=gaussian",
                           "sigma=0.5", NULL};
    struct known known = known_create(words, (struct vcl_shape){1, DATA, 1}, COUNT);
    double *heads = known.ref->params, *bias = heads + DATA * 2 * LATENT;
    double *decoder = bias + 2 * LATENT;
    for (int j = 0; j < LATENT; j++) {
        double var = square(W[j]) + SIGMA * SIGMA;
        bias[j] = off;
        bias[LATENT + j] = log(SIGMA * SIGMA / var) + wider;
        for (int i = 0; i < DATA; i++) {
            heads[i * 2 * LATENT + j] = W[j][i] / var;
            heads[i * 2 * LATENT + LATENT + j] = 0;
            bias[j] -= W[j][i] / var * B[i];
            decoder[j * DATA + i] = W[j][i];
        }
    }
    for (int i = 0; i < DATA; i++)
        decoder[LATENT * DATA + i] = B[i];
    known_set_values(&known, values);
    return known;
}

static double true_nll(const struct known *known)
{
    double sum = 0;
    for (size_t i = 0; i < COUNT; i++)
        sum += minus_log_p(known->values + i * DATA);
    return sum / COUNT;
}

static double nll_of(const struct known *known, uint32_t samples, uint32_t batch)
{
    struct vcl_model *model = known_model(known, batch);
    const struct vcl_eval_params params = {.nll_samples = samples, .seed = 3};
    struct vcl_eval got;
    OK(vcl_evaluate(model, known->set, &params, &got, &test_error));
    vcl_model_destroy(&model);
    return got.nll;
}

/* With the true posterior every weight is p(x), so any number of samples gives it. */
static void test_exact(void **state)
{
    static const uint32_t samples[] = {1, 2, 7, 50};
    struct known known = make_linear(0, 0);
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_near(nll_of(&known, samples[i], 8), true_nll(&known), 1e-5, "NLL");
    known_finish(&known);
}

/* With another one the bound is above, and comes near with many samples. */
static void test_converges(void **state)
{
    struct known known = make_linear(0.5, 0.25);
    double wanted = true_nll(&known), few = nll_of(&known, 1, 64), many;
    (void)state;
    many = nll_of(&known, test_small() ? 512 : 4096, 512);
    print_message("-log p(x) = %.4f, bounds %.4f and %.4f\n", wanted, few, many);
    assert_true(few > wanted + 0.1);
    assert_true(fabs(many - wanted) < 0.02);
    known_finish(&known);
}

/* Weights that differ by a factor of e^1000 and more: only the largest counts, and none overflows.
 */
static void test_far(void **state)
{
    struct known known = make_linear(6, 20);
    double wanted = known_nll(&known, 3, 6, COUNT);
    (void)state;
    assert_true(wanted > 1000 && isfinite(wanted));
    assert_near(nll_of(&known, 6, 8), wanted, 1e-5, "NLL");
    known_finish(&known);
}

int test_use_linear(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact), cmocka_unit_test(test_converges), cmocka_unit_test(test_far)};
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
