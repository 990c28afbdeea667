/* SPDX-License-Identifier: MIT
 *
 * The ELBO with both terms, active units, and the importance-weighted bound of Burda et al. (2016).
 * Sums over examples are made on the host in double, in the order of the examples, so that they do
 * not depend on the batch size.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "use/finite.h"
#include "vae/model.h"
#include "vaecl/use.h"

struct evaluation {
    struct vcl_model *model;
    const struct vcl_dataset *set;
    const struct vcl_eval_params *params;
    struct vcl_step step;
    enum vcl_binarise binarise;
    uint32_t *indices;               /* 0 .. count-1 */
    float *numbers, *heads;          /* of a batch: a term, what the encoder makes */
    double *mean_sum, *mean_squares; /* (Z), of E[z|x] */
    double *weights;                 /* (K) log importance weights of one example */
    struct vcl_build *elbo;
    struct vcl_build *weigher; /* of `samples` draws an example */
    uint32_t samples;
    double done, work; /* decoder rows so far, and of all */
};

static enum vcl_status advance(struct evaluation *e, double rows, struct vcl_error *err)
{
    e->done += rows;
    if (e->params->progress && e->params->progress(e->params->user, e->done / e->work))
        return ERR(err, VCL_E_INTERRUPTED, "stopped");
    return VCL_OK;
}

static enum vcl_status send(struct evaluation *e, size_t first, uint32_t rows,
                            struct vcl_error *err)
{
    enum vcl_status r;
    TRY(vcl_model_send(e->model, &e->step, e->set, e->indices + first, rows, err));
    TRY(vcl_model_unpack(e->model, VCL_AT_ONCE(e->model->ctx), rows, e->set->dtype, e->binarise,
                         err));
out:
    return r;
}

static void add_means(struct evaluation *e, uint32_t rows)
{
    uint32_t dim = e->model->latent, width = dim * e->model->objective->head_size;
    for (uint32_t i = 0; i < rows; i++) {
        for (uint32_t j = 0; j < dim; j++) {
            double mean = e->heads[(size_t)i * width + j];
            e->mean_sum[j] += mean;
            e->mean_squares[j] += mean * mean;
        }
    }
}

static enum vcl_status add_term(struct evaluation *e, const struct vcl_term *term, size_t first,
                                uint32_t rows, double *sum, struct vcl_error *err)
{
    char what[64];
    enum vcl_status r;
    snprintf(what, sizeof what, "term '%s'", term->name);
    TRY(vcl_buf_read(term->value->data, 0, rows * sizeof(float), e->numbers, err));
    TRY(vcl_check_finite(what, "example", first, rows, 1, e->numbers, err));
    for (uint32_t i = 0; i < rows; i++)
        *sum += e->numbers[i];
out:
    return r;
}

static enum vcl_status elbo_batch(struct evaluation *e, size_t first, uint32_t rows, double *sums,
                                  struct vcl_error *err)
{
    struct vcl_model *model = e->model;
    const struct vcl_graph *graph = &e->elbo->graph;
    size_t width = model->latent * model->objective->head_size;
    enum vcl_status r;
    TRY(send(e, first, rows, err));
    TRY(vcl_build_run(e->elbo, VCL_AT_ONCE(model->ctx), rows, false, err));
    for (uint32_t i = 0; i < graph->n_terms; i++)
        TRY(add_term(e, &graph->terms[i], first, rows, &sums[i], err));
    TRY(vcl_buf_read(e->elbo->q->data, 0, rows * width * sizeof(float), e->heads, err));
    TRY(vcl_check_finite("code", "example", first, rows, width, e->heads, err));
    add_means(e, rows);
    TRY(advance(e, rows, err));
out:
    return r;
}

static uint32_t active_units(const struct evaluation *e)
{
    double n = (double)e->set->count;
    uint32_t active = 0;
    for (uint32_t j = 0; j < e->model->latent; j++) {
        double mean = e->mean_sum[j] / n;
        active += e->mean_squares[j] / n - mean * mean > 0.01;
    }
    return active;
}

static enum vcl_status elbo(struct evaluation *e, struct vcl_eval *ret, struct vcl_error *err)
{
    size_t n = e->set->count;
    double sums[VCL_TERMS] = {0};
    enum vcl_status r;
    TRY(vcl_model_elbo(e->model, &e->elbo, err));
    for (size_t first = 0; first < n; first += e->model->batch) {
        size_t left = n - first;
        TRY(elbo_batch(e, first, left < e->model->batch ? (uint32_t)left : e->model->batch, sums,
                       err));
    }
    ret->count = n;
    ret->losses = vcl_build_losses(e->elbo, sums, (double)n);
    ret->active_units = active_units(e);
out:
    return r;
}

/* log of the mean of exp(w). */
static double log_mean_exp(const double *w, uint32_t n)
{
    double most = w[0], sum = 0;
    for (uint32_t i = 1; i < n; i++)
        most = fmax(most, w[i]);
    for (uint32_t i = 0; i < n; i++)
        sum += exp(w[i] - most);
    return most + log(sum / n);
}

/* Log weights of draws first_sample .. first_sample + samples - 1 of the `rows` examples encoded.
 */
