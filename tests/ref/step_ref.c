/* SPDX-License-Identifier: MIT */
#include "ref/step_ref.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/philox.h"
#include "check/host_math.h"
#include "ref/step_ref_ops.h"

/* Who draws what, as in src/base/philox.h and src/vae/model.h. */
enum { STREAM_INIT = 1, STREAM_SHUFFLE = 2, STREAM_BINARISE = 3, STREAM_LATENT = 1 << 16 };
enum { TENSOR_STEP = 1024 };

static float *floats(size_t n)
{
    float *values = calloc(n ? n : 1, sizeof *values);
    if (!values)
        abort();
    return values;
}

/* ---- set-up ---- */

static uint32_t place(struct step_ref *ref, uint32_t count)
{
    uint32_t at = ref->floats;
    ref->floats += (count + TENSOR_STEP - 1) / TENSOR_STEP * TENSOR_STEP;
    return at;
}

static void add_node(struct step_ref *ref, uint32_t *width, uint32_t units, const char *activation)
{
    size_t n = (size_t)ref->config->batch * units;
    struct step_ref_node *node = &ref->nodes[ref->count++];
    *node = (struct step_ref_node){.in = *width,
                                   .units = units,
                                   .activation = step_ref_activation(activation),
                                   .pre = floats(n),
                                   .y = floats(n),
                                   .dy = floats(n)};
    node->weight = place(ref, *width * units);
    node->bias = place(ref, units);
    *width = units;
}

static void add_nodes(struct step_ref *ref, uint32_t *width, const char *text)
{
    while (*text) {
        char activation[32] = "identity";
        unsigned units;
        if (ref->count + 2 >= STEP_REF_NODES ||
            sscanf(text, " dense %u %31[a-z_]", &units, activation) < 1 ||
            !step_ref_activation(activation))
            abort();
        add_node(ref, width, units, activation);
        text += strcspn(text, ",");
        text += *text == ',';
    }
}

/* Uniform in +-1 / sqrt(in), each tensor a step of the stream. */
static void draw_initial(struct step_ref *ref)
{
    uint32_t tensor = 0;
    for (size_t i = 0; i < ref->count; i++) {
        const struct step_ref_node *node = &ref->nodes[i];
        const uint32_t at[] = {node->weight, node->bias};
        const uint32_t count[] = {node->in * node->units, node->units};
        float bound = 1.0f / sqrtf((float)node->in);
        for (int part = 0; part < 2; part++, tensor++) {
            for (uint32_t j = 0; j < count[part]; j++) {
                float u = vcl_host_uniform(ref->config->seed, STREAM_INIT, tensor, 0, j);
                ref->value[at[part] + j] = (2.0f * u - 1.0f) * bound;
            }
        }
    }
}

struct step_ref *step_ref_create(const struct vcl_config *config, uint32_t data)
{
    struct step_ref *ref = calloc(1, sizeof *ref);
    uint32_t width = data;
    size_t batch = (size_t)config->batch;
    if (!ref || !step_ref_likelihood(config->likelihood) ||
        !step_ref_optimiser_find(config->optimiser))
        abort();
    ref->config = config;
    ref->data = data;
    ref->latent = (uint32_t)config->latent;
    ref->stochastic = strcmp(config->objective, "elbo") == 0;
    add_nodes(ref, &width, config->encoder);
    add_node(ref, &width, ref->latent * (ref->stochastic ? 2 : 1), "identity");
    ref->encoder_count = ref->count;
    width = ref->latent;
    add_nodes(ref, &width, config->decoder);
    add_node(ref, &width, data, "identity");
    float **flat[] = {&ref->value, &ref->gradient, &ref->state[0], &ref->state[1]};
    for (size_t i = 0; i < 4; i++)
        *flat[i] = floats(ref->floats);
    ref->x = floats(batch * data);
    float **latent[] = {&ref->z, &ref->dz, &ref->spread, &ref->kl_elements};
    for (size_t i = 0; i < 4; i++)
        *latent[i] = floats(batch * ref->latent);
    ref->mask = floats(ref->latent);
    ref->recon = floats(batch);
    ref->kl = floats(batch);
    draw_initial(ref);
    return ref;
}

void step_ref_destroy(struct step_ref **ret_ref)
{
    if (!ret_ref || !*ret_ref)
        return;
    struct step_ref *ref = *ret_ref;
    float *arrays[] = {ref->value,       ref->gradient, ref->state[0], ref->state[1],
                       ref->x,           ref->z,        ref->dz,       ref->spread,
                       ref->kl_elements, ref->mask,     ref->recon,    ref->kl};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    for (size_t i = 0; i < ref->count; i++) {
        free(ref->nodes[i].pre);
        free(ref->nodes[i].y);
        free(ref->nodes[i].dy);
    }
    free(ref);
    *ret_ref = NULL;
}

/* ---- forward ---- */

