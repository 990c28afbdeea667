/* SPDX-License-Identifier: MIT
 *
 * A hand that writes: what it does to the control points of a glyph, and the curve through them.
 */
#include <math.h>

#include "data/digits.h"

enum { STEPS = 8 }; /* of the curve from one control point to the next */

#define BOX    20.0f /* MNIST fits the longer side of a digit to 20 pixels */
#define BORDER 1.5f  /* at least so much stays empty around the ink */

/* One writer in one moment. Lengths are shares of a glyph's height. */
struct hand {
    float slant, cosine, sine; /* shear, then rotation */
    float aspect;              /* width over usual width */
    float top_heavy;           /* width of the upper half against the lower */
    float waist;               /* where the middle of the height comes to lie */
    float bow;                 /* bends upright strokes sideways */
    float tremor;              /* of each control point */
    float size;                /* of the picture's box */
    float width;               /* of the pen, pixels */
    float swell, fade, nib;    /* its change in the middle, to the end, with direction */
};

float vcl_draw_unit(struct vcl_draw *draw)
{
    return vcl_philox_uniform(draw->rng, draw->row, draw->next++);
}

float vcl_draw_between(struct vcl_draw *draw, float from, float to)
{
    return from + (to - from) * vcl_draw_unit(draw);
}

/* The sum of four uniforms: no logarithm is needed, and nothing lies beyond 3.5 deviations. */
float vcl_draw_normal(struct vcl_draw *draw)
{
    float sum = vcl_draw_unit(draw);
    for (int i = 0; i < 3; i++)
        sum += vcl_draw_unit(draw);
    return (sum - 2.0f) * 1.7320508f;
}

static struct hand draw_hand(struct vcl_draw *draw)
{
    struct hand h;
    /* Half the tangent of an angle gives its sine and cosine without libm. */
    float t = 0.07f * vcl_draw_normal(draw);
    h.cosine = (1 - t * t) / (1 + t * t);
    h.sine = 2 * t / (1 + t * t);
    h.slant = 0.15f + 0.19f * vcl_draw_normal(draw);
    h.aspect = 1.02f + 0.2f * vcl_draw_normal(draw);
    h.top_heavy = 0.18f * vcl_draw_normal(draw);
    h.waist = 0.18f * vcl_draw_normal(draw);
    h.bow = 0.055f * vcl_draw_normal(draw);
    h.tremor = vcl_draw_between(draw, 0.01f, 0.04f);
    h.size = vcl_draw_between(draw, 0.95f, 1.04f);
    h.width = 1.35f + 1.2f * vcl_draw_unit(draw) + 1.2f * vcl_draw_unit(draw);
    h.swell = vcl_draw_between(draw, -0.06f, 0.2f);
    h.fade = 0.12f * vcl_draw_normal(draw);
    h.nib = vcl_draw_between(draw, -0.1f, 0.22f);
    if (h.aspect < 0.6f)
        h.aspect = 0.6f;
    return h;
}

/* How far the hand is off, in deviations. It strays slowly: a point is off like the one before it,
 * which bends a curve instead of denting it. */
struct stray {
    float x, y;
};

static void stray_on(struct stray *stray, struct vcl_draw *draw)
{
    stray->x = 0.6f * stray->x + 0.8f * vcl_draw_normal(draw);
    stray->y = 0.6f * stray->y + 0.8f * vcl_draw_normal(draw);
}

/* A control point as this hand sets it, in heights, with the middle of the box as origin. */
static void place(const struct hand *h, const struct vcl_pen_point *point,
                  const struct stray *stray, float *ret_x, float *ret_y)
{
    float x = ((float)point->x - 36) / 100 + h->tremor * stray->x;
    float y = ((float)point->y - 50) / 100 + h->tremor * stray->y;
    float parabola = 1 - 4 * y * y;
    y += 0.5f * h->waist * parabola;
    x = x * h->aspect * (1 - h->top_heavy * 2 * y) + h->bow * parabola - h->slant * y;
    *ret_x = h->cosine * x - h->sine * y;
    *ret_y = h->sine * x + h->cosine * y;
}

static void append(struct vcl_path *path, float x, float y, int lifted)
{
    if (path->count == VCL_PATH_MAX)
        return;
    path->x[path->count] = x;
    path->y[path->count] = y;
    path->lifted[path->count++] = (unsigned char)lifted;
}

/* Catmull-Rom from p[1] to p[2] at t. */
static float spline(const float p[4], float t)
{
    float linear = p[2] - p[0];
    float square = 2 * p[0] - 5 * p[1] + 4 * p[2] - p[3];
    float cube = 3 * (p[1] - p[2]) + p[3] - p[0];
    return 0.5f * (2 * p[1] + t * (linear + t * (square + t * cube)));
}

