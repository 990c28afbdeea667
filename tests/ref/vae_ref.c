/* SPDX-License-Identifier: MIT */
#include "ref/vae_ref.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* log sigma^2 is clamped to this on both sides, with no gradient beyond. */
static const double LOGVAR_BOUND = 20;

static double *doubles(size_t n)
{
    double *values = calloc(n ? n : 1, sizeof *values);
    if (!values)
        abort();
    return values;
}

/* ---- set-up ---- */

static size_t shape_size(struct vcl_shape shape)
{
    return (size_t)shape.height * shape.width * shape.channels;
}

/* Adds the layer "dense 40 relu", whose words without an activation are `text`. */
static bool add_node(struct vae_ref *ref, struct vcl_shape *shape, const char *text,
                     const char *activation, size_t from)
{
    struct vae_ref_node *node = &ref->nodes[ref->count];
    char name[32] = "";
    int used = 0;
    if (ref->count == VAE_REF_NODES || sscanf(text, " %31s%n", name, &used) < 1)
        return false;
    *node = (struct vae_ref_node){.layer = vae_ref_layer(name),
                                  .activation = vae_ref_activation(activation),
                                  .in_shape = *shape,
                                  .shape = *shape,
                                  .in = shape_size(*shape),
                                  .at = ref->n_params,
                                  .from = from};
    if (!node->layer || !node->activation || !node->layer->read(node, text + used))
        return false;
    if (strcmp(name, "dropout") == 0)
        node->stream = 64 + ref->streams++;
    node->units = shape_size(node->shape);
    node->pre = doubles(ref->rows * node->units);
    node->y = doubles(ref->rows * node->units);
    node->dy = doubles(ref->rows * node->units);
    ref->n_params += node->n_params;
    ref->count++;
    *shape = node->shape;
    return true;
}

static bool add_nodes(struct vae_ref *ref, struct vcl_shape *shape, const char *text);

/* One layer's text: without what is in brackets, which comes first, and its activation. */
static bool add_layer(struct vae_ref *ref, struct vcl_shape *shape, char *text)
{
    char *open = strchr(text, '['), *close = strrchr(text, ']');
    size_t from = ref->count;
    if (open) {
        *close = '\0';
        if (!add_nodes(ref, shape, open + 1))
            return false;
        memset(open, ' ', (size_t)(close - open) + 1);
    }
    for (size_t end = strlen(text); end > 0 && text[end - 1] == ' ';)
        text[--end] = '\0';
    char *last = strrchr(text, ' ');
    bool has_activation = last && vae_ref_activation(last + 1);
    if (has_activation)
        *last = '\0';
    return add_node(ref, shape, text, has_activation ? last + 1 : "identity", from);
}

/* Adds the layers of "dense 40 relu, dense 20"; false if there is another kind among them. */
static bool add_nodes(struct vae_ref *ref, struct vcl_shape *shape, const char *text)
{
    while (*text) {
        char layer[256];
        size_t len = 0;
        for (int depth = 0; text[len] && (depth || text[len] != ','); len++)
            depth += (text[len] == '[') - (text[len] == ']');
        snprintf(layer, sizeof layer, "%.*s", (int)len, text);
        if (!add_layer(ref, shape, layer))
            return false;
        text += len;
        text += *text == ',';
    }
    return true;
}

static bool add_dense(struct vae_ref *ref, struct vcl_shape *shape, size_t units)
{
    char text[32];
    snprintf(text, sizeof text, "dense %zu", units);
    return add_node(ref, shape, text, "identity", 0);
}

static void make_arrays(struct vae_ref *ref)
{
    ref->params = doubles(ref->n_params);
    ref->gradient = doubles(ref->n_params);
    ref->x = doubles(ref->rows * ref->data);
    ref->eps = doubles(ref->rows * ref->latent);
    ref->z = doubles(ref->rows * ref->latent);
    ref->dz = doubles(ref->rows * ref->latent);
    ref->kl_elements = doubles(ref->rows * ref->latent);
    ref->recon = doubles(ref->rows);
    ref->kl = doubles(ref->rows);
}

struct vae_ref *vae_ref_create(const struct vcl_config *config, struct vcl_shape shape, size_t rows)
{
    struct vae_ref *ref = calloc(1, sizeof *ref);
    if (!ref)
        abort();
    *ref = (struct vae_ref){.rows = rows,
                            .data = shape_size(shape),
                            .latent = (size_t)config->latent,
                            .stochastic = strcmp(config->objective, "elbo") == 0,
                            .sigma = (double)(float)config->sigma,
                            .beta = (double)(float)config->beta,
                            .free_bits = (double)(float)config->free_bits,
                            .likelihood = vae_ref_likelihood(config->likelihood)};
    char output[256];
    ref_output_text(config, shape, output);
    bool known = ref->likelihood && (ref->stochastic || strcmp(config->objective, "ae") == 0);
    known = known && add_nodes(ref, &shape, config->encoder) &&
            add_dense(ref, &shape, ref->latent * (ref->stochastic ? 2 : 1));
    ref->encoder_count = ref->count;
    shape = (struct vcl_shape){1, (uint32_t)ref->latent, 1};
    known = known && add_nodes(ref, &shape, config->decoder) && add_layer(ref, &shape, output);
    make_arrays(ref);
    if (!known)
        vae_ref_destroy(&ref);
    return ref;
}