static float see(const struct step_ref *ref, const struct vcl_dataset *set, uint32_t example,
                 uint32_t column)
{
    size_t at = (size_t)example * ref->data + column;
    float v = set->dtype == VCL_U8
                  ? vcl_host_div((float)((const unsigned char *)set->values)[at], 255)
                  : ((const float *)set->values)[at];
    if (strcmp(ref->config->binarize, "dynamic") == 0)
        return vcl_host_uniform(ref->config->seed, STREAM_BINARISE, ref->epoch, example, column) <
               v;
    return strcmp(ref->config->binarize, "threshold") == 0 ? v > 0.5f : v;
}

static void forward(struct step_ref *ref, size_t from, size_t to, const float *in)
{
    for (size_t i = from; i < to; i++) {
        struct step_ref_node *node = &ref->nodes[i];
        const struct step_ref_operand a = {in, node->in, 1};
        const struct step_ref_operand b = {ref->value + node->weight, node->units, 1};
        for (uint32_t r = 0; r < ref->rows; r++) {
            for (uint32_t j = 0; j < node->units; j++) {
                size_t at = (size_t)r * node->units + j;
                node->pre[at] = step_ref_product(a, b, r, j, node->in) + ref->value[node->bias + j];
                node->y[at] = node->activation->value(node->pre[at]);
            }
        }
        in = node->y;
    }
}

static float clamped(float logvar)
{
    return logvar > 20 ? 20 : (logvar < -20 ? -20 : logvar);
}

static void draw(struct step_ref *ref, const uint32_t *ids)
{
    const float *heads = ref->nodes[ref->encoder_count - 1].y;
    uint32_t dim = ref->latent;
    for (uint32_t r = 0; r < ref->rows; r++) {
        for (uint32_t j = 0; j < dim; j++) {
            size_t at = (size_t)r * dim + j;
            if (!ref->stochastic) {
                ref->z[at] = heads[at];
                continue;
            }
            float mu = heads[2 * r * dim + j], logvar = clamped(heads[(2 * r + 1) * dim + j]);
            float eps = vcl_host_normal(ref->config->seed, STREAM_LATENT, ref->step, ids[r], j);
            ref->spread[at] = vcl_host_exp(0.5f * logvar) * eps;
            ref->z[at] = mu + ref->spread[at];
            ref->kl_elements[at] = 0.5f * (fmaf(mu, mu, vcl_host_expm1(logvar)) - logvar);
        }
        ref->kl[r] = step_ref_row_sum(ref->kl_elements + (size_t)r * dim, dim);
    }
    float least = (float)ref->config->free_bits * (float)ref->rows;
    for (uint32_t j = 0; j < dim; j++)
        ref->mask[j] = step_ref_column_sum(ref->kl_elements, ref->rows, dim, j) > least;
}

/* recon, and the gradient of the decoder's output. */
static void score(struct step_ref *ref)
{
    const struct step_ref_likelihood *likelihood = step_ref_likelihood(ref->config->likelihood);
    struct step_ref_node *output = &ref->nodes[ref->count - 1];
    float sigma = (float)ref->config->sigma, scale = 1.0f / (float)ref->rows;
    for (uint32_t r = 0; r < ref->rows; r++) {
        float *terms = output->pre + (size_t)r * ref->data; /* no longer needed */
        for (uint32_t j = 0; j < ref->data; j++) {
            size_t at = (size_t)r * ref->data + j;
            terms[j] = likelihood->loss(ref->x[at], output->y[at], sigma);
            output->dy[at] = scale * likelihood->slope(ref->x[at], output->y[at], sigma);
        }
        ref->recon[r] = step_ref_row_sum(terms, ref->data);
    }
}

/* ---- backward ---- */

static void through_activation(const struct step_ref *ref, struct step_ref_node *node)
{
    for (size_t i = 0; i < (size_t)ref->rows * node->units; i++)
        node->dy[i] *= node->activation->slope(node->pre[i], node->y[i]);
}

static void backward(struct step_ref *ref, size_t from, size_t to, const float *in, float *din)
{
    for (size_t i = to; i-- > from;) {
        struct step_ref_node *node = &ref->nodes[i];
        const float *x = i > from ? node[-1].y : in;
        float *dx = i > from ? node[-1].dy : din;
        if (strcmp(node->activation->name, "identity") != 0)
            through_activation(ref, node);
        const struct step_ref_operand dy = {node->dy, node->units, 1};
        const struct step_ref_operand x_t = {x, 1, node->in};
        const struct step_ref_operand w_t = {ref->value + node->weight, 1, node->units};
        for (uint32_t j = 0; j < node->units; j++) {
            ref->gradient[node->bias + j] =
                step_ref_column_sum(node->dy, ref->rows, node->units, j);
            for (uint32_t k = 0; k < node->in; k++)
                ref->gradient[node->weight + k * node->units + j] =
                    step_ref_product(x_t, dy, k, j, ref->rows);
        }
        for (uint32_t r = 0; dx && r < ref->rows; r++) {
            for (uint32_t k = 0; k < node->in; k++)
                dx[(size_t)r * node->in + k] = step_ref_product(dy, w_t, r, k, node->units);
        }
    }
}

