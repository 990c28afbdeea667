/* SPDX-License-Identifier: MIT
 *
 * The Gaussian latent of the reference, from mu | log sigma^2 (rows, 2Z).
 */
#include <math.h>

#include "ref/vae_ref_rows.h"
#include "vae/node_latent.h"

enum { Z, SCORE, OFFSET, ELEMENTS }; /* outputs */

static const double PI = 3.14159265358979323846;

/* log sigma^2 is clamped to this on both sides, with no gradient beyond. */
static const double LOGVAR_BOUND = 20;

/* Of element j of row r of z. */
struct element {
    size_t at, mu_at, logvar_at; /* of z, and of what comes in */
    double mu, logvar, raw;      /* raw: before it is clamped */
};

static struct element element_of(const struct ref_pass *p, size_t r, size_t j)
{
    const double *q = p->x[0];
    size_t dim = p->node->out[Z]->size, repeat = p->node->out[Z]->repeat / p->node->in[0]->repeat;
    struct element e = {.at = r * dim + j, .mu_at = r / repeat * 2 * dim + j};
    e.logvar_at = e.mu_at + dim;
    e.mu = q[e.mu_at];
    e.raw = q[e.logvar_at];
    e.logvar = fmin(fmax(e.raw, -LOGVAR_BOUND), LOGVAR_BOUND);
    return e;
}

/* KL(N(mu, sigma^2) || N(0, 1)) */
static double kl_of(const struct element *e)
{
    return 0.5 * (e->mu * e->mu + exp(e->logvar) - 1 - e->logvar);
}

/* z = mu + sigma eps, and the KL. */
void vae_ref_draw_forward(const struct ref_pass *p)
{
    const double *eps = p->ref->eps;
    double *z = p->y[Z], *kl = p->y[SCORE], *offset = p->y[OFFSET], *elements = p->y[ELEMENTS];
    for (size_t r = 0; r < p->rows; r++) {
        kl[r] = 0;
        for (size_t j = 0; j < p->node->out[Z]->size; j++) {
            const struct element e = element_of(p, r, j);
            offset[e.at] = sqrt(exp(e.logvar)) * eps[e.at];
            z[e.at] = e.mu + offset[e.at];
            kl[r] += kl_of(&e);
            if (elements)
                elements[e.at] = kl_of(&e);
        }
    }
}

/* log q(z|x) in place of the KL. */
void vae_ref_draws_forward(const struct ref_pass *p)
{
    const double *eps = p->ref->eps;
    double *log_q = p->y[SCORE];
    vae_ref_draw_forward(p);
    for (size_t r = 0; r < p->rows; r++) {
        log_q[r] = 0;
        for (size_t j = 0; j < p->node->out[Z]->size; j++) {
            const struct element e = element_of(p, r, j);
            log_q[r] -= 0.5 * (eps[e.at] * eps[e.at] + e.logvar + log(2 * PI));
        }
    }
}

/* The batch's mean KL of one latent. */
static double latent_kl(const struct ref_pass *p, size_t j)
{
    double sum = 0;
    for (size_t r = 0; r < p->rows; r++) {
        const struct element e = element_of(p, r, j);
        sum += kl_of(&e);
    }
    return sum / (double)p->rows;
}

static double free_bits(const struct ref_pass *p)
{
    const struct vcl_node_latent *config = p->node->config;
    return (double)config->free_bits;
}

double vae_ref_draw_loss(const struct ref_pass *p)
{
    double sum = 0;
    for (size_t j = 0; j < p->node->out[Z]->size; j++)
        sum += fmax(free_bits(p), latent_kl(p, j));
    return p->ref->kl_weight * sum;
}

void vae_ref_draw_backward(const struct ref_pass *p)
{
    const double *dz = p->dy[Z], *dkl = p->dy[SCORE], *eps = p->ref->eps;
    double *dq = p->dx[0];
    for (size_t j = 0; j < p->node->out[Z]->size; j++) {
        bool penalised = latent_kl(p, j) > free_bits(p);
        for (size_t r = 0; r < p->rows; r++) {
            const struct element e = element_of(p, r, j);
            double weight = penalised ? p->ref->kl_weight * dkl[r] : 0;
            double through_z = dz[e.at] * eps[e.at] * 0.5 * exp(0.5 * e.raw);
            dq[e.mu_at] = dz[e.at] + weight * e.mu;
            dq[e.logvar_at] = e.raw == e.logvar ? through_z + weight * 0.5 * (exp(e.raw) - 1) : 0;
        }
    }
}
