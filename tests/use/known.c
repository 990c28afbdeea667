/* SPDX-License-Identifier: MIT */
#include "use/known.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/model_by_hand.h"
#include "common/worst.h"

static const double TWO_PI = 6.28318530717958647692;

static float *random_floats(size_t n, uint32_t stream, double low, double high)
{
    const struct vcl_philox rng = {.seed = 11, .stream = stream};
    float *values = malloc(n * sizeof *values);
    assert_non_null(values);
    for (size_t i = 0; i < n; i++)
        values[i] = (float)(low + (high - low) * (double)vcl_philox_uniform(&rng, 0, (uint32_t)i));
    return values;
}

static void draw_parameters(struct vae_ref *ref)
{
    float *values = random_floats(ref->n_params, 3000, -0.8, 0.8);
    for (size_t i = 0; i < ref->n_params; i++)
        ref->params[i] = (double)values[i];
    free(values);
}

void known_set_values(struct known *known, const float *values)
{
    size_t n = known->count * known->ref->data;
    for (size_t i = 0; i < n; i++) {
        known->values[i] = values[i];
        known->ref->x[i] = (double)values[i];
    }
}

struct known known_create(const char *const *words, struct vcl_shape shape, size_t count)
{
    struct known known = {.config = test_config(words), .shape = shape, .count = count};
    float *values = random_floats(count * vcl_shape_size(shape), 3001, 0, 1);
    known.ref = vae_ref_create(test_target.ctx, known.config, shape, count);
    draw_parameters(known.ref);
    known.values = malloc(count * vcl_shape_size(shape) * sizeof *known.values);
    assert_non_null(known.values);
    known_set_values(&known, values);
    free(values);
    OK(vcl_dataset_wrap("known", count, shape, VCL_F32, known.values, NULL, &known.set,
                        &test_error));
    return known;
}

void known_finish(struct known *known)
{
    vcl_dataset_destroy(&known->set);
    vae_ref_destroy(&known->ref);
    vcl_config_destroy(&known->config);
    free(known->values);
}

struct vcl_model *known_model(const struct known *known, uint32_t batch)
{
    struct vcl_model *model;
    const double *from = known->ref->params;
    OK(vcl_model_create(test_target.ctx, known->config, known->shape, batch, false, &model,
                        &test_error));
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *p = &model->params.items[i];
        float *values = malloc(p->count * sizeof *values);
        assert_non_null(values);
        for (size_t j = 0; j < p->count; j++)
            values[j] = (float)*from++;
        OK(vcl_buf_write(p->value, 0, p->count * sizeof *values, values, &test_error));
        free(values);
    }
    assert_true(from == known->ref->params + known->ref->n_params);
    return model;
}

void known_take_parameters(struct known *known, struct vcl_model *model)
{
    double *to = known->ref->params;
    for (size_t i = 0; i < model->params.count; i++) {
        const struct vcl_param *p = &model->params.items[i];
        float *values = test_buf_floats(p->value, p->count);
        for (size_t j = 0; j < p->count; j++)
            *to++ = (double)values[j];
        free(values);
    }
    assert_true(to == known->ref->params + known->ref->n_params);
}

double known_normal(const struct vcl_philox *rng, uint32_t row, uint32_t col)
{
    uint32_t pair = col - col % 2;
    double u = ((double)vcl_philox_word(rng, row, pair) + 0.5) * 0x1p-32;
    double turns = (double)(vcl_philox_word(rng, row, pair + 1) >> 8) * 0x1p-24;
    double radius = sqrt(-2 * log(u)), angle = TWO_PI * turns;
    return radius * (col % 2 ? sin(angle) : cos(angle));
}

void known_draw_noise(struct known *known, uint64_t seed, uint32_t step, uint32_t sample)
{
    const struct vcl_philox rng = {
        .seed = seed, .stream = VCL_STREAM_LATENT + sample, .step = step};
    for (uint32_t r = 0; r < known->count; r++) {
        for (uint32_t j = 0; j < known->ref->latent; j++)
            known->ref->eps[r * known->ref->latent + j] = known_normal(&rng, r, j);
    }
}