static void draw_back(struct step_ref *ref)
{
    struct step_ref_node *node = &ref->nodes[ref->encoder_count - 1];
    uint32_t dim = ref->latent;
    float weight = ref->kl_weight * (1.0f / (float)ref->rows);
    for (uint32_t r = 0; r < ref->rows; r++) {
        for (uint32_t j = 0; j < dim; j++) {
            size_t at = (size_t)r * dim + j, mu = 2 * r * dim + j, logvar = mu + dim;
            if (!ref->stochastic) {
                node->dy[at] = ref->dz[at];
                continue;
            }
            float w = ref->config->free_bits > 0 ? weight * ref->mask[j] : weight;
            float v = node->y[logvar], inside = clamped(v);
            float through_z = ref->dz[at] * (0.5f * ref->spread[at]);
            node->dy[mu] = fmaf(w, node->y[mu], ref->dz[at]);
            node->dy[logvar] = inside == v ? fmaf(0.5f * w, vcl_host_expm1(inside), through_z) : 0;
        }
    }
}

/* ---- steps ---- */

static void update(struct step_ref *ref)
{
    const struct vcl_config *c = ref->config;
    step_ref_optimiser optimiser = step_ref_optimiser_find(c->optimiser);
    double beta1 = (double)(float)c->beta1, beta2 = (double)(float)c->beta2;
    uint64_t t = (uint64_t)ref->step + 1;
    struct step_ref_update u = {
        .lr = (float)c->lr,
        .momentum = (float)c->momentum,
        .beta1 = (float)c->beta1,
        .beta2 = (float)c->beta2,
        .eps = (float)c->eps,
        .decay = (float)c->weight_decay,
        .correction1 = (float)(1 / (1 - step_ref_power(beta1, t))),
        .correction2 = (float)(1 / sqrt(1 - step_ref_power(beta2, t))),
        .clip_scale = 1,
    };
    if (c->clip > 0)
        u.clip_scale = step_ref_clip_scale(ref->gradient, ref->floats, (float)c->clip);
    for (uint32_t i = 0; i < ref->floats; i++)
        optimiser(&u, ref->gradient[i], &ref->value[i], &ref->state[0][i], &ref->state[1][i]);
}

static void one_step(struct step_ref *ref, const struct vcl_dataset *set, const uint32_t *ids)
{
    for (uint32_t r = 0; r < ref->rows; r++) {
        for (uint32_t j = 0; j < ref->data; j++)
            ref->x[(size_t)r * ref->data + j] = see(ref, set, ids[r], j);
    }
    forward(ref, 0, ref->encoder_count, ref->x);
    draw(ref, ids);
    forward(ref, ref->encoder_count, ref->count, ref->z);
    score(ref);
    backward(ref, ref->encoder_count, ref->count, ref->z, ref->dz);
    draw_back(ref);
    backward(ref, 0, ref->encoder_count, ref->x, NULL);
    update(ref);
}

/* Fisher-Yates from the end; the swap of place i draws word i. */
static void shuffle(uint64_t seed, uint32_t epoch, uint32_t *order, uint32_t n)
{
    const struct vcl_philox rng = {.seed = seed, .stream = STREAM_SHUFFLE, .step = epoch};
    for (uint32_t i = 0; i < n; i++)
        order[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t j = (uint32_t)((uint64_t)vcl_philox_word(&rng, 0, i) * i >> 32);
        uint32_t swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}

static float kl_weight(const struct vcl_config *c, uint32_t step, uint32_t epoch_steps)
{
    double rise = c->warmup * epoch_steps, done = (double)step + 1;
    return (float)(done < rise ? c->beta * (done / rise) : c->beta);
}

void step_ref_train(struct step_ref *ref, const struct vcl_dataset *set, double *ret_recon,
                    double *ret_kl)
{
    uint32_t n = (uint32_t)set->count, batch = (uint32_t)ref->config->batch;
    uint32_t *order = malloc(n * sizeof *order);
    if (!order)
        abort();
    for (ref->epoch = 0, ref->step = 0; ref->epoch < ref->config->epochs; ref->epoch++) {
        shuffle(ref->config->seed, ref->epoch, order, n);
        *ret_recon = *ret_kl = 0;
        for (uint32_t done = 0; done < n; done += ref->rows, ref->step++) {
            ref->rows = n - done < batch ? n - done : batch;
            ref->kl_weight = kl_weight(ref->config, ref->step, (n + batch - 1) / batch);
            one_step(ref, set, order + done);
            *ret_recon += (double)step_ref_row_sum(ref->recon, ref->rows);
            *ret_kl += (double)step_ref_row_sum(ref->kl, ref->rows);
        }
        *ret_recon /= n;
        *ret_kl /= n;
    }
    free(order);
}
