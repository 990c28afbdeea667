/* SPDX-License-Identifier: MIT
 *
 * Labels in the reference: as zeros and a one, as trained numbers, and behind other rows.
 */
#include <string.h>

#include "nn/node_labels.h"
#include "ref/vae_ref_rows.h"

/* ---- one-hot: labels are whole numbers among the others here ---- */

void vae_ref_one_hot_forward(const struct ref_pass *p)
{
    const double *labels = p->x[0];
    double *y = p->y[0];
    size_t classes = p->node->out[0]->size;
    for (size_t i = 0; i < p->rows * classes; i++)
        y[i] = i % classes == (size_t)labels[i / classes];
}

/* ---- embed: weight (classes, width) ---- */

void vae_ref_embed_forward(const struct ref_pass *p)
{
    const double *x = p->x[0], *weight = p->param[0];
    size_t classes = p->node->in[0]->size, width = p->node->out[0]->size;
    double *y = p->y[0];
    for (size_t i = 0; i < p->rows * width; i++) {
        y[i] = 0;
        for (size_t k = 0; k < classes; k++)
            y[i] += x[i / width * classes + k] * weight[k * width + i % width];
    }
}

void vae_ref_embed_backward(const struct ref_pass *p)
{
    const double *x = p->x[0], *dy = p->dy[0];
    size_t classes = p->node->in[0]->size, width = p->node->out[0]->size;
    double *dweight = p->dparam[0];
    for (size_t i = 0; i < p->rows * width; i++) {
        for (size_t k = 0; k < classes; k++)
            dweight[k * width + i % width] += dy[i] * x[i / width * classes + k];
    }
}

/* ---- concat: rows of `first` values, each with `second` behind it that `every` rows share ---- */

struct joined {
    size_t rows, first, second, every;
};

static struct joined joined_of(const struct ref_pass *p)
{
    const struct vcl_node_concat *config = p->node->config;
    const struct vcl_value *x = p->node->in[0], *behind = p->node->in[1];
    size_t pixels = config->in_pixels ? (size_t)x->shape.height * x->shape.width : 1;
    return (struct joined){.rows = p->rows * pixels,
                           .first = x->size / pixels,
                           .second = behind->size,
                           .every = ref_repeat(x, behind) * pixels};
}

void vae_ref_concat_forward(const struct ref_pass *p)
{
    const struct joined c = joined_of(p);
    const double *x = p->x[0], *behind = p->x[1];
    double *y = p->y[0];
    for (size_t r = 0; r < c.rows; r++, y += c.first + c.second) {
        memcpy(y, x + r * c.first, c.first * sizeof *y);
        memcpy(y + c.first, behind + r / c.every * c.second, c.second * sizeof *y);
    }
}

void vae_ref_concat_backward(const struct ref_pass *p)
{
    const struct joined c = joined_of(p);
    const double *dy = p->dy[0];
    double *dx = p->dx[0], *dbehind = p->dx[1];
    for (size_t r = 0; r < c.rows; r++, dy += c.first + c.second) {
        for (size_t j = 0; dx && j < c.first; j++)
            dx[r * c.first + j] = dy[j];
        for (size_t j = 0; dbehind && j < c.second; j++)
            dbehind[r / c.every * c.second + j] += dy[c.first + j];
    }
}
