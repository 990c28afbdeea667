/* SPDX-License-Identifier: MIT
 *
 * What a person should know of a data set before training. With x_ij the value of column j of
 * example i out of N, m_j the mean of column j, and H(p) = -p ln p - (1-p) ln(1-p):
 *   grey_entropy = 1/N sum_i sum_j H(x_ij)
 *   pixel_floor  = sum_j H(m_j)
 * Cross-entropy on grey values cannot fall below the first; a model that ignores its latents and
 * gives each column its mean reaches the second. Sums of bytes are exact; others are in double.
 */
#include <math.h>
#include <stdlib.h>

#include "base/mem.h"
#include "data/examples.h"

struct column {
    double sum;
    double first; /* value in example 0 */
    bool varies;
};

struct summing {
    struct column *columns;
    double min, max, entropy;
};

/* In nats; NaN outside 0 .. 1. */
static double binary_entropy(double p)
{
    if (p == 0 || p == 1)
        return 0;
    return p > 0 && p < 1 ? -p * log(p) - (1 - p) * log1p(-p) : NAN;
}

static void add_value(struct summing *s, struct column *column, double value)
{
    column->sum += value;
    column->varies = column->varies || value != column->first;
    if (value < s->min)
        s->min = value;
    if (value > s->max)
        s->max = value;
}

/* Sums bytes as the whole numbers they are, and scales at the end. */
static void add_bytes(struct summing *s, const struct vcl_dataset *set, size_t width)
{
    const unsigned char *values = set->values;
    uint64_t histogram[256] = {0};
    for (size_t i = 0; i < set->count * width; i++) {
        add_value(s, &s->columns[i % width], values[i]);
        histogram[values[i]]++;
    }
    for (int v = 0; v < 256; v++)
        s->entropy += (double)histogram[v] * binary_entropy(v / 255.0);
    for (size_t j = 0; j < width; j++)
        s->columns[j].sum /= 255;
    s->min /= 255;
    s->max /= 255;
}

static void add_floats(struct summing *s, const struct vcl_dataset *set, size_t width)
{
    const float *values = set->values;
    for (size_t i = 0; i < set->count * width; i++) {
        add_value(s, &s->columns[i % width], (double)values[i]);
        s->entropy += binary_entropy((double)values[i]);
    }
}

static void start(struct summing *s, const struct vcl_dataset *set, size_t width)
{
    bool bytes = set->dtype == VCL_U8;
    for (size_t j = 0; j < width; j++)
        s->columns[j].first = bytes ? ((const unsigned char *)set->values)[j]
                                    : (double)((const float *)set->values)[j];
    s->min = s->max = s->columns[0].first;
}

enum vcl_status vcl_dataset_summarise(const struct vcl_dataset *set,
                                      struct vcl_data_summary *ret_summary, struct vcl_error *err)
{
    struct summing s = {0};
    size_t width = vcl_shape_size(set->shape);
    enum vcl_status r = vcl_alloc(width, sizeof *s.columns, &s.columns, err);
    if (r < 0)
        return r;
    start(&s, set, width);
    if (set->dtype == VCL_U8)
        add_bytes(&s, set, width);
    else
        add_floats(&s, set, width);
    struct vcl_data_summary summary = {.min = s.min, .max = s.max};
    for (size_t j = 0; j < width; j++) {
        summary.mean += s.columns[j].sum / (double)set->count / (double)width;
        summary.constant_columns += !s.columns[j].varies;
        summary.pixel_floor += binary_entropy(s.columns[j].sum / (double)set->count);
    }
    summary.grey_entropy = s.entropy / (double)set->count;
    if (!(s.min >= 0 && s.max <= 1))
        summary.grey_entropy = summary.pixel_floor = NAN;
    free(s.columns);
    *ret_summary = summary;
    return VCL_OK;
}
