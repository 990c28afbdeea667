/* SPDX-License-Identifier: MIT
 *
 * How digits are written: for each the usual ways, stroke by stroke in the order of the pen.
 */
#include "data/digits.h"

#define S(x, y)                                                                                    \
    {                                                                                              \
        x, y, VCL_PEN_SMOOTH                                                                       \
    }
#define C(x, y)                                                                                    \
    {                                                                                              \
        x, y, VCL_PEN_CORNER                                                                       \
    }
#define E(x, y)                                                                                    \
    {                                                                                              \
        x, y, VCL_PEN_END                                                                          \
    }

typedef const struct vcl_pen_point strokes[];

static strokes zero_round = {S(42, 3),  S(22, 8),  S(8, 30),  S(6, 55), S(16, 84), S(36, 97),
                             S(58, 88), S(68, 60), S(64, 30), S(50, 8), E(34, 1)};
static strokes zero_open = {S(40, 5),  S(20, 12), S(7, 36),  S(6, 64), S(20, 92),
                            S(44, 96), S(64, 74), S(67, 42), E(55, 11)};
static strokes zero_narrow = {S(40, 2),  S(26, 14), S(17, 40), S(17, 66), S(26, 92), S(38, 98),
                              S(50, 86), S(56, 58), S(54, 30), S(46, 8),  E(36, 2)};
static strokes zero_tail = {S(58, 12), S(36, 2),  S(12, 22), S(5, 56), S(18, 90), S(42, 97),
                            S(64, 72), S(66, 38), S(50, 10), S(34, 6), E(24, 18)};

static strokes one_plain = {S(36, 0), S(35, 33), S(34, 66), E(34, 100)};
static strokes one_curved = {S(44, 0), S(38, 30), S(34, 62), E(36, 100)};
static strokes one_flag = {S(18, 24), S(30, 13), C(42, 1), S(41, 34), S(40, 67), E(40, 100)};
static strokes one_foot = {S(18, 22), S(30, 12), C(40, 1),  S(39, 34), S(38, 66),
                           E(38, 98), S(12, 98), S(38, 99), E(64, 97)};

static strokes two_plain = {S(8, 24),  S(20, 6), S(42, 2),  S(60, 16), S(58, 38),
                            S(36, 66), C(6, 96), S(36, 95), E(70, 96)};
static strokes two_loop = {S(10, 22), S(24, 5), S(46, 2), S(62, 18), S(56, 44), S(36, 72),
                           S(16, 92), S(4, 90), S(8, 77), S(24, 80), S(46, 93), E(72, 90)};
static strokes two_curl = {S(16, 30), S(8, 18),  S(22, 4), S(46, 2),  S(62, 18),
                           S(56, 42), S(34, 70), C(8, 95), S(38, 93), E(70, 97)};
static strokes two_swan = {S(6, 28),  S(16, 8), S(38, 0),  S(56, 14), S(52, 40),
                           S(30, 70), C(4, 94), S(22, 87), S(44, 93), E(70, 90)};

static strokes three_round = {S(8, 14),  S(26, 2),  S(50, 4),  S(58, 20), S(48, 38), C(28, 46),
                              S(52, 52), S(64, 70), S(54, 90), S(30, 99), E(6, 88)};
static strokes three_flat = {S(8, 5),   S(34, 4),  C(60, 3),  S(44, 22), C(28, 40),
                             S(52, 46), S(64, 66), S(54, 90), S(28, 98), E(6, 88)};
static strokes three_loop = {S(10, 12), S(30, 1),  S(53, 8),  S(54, 27), S(38, 43), S(24, 47),
                             S(25, 40), S(40, 46), S(61, 60), S(61, 82), S(38, 98), E(8, 90)};
static strokes three_soft = {S(8, 16),  S(30, 2),  S(54, 10), S(51, 33), S(31, 46),
                             S(51, 54), S(64, 72), S(50, 94), S(24, 98), E(4, 86)};

static strokes four_open = {S(20, 2), S(14, 27), C(8, 54),  S(40, 55), E(74, 51),
                            S(58, 4), S(55, 36), S(52, 68), E(49, 100)};
static strokes four_closed = {S(46, 2), S(26, 30), C(4, 63),  S(38, 63), E(74, 60),
                              S(48, 2), S(48, 34), S(48, 66), E(47, 100)};
static strokes four_bowl = {S(16, 2), S(8, 28),  S(14, 50), S(36, 54), E(60, 44),
                            S(62, 4), S(58, 36), S(54, 66), E(48, 100)};
static strokes four_bolt = {S(22, 2), S(16, 27), C(8, 52),  S(34, 49), C(60, 44),
                            C(62, 4), S(58, 36), S(54, 66), E(50, 100)};

static strokes five_hat = {S(20, 5),  S(17, 24), C(13, 45), S(35, 39), S(58, 49), S(64, 71),
                           S(48, 93), S(24, 98), E(4, 88),  S(20, 5),  S(42, 4),  E(66, 2)};
static strokes five_line = {S(66, 4),  S(43, 5),  C(20, 6),  S(16, 26), C(12, 46),
                            S(34, 40), S(57, 50), S(62, 73), S(44, 95), E(6, 92)};
static strokes five_soft = {S(64, 4),  S(38, 2),  S(19, 12), S(20, 33), S(40, 45),
                            S(58, 58), S(58, 82), S(36, 98), E(6, 92)};

static strokes six_curved = {S(54, 2),  S(30, 18), S(12, 46), S(8, 74),  S(24, 97),
                             S(48, 94), S(60, 76), S(46, 58), S(24, 64), E(10, 80)};
