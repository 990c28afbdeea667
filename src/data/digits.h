/* SPDX-License-Identifier: MIT
 *
 * The built-in set of handwritten-like digits. A glyph (how a digit can be written) is a few pen
 * strokes through control points; a hand bends, slants and shakes them; ink follows the resulting
 * curve. Everything is drawn by Philox from (seed, part, index), and computed with + - * / and
 * sqrtf alone, which round the same everywhere, so the pictures are the same on every machine.
 */
#ifndef VCL_DATA_DIGITS_H
#define VCL_DATA_DIGITS_H

#include <stddef.h>
#include <stdint.h>

#include "base/philox.h"

enum {
    VCL_DIGIT_SIDE = 28,
    VCL_PATH_MAX = 256,
};

enum vcl_pen {
    VCL_PEN_SMOOTH, /* the curve runs through without a corner */
    VCL_PEN_CORNER,
    VCL_PEN_END, /* the stroke ends here; the next point begins another */
};

/* In a box about 70 wide and 100 high, y downwards. */
struct vcl_pen_point {
    signed char x, y;
    unsigned char pen;
};

struct vcl_glyph {
    unsigned char digit, weight; /* how often it is chosen among those of its digit */
    unsigned char count;
    const struct vcl_pen_point *points;
};

/* One of the ways to write `digit`; `chance` in [0, 1) chooses by weight. */
const struct vcl_glyph *vcl_glyph_choose(unsigned digit, float chance);

/* Random numbers of one picture, in the order in which they are asked for. */
struct vcl_draw {
    const struct vcl_philox *rng;
    uint32_t row, next;
};

/* Uniform in [0, 1), uniform in [from, to), and nearly normal with deviation 1. */
float vcl_draw_unit(struct vcl_draw *draw);
float vcl_draw_between(struct vcl_draw *draw, float from, float to);
float vcl_draw_normal(struct vcl_draw *draw);

/* A pen's way in pixels, as points close together. */
struct vcl_path {
    size_t count;
    float x[VCL_PATH_MAX], y[VCL_PATH_MAX];
    float radius[VCL_PATH_MAX];
    unsigned char lifted[VCL_PATH_MAX]; /* the pen does not draw from this point to the next */
};

/* Writes `glyph` with a hand of its own, centred and scaled like MNIST's digits. */
void vcl_hand_write(const struct vcl_glyph *glyph, struct vcl_draw *draw, struct vcl_path *path);

/* Grey values along the path, anti-aliased over `softness` pixels. */
void vcl_ink(const struct vcl_path *path, float softness, float darkness,
             unsigned char pixels[VCL_DIGIT_SIDE * VCL_DIGIT_SIDE]);

#endif
