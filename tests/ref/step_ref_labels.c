/* SPDX-License-Identifier: MIT
 *
 * Labels in the float reference: as zeros and a one, as trained numbers, and behind other rows.
 */
#include <math.h>
#include <string.h>

#include "nn/node_labels.h"
#include "ref/step_ref_ops.h"
#include "ref/step_ref_rows.h"

/* ---- one-hot: labels are whole numbers among the others here ---- */

void step_ref_one_hot_forward(const struct ref_pass *p)
{
    const float *labels = p->x[0];
    float *y = p->y[0];
    size_t classes = p->node->out[0]->size;
    for (size_t i = 0; i < p->rows * classes; i++)
        y[i] = i % classes == (size_t)labels[i / classes];
}

/* ---- embed: weight (classes, width) ---- */

float step_ref_embed_bound(const struct vcl_node *node)
{
    (void)node;
    return sqrtf(3);
}

void step_ref_embed_forward(const struct ref_pass *p)
{
    size_t classes = p->node->in[0]->size, width = p->node->out[0]->size;
    const struct step_ref_operand x = {p->x[0], classes, 1}, weight = {p->param[0], width, 1};
    float *y = p->y[0];
    for (uint32_t r = 0; r < p->rows; r++) {
        for (uint32_t j = 0; j < width; j++)
            y[r * width + j] = step_ref_product(x, weight, r, j, (uint32_t)classes);
    }
}

void step_ref_embed_backward(const struct ref_pass *p)
{
    size_t classes = p->node->in[0]->size, width = p->node->out[0]->size;
    const struct step_ref_operand x_t = {p->x[0], 1, classes}, dy = {p->dy[0], width, 1};
    float *dweight = p->dparam[0];
    for (uint32_t k = 0; k < classes; k++) {
        for (uint32_t j = 0; j < width; j++)
            dweight[k * width + j] = step_ref_product(x_t, dy, k, j, (uint32_t)p->rows);
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

void step_ref_concat_forward(const struct ref_pass *p)
{
    const struct joined c = joined_of(p);
    const float *x = p->x[0], *behind = p->x[1];
    float *y = p->y[0];
    for (size_t r = 0; r < c.rows; r++, y += c.first + c.second) {
        memcpy(y, x + r * c.first, c.first * sizeof *y);
        memcpy(y + c.first, behind + r / c.every * c.second, c.second * sizeof *y);
    }
}

void step_ref_concat_backward(const struct ref_pass *p)
{
    const struct joined c = joined_of(p);
    const float *dy = p->dy[0];
    float *dx = p->dx[0], *dbehind = p->dx[1];
    for (size_t r = 0; r < c.rows; r++, dy += c.first + c.second) {
        for (size_t j = 0; dx && j < c.first; j++)
            dx[r * c.first + j] = dy[j];
        for (size_t j = 0; dbehind && j < c.second; j++)
            dbehind[r / c.every * c.second + j] += dy[c.first + j];
    }
}