static strokes six_straight = {S(42, 0),  S(24, 30), S(10, 62), S(14, 90), S(36, 99),
                               S(56, 86), S(54, 64), S(34, 56), E(14, 72)};
static strokes six_big = {S(60, 10), S(40, 1),  S(16, 24), S(6, 60),  S(18, 92),
                          S(42, 97), S(62, 78), S(54, 54), S(30, 50), E(10, 66)};
static strokes six_small = {S(40, 0),  S(22, 28), S(10, 60), S(10, 86), S(26, 99),
                            S(44, 90), S(42, 72), S(26, 70), E(12, 84)};

static strokes seven_plain = {S(6, 8), S(34, 6), C(66, 4), S(50, 36), S(36, 68), E(26, 100)};
static strokes seven_bar = {S(6, 8),    S(34, 6),  C(66, 4),  S(50, 36), S(36, 68),
                            E(26, 100), S(20, 53), S(40, 51), E(62, 50)};
static strokes seven_serif = {S(6, 24),  C(9, 6),   S(36, 7),  C(66, 5),
                              S(49, 36), S(39, 68), E(33, 100)};
static strokes seven_round = {S(4, 13),  S(28, 5),  S(56, 3),  S(63, 13),
                              S(48, 44), S(36, 72), E(32, 100)};

static strokes eight_line = {S(56, 14), S(36, 2),  S(14, 14), S(18, 34), S(40, 50),
                             S(60, 70), S(50, 94), S(28, 98), S(10, 82), S(22, 60),
                             S(44, 42), S(58, 26), E(52, 10)};
static strokes eight_rings = {S(36, 2),  S(16, 10), S(14, 32), S(34, 46), S(54, 34),
                              S(56, 12), E(34, 2),  S(34, 46), S(10, 60), S(10, 88),
                              S(34, 99), S(58, 88), S(58, 60), E(34, 46)};
static strokes eight_open = {S(58, 12), S(38, 0),  S(16, 12), S(20, 34), S(44, 54), S(56, 78),
                             S(40, 97), S(16, 90), S(14, 68), S(36, 46), S(58, 28), E(66, 8)};

static strokes nine_straight = {S(56, 16), S(38, 2),  S(14, 12), S(8, 34),  S(22, 50),
                                S(44, 42), C(58, 14), S(56, 42), S(52, 70), E(50, 100)};
static strokes nine_curved = {S(56, 14), S(36, 2),  S(12, 14), S(10, 38), S(30, 48), S(50, 36),
                              C(58, 12), S(60, 44), S(52, 76), S(36, 95), E(14, 98)};
static strokes nine_open = {S(46, 7),  S(24, 5),  S(8, 25),  S(16, 46), S(40, 46),
                            C(58, 10), S(55, 40), S(51, 70), E(46, 100)};
static strokes nine_hook = {S(54, 12), S(34, 1),  S(12, 14), S(12, 38), S(34, 46), S(52, 32),
                            C(56, 10), S(59, 50), S(53, 84), S(32, 99), E(10, 90)};

#define GLYPH(digit, weight, name)                                                                 \
    {                                                                                              \
        digit, weight, sizeof name / sizeof *name, name                                            \
    }

static const struct vcl_glyph glyphs[] = {
    GLYPH(0, 4, zero_round),   GLYPH(0, 2, zero_open),     GLYPH(0, 2, zero_narrow),
    GLYPH(0, 2, zero_tail),    GLYPH(1, 6, one_plain),     GLYPH(1, 3, one_curved),
    GLYPH(1, 2, one_flag),     GLYPH(1, 1, one_foot),      GLYPH(2, 3, two_plain),
    GLYPH(2, 4, two_loop),     GLYPH(2, 2, two_curl),      GLYPH(2, 2, two_swan),
    GLYPH(3, 4, three_round),  GLYPH(3, 1, three_flat),    GLYPH(3, 2, three_loop),
    GLYPH(3, 3, three_soft),   GLYPH(4, 4, four_open),     GLYPH(4, 2, four_closed),
    GLYPH(4, 4, four_bowl),    GLYPH(4, 1, four_bolt),     GLYPH(5, 4, five_hat),
    GLYPH(5, 3, five_line),    GLYPH(5, 2, five_soft),     GLYPH(6, 3, six_curved),
    GLYPH(6, 3, six_straight), GLYPH(6, 2, six_big),       GLYPH(6, 2, six_small),
    GLYPH(7, 4, seven_plain),  GLYPH(7, 2, seven_bar),     GLYPH(7, 2, seven_serif),
    GLYPH(7, 3, seven_round),  GLYPH(8, 5, eight_line),    GLYPH(8, 2, eight_rings),
    GLYPH(8, 3, eight_open),   GLYPH(9, 4, nine_straight), GLYPH(9, 3, nine_curved),
    GLYPH(9, 2, nine_open),    GLYPH(9, 2, nine_hook),
};
enum { N_GLYPHS = sizeof glyphs / sizeof *glyphs };

const struct vcl_glyph *vcl_glyph_choose(unsigned digit, float chance)
{
    const struct vcl_glyph *chosen = NULL;
    unsigned total = 0;
    for (size_t i = 0; i < N_GLYPHS; i++)
        total += glyphs[i].digit == digit ? glyphs[i].weight : 0;
    float left = chance * (float)total;
    for (size_t i = 0; i < N_GLYPHS; i++) {
        if (glyphs[i].digit != digit)
            continue;
        chosen = &glyphs[i];
        left -= (float)chosen->weight;
        if (left < 0)
            break;
    }
    return chosen;
}
