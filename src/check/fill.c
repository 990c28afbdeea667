/* SPDX-License-Identifier: MIT
 *
 * One value in eight comes from a table of edges.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "check/check.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

/* [0, 1), from the lower bits; the upper ones choose. */
static float unit(uint32_t word)
{
    return (float)(word & 0xFFFFFF) * 0x1p-24f;
}

static bool is_edge(uint32_t word)
{
    return word >> 29 == 0;
}

static float edge(uint32_t word, const float *edges, size_t count)
{
    float x = edges[(word >> 1) % count];
    return word & 1 ? -x : x;
}

float vcl_fill_signed(uint32_t word)
{
    static const float edges[] = {0, 1, 0x1p-20f, 0x1p-126f, 0x1.8p-140f, 0x1.fffffep0f, 3, 0.5f};
    return is_edge(word) ? edge(word, edges, COUNT(edges)) : 2 * unit(word) - 1;
}

float vcl_fill_unit(uint32_t word)
{
    static const float edges[] = {0, 1, 0.5f, 0x1p-24f, 0x1.fffffep-1f, 0x1.000002p-1f};
    return is_edge(word) ? edges[(word >> 1) % COUNT(edges)] : unit(word);
}

float vcl_fill_logit(uint32_t word)
{
    static const float edges[] = {0, 1, 0x1p-24f, 0x1p-130f, 16.7f, 40, 88.5f, 104, 110};
    return is_edge(word) ? edge(word, edges, COUNT(edges)) : 24 * unit(word) - 12;
}

float vcl_fill_log_variance(uint32_t word)
{
    static const float edges[] = {0,  0x1p-24f,      0x1p-12f, 10,  19.99999f,
                                  20, 0x1.400002p4f, 25,       1e6f};
    return is_edge(word) ? edge(word, edges, COUNT(edges)) : 8 * unit(word) - 4;
}

float vcl_fill_any(uint32_t word)
{
    static const float edges[] = {
        0,
        0x1p-149f,
        0x1.fffffcp-127f,
        0x1p-126f,
        0x1p-25f,
        0x1p-24f,
        0.5f,
        0.6f,
        0.85f,
        1,
        2,
        4,
        14.5f,
        15,
        24,
        87.4f,
        0x1.62e42ep6f,
        89,
        103.9f,
        104,
        1e4f,
        0x1.8p127f,
        FLT_MAX,
        INFINITY,
        NAN,
    };
    float x;
    if (is_edge(word))
        return edge(word, edges, COUNT(edges));
    if (word >> 30 != 1)
        return 16 * unit(word) - 8;
    word <<= 2;
    memcpy(&x, &word, sizeof x);
    return x;
}

float vcl_fill(const struct vcl_checker *checker, float (*fill)(uint32_t word), uint32_t word)
{
    float least = fill == vcl_fill_any ? 0x1p-126f : 0x1p-40f, x = fill(word);
    return checker->subnormals || !(fabsf(x) < least) ? x : 0;
}