static enum vcl_status weigh(struct evaluation *e, uint32_t rows, uint32_t samples,
                             uint32_t first_sample, struct vcl_error *err)
{
    const uint32_t each = e->samples, all = rows * each; /* more than is wanted, at the end */
    enum vcl_status r;
    e->step.sample = first_sample;
    TRY(vcl_model_send_step(e->model, &e->step, err));
    TRY(vcl_build_run(e->weigher, VCL_AT_ONCE(e->model->ctx), rows, false, err));
    TRY(vcl_buf_read(vcl_build_term(e->weigher, "log weights"), 0, all * sizeof(float), e->numbers,
                     err));
    for (uint32_t i = 0; i < rows; i++) {
        double *weights = e->weights + (size_t)i * e->params->nll_samples + first_sample;
        for (uint32_t s = 0; s < samples; s++)
            weights[s] = e->numbers[i * each + s];
    }
    TRY(advance(e, rows * samples, err));
out:
    e->step.sample = 0;
    return r;
}

static enum vcl_status nll_batch(struct evaluation *e, size_t first, uint32_t rows, double *sum,
                                 struct vcl_error *err)
{
    uint32_t k = e->params->nll_samples;
    struct vcl_build *encoder;
    enum vcl_status r;
    TRY(vcl_model_encoder(e->model, &encoder, err));
    TRY(send(e, first, rows, err));
    TRY(vcl_build_run(encoder, VCL_AT_ONCE(e->model->ctx), rows, false, err));
    for (uint32_t sample = 0; sample < k; sample += e->samples)
        TRY(weigh(e, rows, k - sample < e->samples ? k - sample : e->samples, sample, err));
    for (uint32_t i = 0; i < rows; i++) {
        double bound = log_mean_exp(e->weights + (size_t)i * k, k);
        TRY(vcl_check_number("NLL", "example", first + i, -bound, err));
        *sum -= bound;
    }
out:
    return r;
}

/* Several examples at once if all their samples fit a batch, else one after the other. */
static enum vcl_status nll(struct evaluation *e, size_t n, double *ret_nll, struct vcl_error *err)
{
    uint32_t k = e->params->nll_samples, batch = e->model->batch;
    uint32_t rows = batch > k ? batch / k : 1;
    struct vcl_build *encoder;
    double sum = 0;
    enum vcl_status r;
    rows = rows < n ? rows : (uint32_t)n;
    e->samples = batch / rows < k ? batch / rows : k;
    TRY(vcl_model_encoder(e->model, &encoder, err));
    TRY(vcl_model_weigher(e->model, encoder->q->data, rows, e->samples, &e->weigher, err));
    TRY(vcl_alloc((size_t)rows * k, sizeof *e->weights, &e->weights, err));
    for (size_t first = 0; first < n; first += rows)
        TRY(nll_batch(e, first, n - first < rows ? (uint32_t)(n - first) : rows, &sum, err));
    *ret_nll = sum / (double)n;
out:
    return r;
}

static enum vcl_status evaluation_init(struct evaluation *e, struct vcl_error *err)
{
    const struct vcl_model *model = e->model;
    const char *binarize = e->params->binarize ? e->params->binarize : model->config->binarize;
    uint64_t seed = e->params->seed;
    size_t dim = model->latent;
    enum vcl_status r;
    e->step = (struct vcl_step){.seed_lo = (uint32_t)seed,
                                .seed_hi = (uint32_t)(seed >> 32),
                                .step = UINT32_MAX,
                                .epoch = UINT32_MAX};
    TRY(vcl_model_accepts(model, e->set, err));
    TRY(vcl_binarise_find(binarize, &e->binarise, err));
    TRY(vcl_alloc(e->set->count, sizeof *e->indices, &e->indices, err));
    TRY(vcl_alloc(model->batch, sizeof(float), &e->numbers, err));
    TRY(vcl_alloc(model->batch * dim * model->objective->head_size, sizeof(float), &e->heads, err));
    TRY(vcl_alloc(dim, sizeof(double), &e->mean_sum, err));
    TRY(vcl_alloc(dim, sizeof(double), &e->mean_squares, err));
    for (size_t i = 0; i < e->set->count; i++)
        e->indices[i] = (uint32_t)i;
out:
    return r;
}

static void evaluation_finish(struct evaluation *e)
{
    vcl_build_destroy(&e->weigher);
    free(e->indices);
    free(e->numbers);
    free(e->heads);
    free(e->mean_sum);
    free(e->mean_squares);
    free(e->weights);
}

enum vcl_status vcl_evaluate(struct vcl_model *model, const struct vcl_dataset *set,
                             const struct vcl_eval_params *params, struct vcl_eval *ret_eval,
                             struct vcl_error *err)
{
    static const struct vcl_eval_params defaults = {.seed = 1};
    struct evaluation e = {.model = model, .set = set, .params = params ? params : &defaults};
    struct vcl_eval result = {.nll = NAN, .bits_per_dim = NAN};
    bool density = model->likelihood->density && model->objective->stochastic;
    size_t limit = e.params->nll_limit, n = limit && limit < set->count ? limit : set->count;
    enum vcl_status r;
    if (e.params->nll_samples && !density)
        FAIL(err, VCL_E_UNSUPPORTED, "a model '%s' with the likelihood '%s' has no log-likelihood",
             model->objective->name, model->likelihood->name);
    TRY(evaluation_init(&e, err));
    e.work = (double)set->count + (double)n * e.params->nll_samples;
    TRY(elbo(&e, &result, err));
    if (e.params->nll_samples)
        TRY(nll(&e, n, &result.nll, err));
    if (density)
        result.bits_per_dim = (e.params->nll_samples ? result.nll : result.losses.loss) /
                              (model->data_size * 0.69314718055994530942);
    *ret_eval = result;
out:
    evaluation_finish(&e);
    return r;
}
