/* SPDX-License-Identifier: MIT
 *
 * From x to z, and x as the model sees it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "use/finite.h"
#include "vae/model.h"
#include "vaecl/use.h"

/* Examples as they are evaluated: noise and binarisation keyed by `seed` and the example's number.
 */
static struct vcl_step fixed_step(uint64_t seed)
{
    return (struct vcl_step){.seed_lo = (uint32_t)seed,
                             .seed_hi = (uint32_t)(seed >> 32),
                             .step = UINT32_MAX,
                             .epoch = UINT32_MAX};
}

static enum vcl_status send(struct vcl_model *model, const struct vcl_dataset *set, size_t first,
                            uint32_t rows, uint64_t seed, struct vcl_error *err)
{
    const struct vcl_step step = fixed_step(seed);
    enum vcl_binarise binarise;
    uint32_t *indices = NULL;
    enum vcl_status r;
    TRY(vcl_binarise_find(model->config->binarize, &binarise, err));
    TRY(vcl_alloc(rows, sizeof *indices, &indices, err));
    for (uint32_t i = 0; i < rows; i++)
        indices[i] = (uint32_t)(first + i);
    TRY(vcl_model_send(model, &step, set, indices, rows, err));
    TRY(vcl_model_unpack(model, VCL_AT_ONCE(model->ctx), rows, set->dtype, binarise, err));
out:
    free(indices);
    return r;
}

static enum vcl_status check_range(const struct vcl_model *model, const struct vcl_dataset *set,
                                   size_t first, size_t n, struct vcl_error *err)
{
    if (first >= set->count || n > set->count - first)
        return ERR(err, VCL_E_RANGE,
                   "'%s' has %zu examples, counted from 0: there are no %zu from number %zu on",
                   set->name, set->count, n, first);
    return vcl_model_accepts(model, set, err);
}

enum vcl_status vcl_examples(struct vcl_model *model, const struct vcl_dataset *set, size_t first,
                             size_t n, float *ret_x, struct vcl_error *err)
{
    enum vcl_status r;
    TRY(check_range(model, set, first, n, err));
    for (size_t done = 0; done < n;) {
        uint32_t rows = n - done < model->batch ? (uint32_t)(n - done) : model->batch;
        TRY(send(model, set, first + done, rows, model->config->seed, err));
        TRY(vcl_buf_read(model->x, 0, (size_t)rows * model->data_size * sizeof(float),
                         ret_x + done * model->data_size, err));
        done += rows;
    }
out:
    return r;
}

/* Row i of the heads: mean, then log-variance unless there is none. */
static void split_heads(const struct vcl_model *model, const float *heads, uint32_t rows,
                        float *mean, float *logvar)
{
    uint32_t dim = model->latent, width = dim * model->objective->head_size;
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(mean + (size_t)i * dim, heads + (size_t)i * width, dim * sizeof(float));
        for (uint32_t j = 0; logvar && j < dim; j++)
            logvar[(size_t)i * dim + j] =
                model->objective->stochastic ? heads[(size_t)i * width + dim + j] : -INFINITY;
    }
}

enum vcl_status vcl_encode(struct vcl_model *model, const struct vcl_dataset *set, size_t first,
                           size_t n, uint64_t seed, float *ret_mean, float *ret_logvar,
                           float *ret_z, struct vcl_error *err)
{
    size_t dim = model->latent, width = dim * model->objective->head_size;
    struct vcl_build *encoder;
    float *heads = NULL;
    enum vcl_status r;
    TRY(check_range(model, set, first, n, err));
    TRY(vcl_model_encoder(model, &encoder, err));
    TRY(vcl_alloc(model->batch * width, sizeof *heads, &heads, err));
    for (size_t done = 0; done < n;) {
        uint32_t rows = n - done < model->batch ? (uint32_t)(n - done) : model->batch;
        TRY(send(model, set, first + done, rows, seed, err));
        TRY(vcl_build_run(encoder, VCL_AT_ONCE(model->ctx), rows, false, err));
        TRY(vcl_buf_read(encoder->q->data, 0, rows * width * sizeof(float), heads, err));
        TRY(vcl_check_finite("code", "example", first + done, rows, width, heads, err));
        split_heads(model, heads, rows, ret_mean + done * dim,
                    ret_logvar ? ret_logvar + done * dim : NULL);
        if (ret_z) {
            TRY(vcl_buf_read(encoder->z->data, 0, rows * dim * sizeof(float), ret_z + done * dim,
                             err));
            TRY(vcl_check_finite("draw", "example", first + done, rows, dim, ret_z + done * dim,
                                 err));
        }
        done += rows;
    }
out:
    free(heads);
    return r;
}
