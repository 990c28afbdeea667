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
enum {
    STREAM_INIT = 1,
    STREAM_SHUFFLE = 2,
    STREAM_BINARISE = 3,
    STREAM_NODE = 64,
    STREAM_LATENT = 1 << 16
};
enum { TENSOR_STEP = 1024 };

static float *floats(size_t n)
{
    float *values = calloc(n ? n : 1, sizeof *values);
    if (!values)
        abort();
    return values;
}

/* ---- set-up ---- */

static uint32_t shape_size(struct vcl_shape shape)
{
    return shape.height * shape.width * shape.channels;
}

static void place_tensors(struct step_ref *ref, struct step_ref_node *node)
{
    for (uint32_t i = 0; i < node->n_tensors; i++) {
        struct step_ref_tensor *tensor = &node->tensors[i];
        uint32_t *end = tensor->is_state ? &ref->states : &ref->floats;
        tensor->at = *end;
        *end += (tensor->count + TENSOR_STEP - 1) / TENSOR_STEP * TENSOR_STEP;
    }
}

/* Adds the layer "dense 40 relu", whose words without an activation are `text`. */
static void add_node(struct step_ref *ref, struct vcl_shape *shape, const char *text,
                     const char *activation, uint32_t from)
{
    struct step_ref_node *node = &ref->nodes[ref->count++];
    char name[32] = "";
    int used = 0;
    if (ref->count > STEP_REF_NODES || sscanf(text, " %31s%n", name, &used) < 1)
        abort();
    *node = (struct step_ref_node){.layer = step_ref_layer(name),
                                   .activation = step_ref_activation(activation),
                                   .in_shape = *shape,
                                   .shape = *shape,
                                   .in = shape_size(*shape),
                                   .from = from};
    if (!node->layer || !node->activation || !node->layer->read(node, text + used))
        abort();
    if (strcmp(name, "dropout") == 0)
        node->stream = STREAM_NODE + ref->streams++;
    node->units = shape_size(node->shape);
    size_t n = (size_t)ref->config->batch * node->units;
    node->pre = floats(n);
    node->y = floats(n);
    node->dy = floats(n);
    place_tensors(ref, node);
    *shape = node->shape;
}

static void add_nodes(struct step_ref *ref, struct vcl_shape *shape, const char *text);

/* One layer's text: what is in brackets comes first. */
static void add_layer(struct step_ref *ref, struct vcl_shape *shape, char *text)
{
    char *open = strchr(text, '['), *close = strrchr(text, ']');
    uint32_t from = (uint32_t)ref->count;
    if (open) {
        *close = '\0';
        add_nodes(ref, shape, open + 1);
        memset(open, ' ', (size_t)(close - open) + 1);
    }
    for (size_t end = strlen(text); end > 0 && text[end - 1] == ' ';)
        text[--end] = '\0';
    char *last = strrchr(text, ' ');
    bool has_activation = last && step_ref_activation(last + 1);
    if (has_activation)
        *last = '\0';
    add_node(ref, shape, text, has_activation ? last + 1 : "identity", from);
}

static void add_nodes(struct step_ref *ref, struct vcl_shape *shape, const char *text)
{
    while (*text) {
        char layer[256];
        size_t len = 0;
        for (int depth = 0; text[len] && (depth || text[len] != ','); len++)
            depth += (text[len] == '[') - (text[len] == ']');
        snprintf(layer, sizeof layer, "%.*s", (int)len, text);
        add_layer(ref, shape, layer);
        text += len;
        text += *text == ',';
    }
}

static void add_dense(struct step_ref *ref, struct vcl_shape *shape, uint32_t units)
{
    char text[32];
    snprintf(text, sizeof text, "dense %u", units);
    add_node(ref, shape, text, "identity", 0);
}

/* Each tensor is a step of the stream. */
static void draw_initial(struct step_ref *ref)
{
    uint32_t number = 0;
    for (size_t i = 0; i < ref->count; i++) {
        for (uint32_t k = 0; k < ref->nodes[i].n_tensors; k++, number++) {
            const struct step_ref_tensor *t = &ref->nodes[i].tensors[k];
            for (uint32_t j = 0; j < t->count; j++) {
                float u = vcl_host_uniform(ref->config->seed, STREAM_INIT, number, 0, j);
                float *flat = t->is_state ? ref->kept : ref->value;
                flat[t->at + j] = (2.0f * u - 1.0f) * t->bound + t->initial;
            }
        }
    }
}