void vae_ref_destroy(struct vae_ref **ret_ref)
{
    if (!ret_ref || !*ret_ref)
        return;
    struct vae_ref *ref = *ret_ref;
    double *arrays[] = {ref->params, ref->gradient,    ref->x,     ref->eps, ref->z,
                        ref->dz,     ref->kl_elements, ref->recon, ref->kl};
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

static const double *run(struct vae_ref *ref, size_t from, size_t to, const double *in)
{
    for (size_t i = from; i < to; i++) {
        struct vae_ref_node *node = &ref->nodes[i];
        node->x = in;
        node->layer->forward(ref, node);
        for (size_t j = 0; j < ref->rows * node->units; j++)
            node->y[j] = node->activation->value(node->pre[j]);
        in = node->y;
    }
    return in;
}

static double clamped(double logvar)
{
    return fmin(fmax(logvar, -LOGVAR_BOUND), LOGVAR_BOUND);
}

/* z = mu + sigma eps and KL(N(mu, sigma^2) || N(0, 1)); or z = heads. */
static void draw(struct vae_ref *ref, const double *heads)
{
    size_t dim = ref->latent;
    for (size_t r = 0; r < ref->rows; r++) {
        ref->kl[r] = 0;
        for (size_t j = 0; j < dim; j++) {
            size_t at = r * dim + j;
            if (!ref->stochastic) {
                ref->z[at] = heads[at];
                continue;
            }
            double mu = heads[2 * r * dim + j], logvar = clamped(heads[(2 * r + 1) * dim + j]);
            ref->z[at] = mu + sqrt(exp(logvar)) * ref->eps[at];
            ref->kl_elements[at] = 0.5 * (mu * mu + exp(logvar) - 1 - logvar);
            ref->kl[r] += ref->kl_elements[at];
        }
    }
}

/* The batch's mean KL of one latent. */
static double latent_kl(const struct vae_ref *ref, size_t j)
{
    double sum = 0;
    for (size_t r = 0; r < ref->rows; r++)
        sum += ref->kl_elements[r * ref->latent + j];
    return sum / (double)ref->rows;
}

double vae_ref_forward(struct vae_ref *ref)
{
    draw(ref, run(ref, 0, ref->encoder_count, ref->x));
    const double *y = run(ref, ref->encoder_count, ref->count, ref->z);
    double objective = 0;
    for (size_t r = 0; r < ref->rows; r++) {
        ref->recon[r] = 0;
        for (size_t j = r * ref->data; j < (r + 1) * ref->data; j++)
            ref->recon[r] += ref->likelihood->loss(ref->x[j], y[j], ref->sigma);
        objective += ref->recon[r] / (double)ref->rows;
    }
    for (size_t j = 0; ref->stochastic && j < ref->latent; j++)
        objective += ref->beta * fmax(ref->free_bits, latent_kl(ref, j));
    return objective;
}

/* ---- backward ---- */

/* What residual blocks that begin at node i, up to `to`, hand past it. */
static void add_skips(struct vae_ref *ref, size_t i, size_t to)
{
    struct vae_ref_node *node = &ref->nodes[i];
    for (size_t k = i + 1; node->dx && k < to; k++) {
        const struct vae_ref_node *block = &ref->nodes[k];
        if (strcmp(block->layer->name, "residual") != 0 || block->from != i)
            continue;
        for (size_t j = 0; j < ref->rows * node->in; j++)
            node->dx[j] += block->dy[j];
    }
}

/* From nodes[to - 1].dy down to the gradients of the parameters and, unless NULL, of the input. */
static void run_back(struct vae_ref *ref, size_t from, size_t to, double *din)
{
    for (size_t i = to; i-- > from;) {
        struct vae_ref_node *node = &ref->nodes[i];
        node->dx = i > from ? node[-1].dy : din;
        for (size_t j = 0; j < ref->rows * node->units; j++)
            node->dy[j] *= node->activation->slope(node->pre[j]);
        if (node->dx)
            memset(node->dx, 0, ref->rows * node->in * sizeof *node->dx);
        node->layer->backward(ref, node);
        add_skips(ref, i, to);
    }
}

static void draw_back(struct vae_ref *ref, const double *heads, double *dheads)
{
    size_t dim = ref->latent;
    for (size_t r = 0; r < ref->rows; r++) {
        for (size_t j = 0; j < dim; j++) {
            size_t at = r * dim + j;
            if (!ref->stochastic) {
                dheads[at] = ref->dz[at];
                continue;
            }
            double mu = heads[2 * r * dim + j], logvar = heads[(2 * r + 1) * dim + j];
            bool penalised = latent_kl(ref, j) > ref->free_bits;
            double weight = penalised ? ref->beta / (double)ref->rows : 0;
            bool inside = fabs(logvar) <= LOGVAR_BOUND;
            double through_z = ref->dz[at] * ref->eps[at] * 0.5 * exp(0.5 * logvar);
            dheads[2 * r * dim + j] = ref->dz[at] + weight * mu;
            dheads[(2 * r + 1) * dim + j] =
                inside ? through_z + weight * 0.5 * (exp(logvar) - 1) : 0;
        }
    }
}

void vae_ref_backward(struct vae_ref *ref)
{
    struct vae_ref_node *heads = &ref->nodes[ref->encoder_count - 1];
    struct vae_ref_node *output = &ref->nodes[ref->count - 1];
    memset(ref->gradient, 0, ref->n_params * sizeof *ref->gradient);
    for (size_t j = 0; j < ref->rows * ref->data; j++)
        output->dy[j] =
            ref->likelihood->slope(ref->x[j], output->y[j], ref->sigma) / (double)ref->rows;
    run_back(ref, ref->encoder_count, ref->count, ref->dz);
    draw_back(ref, heads->y, heads->dy);
    run_back(ref, 0, ref->encoder_count, NULL);
}
