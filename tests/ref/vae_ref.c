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

static void add_node(struct vae_ref *ref, size_t *width, size_t units, const char *activation)
{
    struct vae_ref_node *node = &ref->nodes[ref->count++];
    *node = (struct vae_ref_node){.in = *width,
                                  .units = units,
                                  .at = ref->n_params,
                                  .activation = vae_ref_activation(activation),
                                  .pre = doubles(ref->rows * units),
                                  .y = doubles(ref->rows * units),
                                  .dy = doubles(ref->rows * units)};
    ref->n_params += *width * units + units;
    *width = units;
}

/* Adds the layers of "dense 40 relu, dense 20"; false if there is another kind among them. */
static bool add_nodes(struct vae_ref *ref, size_t *width, const char *text)
{
    while (*text) {
        char activation[32] = "identity";
        unsigned units;
        if (ref->count + 2 >= VAE_REF_NODES ||
            sscanf(text, " dense %u %31[a-z_]", &units, activation) < 1 ||
            !vae_ref_activation(activation))
            return false;
        add_node(ref, width, units, activation);
        text += strcspn(text, ",");
        text += *text == ',';
    }
    return true;
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

struct vae_ref *vae_ref_create(const struct vcl_config *config, size_t data, size_t rows)
{
    struct vae_ref *ref = calloc(1, sizeof *ref);
    size_t width = data;
    if (!ref)
        abort();
    *ref = (struct vae_ref){.rows = rows,
                            .data = data,
                            .latent = (size_t)config->latent,
                            .stochastic = strcmp(config->objective, "elbo") == 0,
                            .sigma = (double)(float)config->sigma,
                            .beta = (double)(float)config->beta,
                            .free_bits = (double)(float)config->free_bits,
                            .likelihood = vae_ref_likelihood(config->likelihood)};
    bool known = ref->likelihood && (ref->stochastic || strcmp(config->objective, "ae") == 0);
    known = known && add_nodes(ref, &width, config->encoder);
    add_node(ref, &width, ref->latent * (ref->stochastic ? 2 : 1), "identity");
    ref->encoder_count = ref->count;
    width = ref->latent;
    known = known && add_nodes(ref, &width, config->decoder);
    add_node(ref, &width, data, "identity");
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
        const double *weight = ref->params + node->at, *bias = weight + node->in * node->units;
        for (size_t r = 0; r < ref->rows; r++) {
            for (size_t j = 0; j < node->units; j++) {
                double sum = bias[j];
                for (size_t k = 0; k < node->in; k++)
                    sum += in[r * node->in + k] * weight[k * node->units + j];
                node->pre[r * node->units + j] = sum;
                node->y[r * node->units + j] = node->activation->value(sum);
            }
        }
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

/* From nodes[to - 1].dy down to the gradients of the parameters and, unless NULL, of `in`. */
static void run_back(struct vae_ref *ref, size_t from, size_t to, const double *in, double *din)
{
    for (size_t i = to; i-- > from;) {
        struct vae_ref_node *node = &ref->nodes[i];
        const double *weight = ref->params + node->at, *x = i > from ? node[-1].y : in;
        double *dweight = ref->gradient + node->at, *dbias = dweight + node->in * node->units;
        double *dx = i > from ? node[-1].dy : din;
        for (size_t j = 0; dx && j < ref->rows * node->in; j++)
            dx[j] = 0;
        for (size_t r = 0; r < ref->rows; r++) {
            for (size_t j = 0; j < node->units; j++) {
                size_t at = r * node->units + j;
                double slope = node->dy[at] * node->activation->slope(node->pre[at]);
                dbias[j] += slope;
                for (size_t k = 0; k < node->in; k++) {
                    dweight[k * node->units + j] += slope * x[r * node->in + k];
                    if (dx)
                        dx[r * node->in + k] += slope * weight[k * node->units + j];
                }
            }
        }
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
    run_back(ref, ref->encoder_count, ref->count, ref->z, ref->dz);
    draw_back(ref, heads->y, heads->dy);
    run_back(ref, 0, ref->encoder_count, ref->x, NULL);
}
