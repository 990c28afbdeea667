/* SPDX-License-Identifier: MIT
 *
 * From z to x: the prior, the decoder, and paths between points of the latent space.
 */
#include <math.h>
#include <stdlib.h>

#include "use/finite.h"
#include "vae/model.h"
#include "vaecl/use.h"

static uint32_t part_of(size_t left, uint32_t most)
{
    return left < most ? (uint32_t)left : most;
}

/* Makes draws from the mixture of what N(0, I) gave. */
static enum vcl_status place(struct vcl_model *model, const struct vcl_value *heads, uint32_t rows,
                             uint32_t first_row, struct vcl_buf *z, struct vcl_error *err)
{
    const struct vcl_mixture mixture = {
        .rows = rows, .dim = model->latent, .count = heads->fixed, .z = z, .heads = heads->data};
    return vcl_op_mixture_draw(VCL_AT_ONCE(model->ctx), &mixture, VCL_STREAM_COMPONENT, first_row,
                               model->step, err);
}

enum vcl_status vcl_prior(struct vcl_model *model, size_t n, uint64_t seed, float *ret_z,
                          struct vcl_error *err)
{
    const struct vcl_step step = {.seed_lo = (uint32_t)seed, .seed_hi = (uint32_t)(seed >> 32)};
    struct vcl_build *decoder, *components;
    enum vcl_status r;
    TRY(vcl_model_decoder(model, &decoder, err));
    TRY(vcl_model_components(model, &components, err));
    TRY(vcl_model_send_step(model, &step, err));
    if (components)
        TRY(vcl_build_run(components, VCL_AT_ONCE(model->ctx), 1, false, err));
    for (size_t done = 0; done < n;) {
        uint32_t rows = part_of(n - done, model->batch);
        TRY(vcl_op_fill_normal(VCL_AT_ONCE(model->ctx), rows, model->latent, VCL_STREAM_PRIOR,
                               (uint32_t)done, model->step, decoder->z->data, err));
        if (components)
            TRY(place(model, components->z, rows, (uint32_t)done, decoder->z->data, err));
        TRY(vcl_buf_read(decoder->z->data, 0, (size_t)rows * model->latent * sizeof(float),
                         ret_z + done * model->latent, err));
        done += rows;
    }
out:
    return r;
}

static enum vcl_status check_labels(const struct vcl_model *model, size_t n, const int32_t *labels,
                                    struct vcl_error *err)
{
    const int64_t classes = model->config->classes;
    enum vcl_status r;
    if (!model->condition->build && labels)
        return ERR(err, VCL_E_ARG, "the model was trained without labels, and takes none");
    if (model->condition->build && !labels) {
        r = ERR(err, VCL_E_ARG, "the model decodes with labels, 0 to %lld: none are given",
                (long long)classes - 1);
        return vcl_error_hint(err, r, "give one for each code");
    }
    for (size_t i = 0; labels && i < n; i++) {
        if (labels[i] < 0 || labels[i] >= classes)
            return ERR(err, VCL_E_RANGE, "label %d of code %zu: the model's are 0 to %lld",
                       labels[i], i, (long long)classes - 1);
    }
    return VCL_OK;
}

/* Codes first .. first+rows-1, of at most a batch. */
static enum vcl_status decode_batch(struct vcl_model *model, size_t first, uint32_t rows,
                                    const float *z, const int32_t *labels, float *ret_x,
                                    struct vcl_error *err)
{
    size_t dim = model->latent, size = model->data_size;
    struct vcl_build *decoder;
    enum vcl_status r;
    TRY(vcl_model_decoder(model, &decoder, err));
    TRY(vcl_check_finite("value", "code", first, rows, dim, z, err));
    TRY(vcl_buf_write(decoder->z->data, 0, rows * dim * sizeof(float), z, err));
    if (labels)
        TRY(vcl_buf_write(model->labels, 0, rows * sizeof *labels, labels, err));
    TRY(vcl_build_run(decoder, VCL_AT_ONCE(model->ctx), rows, false, err));
    TRY(vcl_buf_read(decoder->y->data, 0, rows * size * sizeof(float), ret_x, err));
    TRY(vcl_check_finite("example", "code", first, rows, size, ret_x, err));
out:
    return r;
}

