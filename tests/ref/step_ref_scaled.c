/* SPDX-License-Identifier: MIT
 *
 * The Gaussian likelihood with learned log sigma^2 in the float reference.
 */
#include <math.h>
#include <stdlib.h>

#include "check/host_math.h"
#include "ref/node_geometry.h"
#include "ref/step_ref_gaussian.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"

static const float HALF_LOG_2PI = 0.91893853320467274178f;

/* Of one value. */
struct element {
    float away, precision, square, logvar; /* of mean and data; (away^2) precision */
    bool clamped;
    size_t mean_at, logvar_at; /* in y, or in the parameter */
};

static struct element element_of(const struct ref_pass *p, size_t r, size_t j)
{
    const struct vcl_value *x = p->node->in[0], *y = p->node->in[1];
    const float *means = p->x[1], *logvars = p->x[2] ? p->x[2] : p->x[1];
    struct element e = {.mean_at = r * y->size + j};
    if (!p->x[2]) {
        e.mean_at = r * y->size + ref_mean_at(x, y, j, &e.logvar_at);
        e.logvar_at += r * y->size;
    }
    float raw = logvars[e.logvar_at];
    e.logvar = step_ref_clamped(raw);
    e.clamped = raw != e.logvar;
    e.precision = vcl_host_exp(-e.logvar);
    e.away = means[e.mean_at] - ((const float *)p->x[0])[r / ref_repeat(y, x) * x->size + j];
    e.square = e.away * e.away * e.precision;
    return e;
}

void step_ref_scaled_forward(const struct ref_pass *p)
{
    size_t size = p->node->in[0]->size;
    float *loss = p->y[0], *terms = ref_zeros(size, sizeof *terms);
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t j = 0; j < size; j++) {
            const struct element e = element_of(p, r, j);
            terms[j] = fmaf(0.5f, e.square + e.logvar, HALF_LOG_2PI);
        }
        loss[r] = step_ref_row_sum(terms, size);
    }
    free(terms);
}

/* The shared one's gradient is summed over values, then over rows. */
void step_ref_scaled_backward(const struct ref_pass *p)
{
    size_t size = p->node->in[0]->size;
    const float *dloss = p->dy[0];
    float *dmeans = p->dx[1], *slopes = ref_zeros(size, sizeof *slopes);
    float *parts = ref_zeros(p->rows, sizeof *parts);
    for (size_t r = 0; r < p->rows; r++) {
        for (size_t j = 0; j < size; j++) {
            const struct element e = element_of(p, r, j);
            dmeans[e.mean_at] = dloss[r] * (e.away * e.precision);
            slopes[j] = e.clamped ? 0 : dloss[r] * fmaf(-0.5f, e.square, 0.5f);
            if (!p->x[2])
                dmeans[e.logvar_at] = slopes[j];
        }
        parts[r] = step_ref_row_sum(slopes, size);
    }
    if (p->x[2])
        *(float *)p->dx[2] = step_ref_column_sum(parts, (uint32_t)p->rows, 1, 0);
    free(slopes);
    free(parts);
}
