/* SPDX-License-Identifier: MIT
 *
 * Parameters after a training, against the same training in double precision: which examples each
 * step sees and with what noise, the warm-up, and each optimiser with its corrections, decay and
 * clipping.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "common/worst.h"
#include "use/known.h"

static const double ERROR = 1e-5;
enum { COUNT = 24, BATCH = 8, STEPS = 3, EPOCHS = 3, DATA = 15, LATENT = 3 };
static const struct vcl_shape shape = {3, 5, 1};

struct optimiser {
    const struct vcl_config *config;
    double *first, *second; /* moments, or the velocity */
};

/* ---- optimisers, from their papers ---- */

static void sgd(const struct optimiser *o, double *params, const double *gradient, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        double g = gradient[i] + o->config->weight_decay * params[i];
        o->first[i] = o->config->momentum * o->first[i] + g;
        params[i] -= o->config->lr * o->first[i];
    }
}

static void adam(const struct optimiser *o, double *params, const double *gradient, size_t n,
                 uint64_t t, bool decoupled)
{
    const struct vcl_config *c = o->config;
    for (size_t i = 0; i < n; i++) {
        double g = gradient[i] + (decoupled ? 0 : c->weight_decay * params[i]);
        params[i] -= decoupled ? c->lr * c->weight_decay * params[i] : 0;
        o->first[i] = c->beta1 * o->first[i] + (1 - c->beta1) * g;
        o->second[i] = c->beta2 * o->second[i] + (1 - c->beta2) * g * g;
        double m = o->first[i] / (1 - pow(c->beta1, (double)t));
        double v = o->second[i] / (1 - pow(c->beta2, (double)t));
        params[i] -= c->lr * m / (sqrt(v) + c->eps);
    }
}

static void clip(double most, double *gradient, size_t n)
{
    double square = 0;
    for (size_t i = 0; i < n; i++)
        square += gradient[i] * gradient[i];
    for (size_t i = 0; most > 0 && sqrt(square) > most && i < n; i++)
        gradient[i] *= most / sqrt(square);
}

static void update(const struct optimiser *o, struct vae_ref *ref, uint64_t t)
{
    clip(o->config->clip, ref->gradient, ref->n_params);
    if (strcmp(o->config->optimiser, "sgd") == 0)
        sgd(o, ref->params, ref->gradient, ref->n_params);
    else
        adam(o, ref->params, ref->gradient, ref->n_params, t,
             strcmp(o->config->optimiser, "adamw") == 0);
}

/* ---- the training ---- */

/* The batch's rows of `known`, with the step's noise and weight of the KL. */
static void prepare(struct vae_ref *ref, struct known *known, const uint32_t *rows, uint32_t step)
{
    double warm = known->config->warmup * STEPS, done = step + 1;
    known_draw_noise(known, known->config->seed, step, 0);
    for (size_t i = 0; i < BATCH; i++) {
        memcpy(ref->x + i * DATA, known->ref->x + rows[i] * DATA, DATA * sizeof *ref->x);
        memcpy(ref->eps + i * LATENT, known->ref->eps + rows[i] * LATENT,
               LATENT * sizeof *ref->eps);
    }
    ref->beta = done < warm ? known->config->beta * done / warm : known->config->beta;
}

static void train_reference(struct vae_ref *ref, struct known *known)
{
    struct optimiser o = {.config = known->config,
                          .first = calloc(ref->n_params, sizeof(double)),
                          .second = calloc(ref->n_params, sizeof(double))};
    uint32_t order[COUNT];
    assert_true(o.first && o.second);
    for (uint32_t step = 0; step < EPOCHS * STEPS; step++) {
        const struct vcl_philox rng = {
            .seed = known->config->seed, .stream = VCL_STREAM_SHUFFLE, .step = step / STEPS};
        vcl_philox_shuffle(&rng, order, COUNT);
        prepare(ref, known, order + step % STEPS * BATCH, step);
        vae_ref_forward(ref);
        vae_ref_backward(ref);
        update(&o, ref, step + 1);
    }
    free(o.first);
    free(o.second);
}

/* ---- the comparison ---- */

static void compare(const struct vae_ref *wanted, struct known *known, struct vcl_model *model)
{
    float *got = malloc(wanted->n_params * sizeof *got);
    assert_non_null(got);
    known_take_parameters(known, model);
    for (size_t i = 0; i < wanted->n_params; i++)
        got[i] = (float)known->ref->params[i];
    double error = test_error_l2(got, wanted->params, wanted->n_params);
    print_message("%s: %.2g\n", known->config->optimiser, error);
    free(got);
    assert_true(error <= ERROR);
}

/* The training begins where the library does: its initial parameters are taken from a model. */
static void test_training(void **state)
{
    const char *words[] = {"encoder=dense 7 tanh",
                           "decoder=dense 6 tanh",
                           "latent=3",
                           "batch=8",
                           "epochs=3",
                           "seed=8589934599",
                           "beta=1.5",
                           "warmup=1.5",
                           *state,
                           NULL};
    struct known known = known_create(words, shape, COUNT);
    struct vae_ref *ref = vae_ref_create(test_target.ctx, known.config, shape, BATCH);
    const struct vcl_train_params params = {.train = known.set};
    struct vcl_model *model;
    known.config->lr = 0.02;
    known.config->weight_decay = 0.1;
    known.config->clip = strcmp(known.config->optimiser, "sgd") == 0 ? 5 : 0;
    OK(vcl_model_create(test_target.ctx, known.config, shape, BATCH, false, &model, &test_error));
    known_take_parameters(&known, model);
    vcl_model_destroy(&model);
    memcpy(ref->params, known.ref->params, ref->n_params * sizeof *ref->params);
    train_reference(ref, &known);
    OK(vcl_train(test_target.ctx, known.config, &params, &model, NULL, &test_error));
    compare(ref, &known, model);
    vcl_model_destroy(&model);
    vae_ref_destroy(&ref);
    known_finish(&known);
}

/* The steps that are left, as the time left and the speed that it is reckoned with say. */
static bool check_left(void *user, const struct vcl_progress *p)
{
    double left = (double)(p->epoch_steps - p->step + (p->epochs - p->epoch) * p->epoch_steps);
    unsigned *calls = user;
    if (p->images_per_second > 0)
        assert_near(p->seconds_left * p->images_per_second / BATCH, left, 1e-6, "steps left");
    assert_true(p->epochs == EPOCHS && p->epoch_steps == STEPS);
    ++*calls;
    return false;
}

static void test_time_left(void **state)
{
    const char *words[] = {
        "encoder=dense 7 tanh", "decoder=dense 6 tanh", "latent=3", "batch=8", "epochs=3", NULL};
    struct known known = known_create(words, shape, COUNT);
    unsigned calls = 0;
    const struct vcl_train_params params = {
        .train = known.set, .progress = check_left, .user = &calls};
    (void)state;
    OK(vcl_train(test_target.ctx, known.config, &params, NULL, NULL, &test_error));
    assert_true(calls >= EPOCHS);
    known_finish(&known);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"sgd", test_training, NULL, NULL, (void *)"optimiser=sgd"},
        {"adam", test_training, NULL, NULL, (void *)"optimiser=adam"},
        {"adamw", test_training, NULL, NULL, (void *)"optimiser=adamw"},
        cmocka_unit_test(test_time_left),
    };
    test_begin();
    return test_on_devices(tests, sizeof tests / sizeof *tests, false);
}