void known_binarise(struct known *known, uint64_t seed, uint32_t epoch)
{
    const struct vcl_philox rng = {.seed = seed, .stream = VCL_STREAM_BINARISE, .step = epoch};
    for (uint32_t r = 0; r < known->count; r++) {
        for (uint32_t j = 0; j < known->ref->data; j++) {
            size_t at = r * known->ref->data + j;
            known->ref->x[at] = vcl_philox_uniform(&rng, r, j) < known->values[at];
        }
    }
}

void known_posterior(const struct known *known, size_t row, double *mean, double *logvar)
{
    const struct vae_ref *ref = known->ref;
    const double *heads = ref->q;
    for (size_t j = 0; j < ref->latent; j++) {
        if (!ref->stochastic) {
            mean[j] = heads[row * ref->latent + j];
            continue;
        }
        mean[j] = heads[2 * row * ref->latent + j];
        if (logvar)
            logvar[j] = heads[(2 * row + 1) * ref->latent + j];
    }
}

static uint32_t draws; /* an example, of the graph that is built next */

static enum vcl_status build_weigher(struct vcl_build *b, struct vcl_error *err)
{
    struct vcl_value *x, *q, *z, *y, *recon, *log_q, *log_p;
    enum vcl_status r;
    TRY(vcl_build_data(b, &x, err));
    TRY(vcl_build_encoder(b, x, &q, err));
    TRY(vcl_build_draws(b, q, draws, &z, &log_q, err));
    TRY(vcl_build_decoder(b, z, &y, err));
    TRY(vcl_build_reconstruction(b, x, y, &recon, err));
    TRY(vcl_build_log_prior(b, z, &log_p, err));
    TRY(vcl_graph_term(&b->graph, (struct vcl_term){"recon", recon}, err));
    TRY(vcl_graph_term(&b->graph, (struct vcl_term){"log q", log_q}, err));
    TRY(vcl_graph_term(&b->graph, (struct vcl_term){"log p", log_p}, err));
out:
    return r;
}

/* With the parameters and data of `known`, and the noise of k draws. */
static struct vae_ref *weigher(struct known *known, uint64_t seed, uint32_t k)
{
    const struct vae_ref *from = known->ref;
    size_t row = from->latent * sizeof *from->eps;
    draws = k;
    struct vae_ref *ref = vae_ref_create_for(test_target.ctx, known->config, known->shape,
                                             known->count, build_weigher);
    memcpy(ref->params, from->params, from->n_params * sizeof *from->params);
    memcpy(ref->x, from->x, known->count * from->data * sizeof *from->x);
    for (uint32_t s = 0; s < k; s++) {
        known_draw_noise(known, seed, KNOWN_EVALUATION, s);
        for (size_t r = 0; r < known->count; r++)
            memcpy(ref->eps + (r * k + s) * from->latent, from->eps + r * from->latent, row);
    }
    return ref;
}

double known_nll(struct known *known, uint64_t seed, uint32_t k, size_t n)
{
    struct vae_ref *ref = weigher(known, seed, k);
    const struct vcl_term *terms = ref->build.graph.terms;
    const double *log_q = ref_data(&ref->graph, terms[1].value);
    double *weight = ref_data(&ref->graph, terms[2].value), sum = 0;
    vae_ref_forward(ref);
    for (size_t i = 0; i < known->count * k; i++) /* from log p(z) on */
        weight[i] -= log_q[i] + ref->recon[i];
    for (size_t r = 0; r < n; r++) {
        double most = -INFINITY, all = 0;
        for (size_t i = r * k; i < (r + 1) * k; i++)
            most = fmax(most, weight[i]);
        for (size_t i = r * k; i < (r + 1) * k; i++)
            all += exp(weight[i] - most);
        sum -= most + log(all / k);
    }
    vae_ref_destroy(&ref);
    return sum / (double)n;
}

double known_mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

void assert_near(double got, double want, double error, const char *what)
{
    if (!(test_error_of(got, want) <= error))
        fail_msg("%s: %.9g instead of %.9g", what, got, want);
}