enum vcl_status vcl_decode_labelled(struct vcl_model *model, size_t n, const float *z,
                                    const int32_t *labels, float *ret_x, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(check_labels(model, n, labels, err));
    for (size_t done = 0; done < n;) {
        uint32_t rows = part_of(n - done, model->batch);
        TRY(decode_batch(model, done, rows, z + done * model->latent, labels ? labels + done : NULL,
                         ret_x + done * model->data_size, err));
        done += rows;
    }
out:
    return r;
}

enum vcl_status vcl_decode(struct vcl_model *model, size_t n, const float *z, float *ret_x,
                           struct vcl_error *err)
{
    return vcl_decode_labelled(model, n, z, NULL, ret_x, err);
}

/* All classes in turn. */
static enum vcl_status make_labels(const struct vcl_model *model, size_t n, int32_t **ret_labels,
                                   struct vcl_error *err)
{
    enum vcl_status r = vcl_alloc(n, sizeof **ret_labels, ret_labels, err);
    for (size_t i = 0; r == VCL_OK && i < n; i++)
        (*ret_labels)[i] = (int32_t)(i % (size_t)model->config->classes);
    return r;
}

enum vcl_status vcl_sample_labelled(struct vcl_model *model, size_t n, uint64_t seed,
                                    const int32_t *labels, float *ret_x, struct vcl_error *err)
{
    int32_t *in_turn = NULL;
    float *z = NULL;
    enum vcl_status r;
    if (!model->objective->stochastic) {
        r = ERR(err, VCL_E_UNSUPPORTED, "a plain autoencoder has no prior to sample from");
        return vcl_error_hint(err, r, "train with --objective elbo, or decode codes of your own");
    }
    TRY(vcl_alloc(n * model->latent, sizeof *z, &z, err));
    if (model->condition->build && !labels)
        TRY(make_labels(model, n, &in_turn, err));
    TRY(vcl_prior(model, n, seed, z, err));
    TRY(vcl_decode_labelled(model, n, z, labels ? labels : in_turn, ret_x, err));
out:
    free(z);
    free(in_turn);
    return r;
}

enum vcl_status vcl_sample(struct vcl_model *model, size_t n, uint64_t seed, float *ret_x,
                           struct vcl_error *err)
{
    return vcl_sample_labelled(model, n, seed, NULL, ret_x, err);
}

static double dot(const float *a, const float *b, uint32_t n)
{
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* Weights of the two ends at t: straight, or along the great circle, which keeps the norm that
 * draws from the prior have (White 2016). */
static void weights(double angle, double t, double *ret_a, double *ret_b)
{
    if (angle < 1e-4) {
        *ret_a = 1 - t;
        *ret_b = t;
    } else {
        *ret_a = sin((1 - t) * angle) / sin(angle);
        *ret_b = sin(t * angle) / sin(angle);
    }
}

void vcl_interpolate(const float *a, const float *b, uint32_t latent, size_t steps, bool spherical,
                     float *ret_z)
{
    double norms = sqrt(dot(a, a, latent) * dot(b, b, latent));
    double cosine = norms > 0 ? dot(a, b, latent) / norms : 1;
    double angle = spherical ? acos(fmax(-1, fmin(1, cosine))) : 0;
    if (angle > 3.1415) /* opposite ends: no great circle is the shortest */
        angle = 0;
    for (size_t i = 0; i < steps; i++) {
        double t = steps > 1 ? (double)i / (double)(steps - 1) : 0, from, to;
        weights(angle, t, &from, &to);
        for (uint32_t j = 0; j < latent; j++)
            ret_z[i * latent + j] = (float)(from * a[j] + to * b[j]);
    }
}
