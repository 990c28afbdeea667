/* SPDX-License-Identifier: MIT
 *
 * The Gaussian latent of the reference, from mu | log sigma^2 (rows, 2Z).
 */
#include "ref/vae_ref_gaussian.h"
#include "ref/vae_ref_rows.h"
#include "vae/node_latent.h"

enum { Z, SCORE, OFFSET, ELEMENTS }; /* outputs */

/* Of element j of row r of z. */
struct element {
    size_t at; /* in z */
    struct vae_ref_gaussian q;
};

static struct element element_of(const struct ref_pass *p, size_t r, size_t j)
{
    const struct vcl_value *z = p->node->out[Z];
    size_t row = r / ref_repeat(z, p->node->in[0]);
    return (struct element){r * z->size + j, vae_ref_gaussian_of(p->x[0], z->size, row, j)};
}

/* KL(N(mu, sigma^2) || N(0, 1)) */
static double kl_of(const struct element *e)
{
    return 0.5 * (e->q.mu * e->q.mu + exp(e->q.logvar) - 1 - e->q.logvar);
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
            offset[e.at] = sqrt(exp(e.q.logvar)) * eps[e.at];
            z[e.at] = e.q.mu + offset[e.at];
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
            log_q[r] -= 0.5 * (eps[e.at] * eps[e.at] + e.q.logvar + VAE_REF_LOG_2PI);
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

/* What comes to the encoder's output through z = mu + sigma eps is added. */
static void through_z(const struct ref_pass *p, const struct element *e)
{
    const double *dz = p->dy[Z], *eps = p->ref->eps;
    double *dq = p->dx[0];
    dq[e->q.mu_at] += dz[e->at];
    if (!e->q.clamped)
        dq[e->q.logvar_at] += dz[e->at] * eps[e->at] * 0.5 * exp(0.5 * e->q.logvar);
}

void vae_ref_draw_backward(const struct ref_pass *p)
{
    const double *dkl = p->dy[SCORE];
    double *dq = p->dx[0];
    for (size_t j = 0; j < p->node->out[Z]->size; j++) {
        bool penalised = latent_kl(p, j) > free_bits(p);
        for (size_t r = 0; r < p->rows; r++) {
            const struct element e = element_of(p, r, j);
            double weight = penalised ? p->ref->kl_weight * dkl[r] : 0;
            through_z(p, &e);
            dq[e.q.mu_at] += weight * e.q.mu;
            if (!e.q.clamped)
                dq[e.q.logvar_at] += weight * 0.5 * (exp(e.q.logvar) - 1);
        }
    }
}

/* Of log q(z|x), the noise is what does not change: only log sigma^2 is left. */
void vae_ref_draws_backward(const struct ref_pass *p)
{
    const double *dlog_q = p->dy[SCORE];
    double *dq = p->dx[0];
    for (size_t i = 0; i < p->rows * p->node->out[Z]->size; i++) {
        size_t r = i / p->node->out[Z]->size;
        const struct element e = element_of(p, r, i % p->node->out[Z]->size);
        through_z(p, &e);
        if (!e.q.clamped)
            dq[e.q.logvar_at] -= 0.5 * dlog_q[r];
    }
}