static void make_arrays(struct step_ref *ref)
{
    size_t batch = (size_t)ref->config->batch;
    float **flat[] = {&ref->value, &ref->gradient, &ref->state[0], &ref->state[1]};
    for (size_t i = 0; i < 4; i++)
        *flat[i] = floats(ref->floats);
    ref->kept = floats(ref->states);
    ref->x = floats(batch * ref->data);
    float **latent[] = {&ref->z, &ref->dz, &ref->spread, &ref->kl_elements};
    for (size_t i = 0; i < 4; i++)
        *latent[i] = floats(batch * ref->latent);
    ref->mask = floats(ref->latent);
    ref->recon = floats(batch);
    ref->kl = floats(batch);
}

struct step_ref *step_ref_create(const struct vcl_config *config, struct vcl_shape shape)
{
    struct step_ref *ref = calloc(1, sizeof *ref);
    char output[256];
    ref_output_text(config, shape, output);
    if (!ref || !step_ref_likelihood(config->likelihood) ||
        !step_ref_optimiser_find(config->optimiser))
        abort();
    ref->config = config;
    ref->data = shape_size(shape);
    ref->latent = (uint32_t)config->latent;
    ref->stochastic = strcmp(config->objective, "elbo") == 0;
    add_nodes(ref, &shape, config->encoder);
    add_dense(ref, &shape, ref->latent * (ref->stochastic ? 2 : 1));
    ref->encoder_count = ref->count;
    shape = (struct vcl_shape){1, ref->latent, 1};
    add_nodes(ref, &shape, config->decoder);
    add_layer(ref, &shape, output);
    make_arrays(ref);
    draw_initial(ref);
    return ref;
}

void step_ref_destroy(struct step_ref **ret_ref)
{
    if (!ret_ref || !*ret_ref)
        return;
    struct step_ref *ref = *ret_ref;
    float *arrays[] = {ref->value, ref->gradient, ref->state[0], ref->state[1], ref->kept,
                       ref->x,     ref->z,        ref->dz,       ref->spread,   ref->kl_elements,
                       ref->mask,  ref->recon,    ref->kl};
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
        node->x = in;
        node->layer->forward(ref, node);
        for (size_t j = 0; j < (size_t)ref->rows * node->units; j++)
            node->y[j] = node->activation->value(node->pre[j]);
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

static bool begins_at(const struct step_ref_node *block, size_t i)
{
    return strcmp(block->layer->name, "residual") == 0 && block->from == i;
}

/* A gradient is the sum over the readers of a value, the last reader first: what residual blocks
 * that begin at node i, up to `to`, hand past it, the outermost first, and then its own. */
static void add_skips(const struct step_ref *ref, size_t i, size_t to)
{
    const struct step_ref_node *node = &ref->nodes[i];
    for (size_t j = 0; node->dx && j < (size_t)ref->rows * node->in; j++) {
        float skips = 0;
        bool any = false;
        for (size_t k = to; k-- > i + 1;) {
            if (!begins_at(&ref->nodes[k], i))
                continue;
            skips = any ? skips + ref->nodes[k].dy[j] : ref->nodes[k].dy[j];
            any = true;
        }
        if (any)
            node->dx[j] = skips + node->dx[j];
    }
}

static void backward(struct step_ref *ref, size_t from, size_t to, float *din)
{
    for (size_t i = to; i-- > from;) {
        struct step_ref_node *node = &ref->nodes[i];
        node->dx = i > from ? node[-1].dy : din;
        if (strcmp(node->activation->name, "identity") != 0)
            through_activation(ref, node);
        node->layer->backward(ref, node);
        add_skips(ref, i, to);
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
    ref->ids = ids;
    for (uint32_t r = 0; r < ref->rows; r++) {
        for (uint32_t j = 0; j < ref->data; j++)
            ref->x[(size_t)r * ref->data + j] = see(ref, set, ids[r], j);
    }
    forward(ref, 0, ref->encoder_count, ref->x);
    draw(ref, ids);
    forward(ref, ref->encoder_count, ref->count, ref->z);
    score(ref);
    backward(ref, ref->encoder_count, ref->count, ref->dz);
    draw_back(ref);
    backward(ref, 0, ref->encoder_count, NULL);
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
