/* SPDX-License-Identifier: MIT
 *
 * Ink on paper: a pixel's grey follows from its distance to the pen's way.
 */
#include <math.h>

#include "data/digits.h"

enum { SIDE = VCL_DIGIT_SIDE };

struct segment {
    float x, y, dx, dy, inverse; /* inverse: of the squared length, 0 for a dot */
    float radius, radius_change;
};

static struct segment segment_of(const struct vcl_path *path, size_t i)
{
    struct segment s = {
        .x = path->x[i],
        .y = path->y[i],
        .dx = path->x[i + 1] - path->x[i],
        .dy = path->y[i + 1] - path->y[i],
        .radius = path->radius[i],
        .radius_change = path->radius[i + 1] - path->radius[i],
    };
    float squared = s.dx * s.dx + s.dy * s.dy;
    s.inverse = squared > 0 ? 1 / squared : 0;
    return s;
}

/* How far a point lies within the ink; negative outside. */
static float depth(const struct segment *s, float x, float y)
{
    float t = ((x - s->x) * s->dx + (y - s->y) * s->dy) * s->inverse;
    t = t < 0 ? 0 : t > 1 ? 1 : t;
    float ex = s->x + t * s->dx - x, ey = s->y + t * s->dy - y;
    return s->radius + t * s->radius_change - sqrtf(ex * ex + ey * ey);
}

/* The pixels from a to b with `reach` around them. */
static void span(float a, float b, float reach, int *ret_first, int *ret_end)
{
    int first = (int)((a < b ? a : b) - reach);
    int end = (int)((a < b ? b : a) + reach) + 1;
    *ret_first = first < 0 ? 0 : first;
    *ret_end = end > SIDE ? SIDE : end;
}

static void add_segment(const struct segment *s, float softness, float depths[SIDE * SIDE])
{
    int x0, x1, y0, y1;
    float reach = s->radius + fabsf(s->radius_change) + softness;
    span(s->x, s->x + s->dx, reach, &x0, &x1);
    span(s->y, s->y + s->dy, reach, &y0, &y1);
    for (int y = y0; y < y1; y++) {
        for (int x = x0; x < x1; x++) {
            float d = depth(s, (float)x + 0.5f, (float)y + 0.5f);
            if (d > depths[y * SIDE + x])
                depths[y * SIDE + x] = d;
        }
    }
}

void vcl_ink(const struct vcl_path *path, float softness, float darkness,
             unsigned char pixels[SIDE * SIDE])
{
    float depths[SIDE * SIDE];
    for (int i = 0; i < SIDE * SIDE; i++)
        depths[i] = -softness;
    for (size_t i = 0; i + 1 < path->count; i++) {
        if (path->lifted[i])
            continue;
        struct segment segment = segment_of(path, i);
        add_segment(&segment, softness, depths);
    }
    for (int i = 0; i < SIDE * SIDE; i++) {
        float grey = depths[i] / softness + 0.5f;
        grey = grey < 0 ? 0 : grey > 1 ? 1 : grey;
        pixels[i] = (unsigned char)(grey * darkness + 0.5f);
    }
}
