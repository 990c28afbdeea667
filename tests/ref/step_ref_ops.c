/* SPDX-License-Identifier: MIT
 *
 * Sums and optimisers of the float reference.
 */
#include "ref/step_ref_ops.h"

#include <math.h>
#include <string.h>

#include "check/host_math.h"

enum { CHUNK = STEP_REF_CHUNK, LANES = 16, NORM_RUN = 1024 };

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

float step_ref_product(struct step_ref_operand a, struct step_ref_operand b, uint32_t i, uint32_t j,
                       uint32_t k)
{
    float total = 0;
    for (uint32_t chunk = 0; chunk < k; chunk += CHUNK) {
        float sum = 0;
        for (uint32_t p = chunk; p < least(chunk + CHUNK, k); p++)
            sum = fmaf(a.values[i * a.row + p * a.col], b.values[p * b.row + j * b.col], sum);
        total = chunk ? total + sum : sum;
    }
    return total;
}

float step_ref_column_sum(const float *x, uint32_t rows, uint32_t cols, uint32_t j)
{
    float total = 0;
    for (uint32_t chunk = 0; chunk < rows; chunk += CHUNK) {
        float sum = 0;
        for (uint32_t i = chunk; i < least(chunk + CHUNK, rows); i++)
            sum += x[(size_t)i * cols + j];
        total = chunk ? total + sum : sum;
    }
    return total;
}

static float fold(float lanes[LANES])
{
    for (int width = LANES / 2; width > 0; width /= 2) {
        for (int i = 0; i < width; i++)
            lanes[i] += lanes[i + width];
    }
    return lanes[0];
}

float step_ref_row_sum(const float *x, size_t n)
{
    float lanes[LANES] = {0};
    for (size_t j = 0; j < n; j++)
        lanes[j % LANES] += x[j];
    return fold(lanes);
}

float step_ref_row_sum_of_squares(const float *x, size_t n)
{
    float lanes[LANES] = {0};
    for (size_t j = 0; j < n; j++)
        lanes[j % LANES] = fmaf(x[j], x[j], lanes[j % LANES]);
    return fold(lanes);
}

/* ---- optimisers ---- */

/* Nothing is subnormal, neither moments nor squares of gradients. */
static float fade(float x, float least)
{
    return fabsf(x) < least ? 0 : x;
}

static void sgd(const struct step_ref_update *u, float g, float *value, float *velocity,
                float *unused)
{
    (void)unused;
    g = fmaf(u->decay, *value, g * u->clip_scale);
    *velocity = fade(fmaf(u->momentum, *velocity, g), 0x1p-126f);
    *value = fmaf(-u->lr, *velocity, *value);
}

static void adam_step(const struct step_ref_update *u, float g, float p, float *value,
                      float *moment1, float *moment2)
{
    g = fade(g, 0x1p-63f);
    *moment1 = fade(fmaf(u->beta1, *moment1, (1 - u->beta1) * g), 0x1p-126f);
    *moment2 = fade(fmaf(u->beta2, *moment2, ((1 - u->beta2) * g) * g), 0x1p-126f);
    float size = fmaf(vcl_host_sqrt(*moment2), u->correction2, u->eps);
    *value = fmaf(-(u->lr * u->correction1), vcl_host_div(*moment1, size), p);
}

static void adam(const struct step_ref_update *u, float g, float *value, float *moment1,
                 float *moment2)
{
    g = fmaf(u->decay, *value, g * u->clip_scale);
    adam_step(u, g, *value, value, moment1, moment2);
}

static void adamw(const struct step_ref_update *u, float g, float *value, float *moment1,
                  float *moment2)
{
    float p = fmaf(-(u->lr * u->decay), *value, *value);
    adam_step(u, g * u->clip_scale, p, value, moment1, moment2);
}

step_ref_optimiser step_ref_optimiser_find(const char *name)
{
    static const struct {
        const char *name;
        step_ref_optimiser update;
    } rows[] = {{"sgd", sgd}, {"adam", adam}, {"adamw", adamw}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (strcmp(rows[i].name, name) == 0)
            return rows[i].update;
    }
    return NULL;
}

double step_ref_power(double beta, uint64_t t)
{
    double result = 1;
    for (double square = beta; t; t /= 2, square *= square) {
        if (t % 2)
            result *= square;
    }
    return result;
}

float step_ref_clip_scale(const float *gradient, uint32_t floats, float most)
{
    float partial[256];
    uint32_t runs = 0;
    for (uint32_t at = 0; at < floats && runs < 256; at += NORM_RUN)
        partial[runs++] = step_ref_row_sum_of_squares(gradient + at, least(NORM_RUN, floats - at));
    float norm = vcl_host_sqrt(step_ref_row_sum(partial, runs));
    return norm > most ? vcl_host_div(most, norm) : 1;
}