/* The coordinates around the span from point i to i + 1; where the curve has a corner or an end,
 * the missing neighbour is one that makes it arrive without bending. */
static void neighbours(const struct vcl_glyph *glyph, const float *at, size_t i, float p[4])
{
    int starts =
        i == 0 || glyph->points[i - 1].pen == VCL_PEN_END || glyph->points[i].pen == VCL_PEN_CORNER;
    int ends = glyph->points[i + 1].pen != VCL_PEN_SMOOTH;
    p[1] = at[i];
    p[2] = at[i + 1];
    p[0] = starts ? 2 * p[1] - p[2] : at[i - 1];
    p[3] = ends ? 2 * p[2] - p[1] : at[i + 2];
}

static void trace(const struct vcl_glyph *glyph, const float *x, const float *y,
                  struct vcl_path *path)
{
    path->count = 0;
    for (size_t i = 0; i < glyph->count; i++) {
        if (glyph->points[i].pen == VCL_PEN_END) {
            append(path, x[i], y[i], 1);
            continue;
        }
        float px[4], py[4];
        neighbours(glyph, x, i, px);
        neighbours(glyph, y, i, py);
        for (int step = 0; step < STEPS; step++) {
            float t = (float)step / STEPS;
            append(path, spline(px, t), spline(py, t), 0);
        }
    }
}

/* The pen's radius: swells within the writing, fades to its end, and is wider downwards. */
static void press(const struct hand *h, struct vcl_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        size_t next = i + 1 < path->count && !path->lifted[i] ? i + 1 : i;
        size_t last = next > i || i == 0 ? i : i - 1;
        float dx = path->x[next] - path->x[last], dy = path->y[next] - path->y[last];
        float length = sqrtf(dx * dx + dy * dy);
        float upright = length > 0 ? dy / length : 0;
        float s = 2 * (float)i / (float)path->count - 1;
        float factor =
            1 + h->swell * (0.5f - s * s) - h->fade * s + h->nib * (upright * upright - 0.5f);
        float radius = 0.5f * h->width * factor;
        path->radius[i] = radius < 0.5f ? 0.5f : radius;
    }
}

struct extent {
    float min, max, centre; /* centre: mean along the way */
};

static struct extent measure(const struct vcl_path *path, const float *at)
{
    struct extent e = {at[0], at[0], 0};
    float total = 0;
    for (size_t i = 0; i < path->count; i++) {
        e.min = at[i] < e.min ? at[i] : e.min;
        e.max = at[i] > e.max ? at[i] : e.max;
        if (path->lifted[i] || i + 1 == path->count)
            continue;
        float dx = path->x[i + 1] - path->x[i], dy = path->y[i + 1] - path->y[i];
        float length = sqrtf(dx * dx + dy * dy);
        e.centre += length * 0.5f * (at[i] + at[i + 1]);
        total += length;
    }
    e.centre = total > 0 ? e.centre / total : at[0];
    return e;
}

/* Scales coordinates and puts their centre of mass in the middle, but nothing near the border. */
static void settle(const struct extent *e, size_t count, float scale, float margin, float *at)
{
    float shift = 0.5f * VCL_DIGIT_SIDE - e->centre * scale;
    if (e->min * scale + shift < margin)
        shift = margin - e->min * scale;
    if (e->max * scale + shift > VCL_DIGIT_SIDE - margin)
        shift = VCL_DIGIT_SIDE - margin - e->max * scale;
    for (size_t i = 0; i < count; i++)
        at[i] = at[i] * scale + shift;
}

void vcl_hand_write(const struct vcl_glyph *glyph, struct vcl_draw *draw, struct vcl_path *path)
{
    float x[32], y[32];
    struct hand hand = draw_hand(draw);
    struct stray stray = {0, 0};
    for (size_t i = 0; i < glyph->count; i++) {
        stray_on(&stray, draw);
        place(&hand, &glyph->points[i], &stray, &x[i], &y[i]);
    }
    trace(glyph, x, y, path);
    press(&hand, path);
    struct extent across = measure(path, path->x), down = measure(path, path->y);
    float wide = across.max - across.min, high = down.max - down.min;
    float scale = (BOX * hand.size - hand.width) / (wide > high ? wide : high);
    float margin = BORDER + 0.7f * hand.width;
    settle(&across, path->count, scale, margin, path->x);
    settle(&down, path->count, scale, margin, path->y);
}
