/* SPDX-License-Identifier: MIT
 *
 * Classes of products, and their text.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gemm/tuning.h"

enum { LARGEST = 16384 };

static const char *const kind_names[] = {
    [VCL_KIND_ANY] = "*",       [VCL_KIND_NN] = "nn",           [VCL_KIND_NT] = "nt",
    [VCL_KIND_TN] = "tn",       [VCL_KIND_TT] = "tt",           [VCL_KIND_MAP] = "map",
    [VCL_KIND_IMAGE] = "image", [VCL_KIND_WEIGHTS] = "weights",
};
enum { KINDS = sizeof kind_names / sizeof *kind_names };

/* The nearest of 1, 2, 3, 4, 6, 8, 12 ... by ratio. */
static uint32_t rounded(uint32_t size)
{
    uint32_t power = 1;
    if (size >= LARGEST)
        return LARGEST;
    while (2 * power <= size)
        power *= 2;
    double ratio = (double)size / power;
    if (ratio * ratio < 1.5)
        return power;
    return ratio * ratio < 3 && power > 1 ? power / 2 * 3 : 2 * power;
}

static enum vcl_gemm_kind kind_of(const struct vcl_gemm *gemm)
{
    static const enum vcl_gemm_kind of_pass[] = {
        [VCL_CONV_TO_MAP] = VCL_KIND_MAP,
        [VCL_CONV_TO_IMAGE] = VCL_KIND_IMAGE,
        [VCL_CONV_WEIGHTS] = VCL_KIND_WEIGHTS,
    };
    if (gemm->conv)
        return of_pass[gemm->conv->pass];
    if (gemm->trans_a)
        return gemm->trans_b ? VCL_KIND_TT : VCL_KIND_TN;
    return gemm->trans_b ? VCL_KIND_NT : VCL_KIND_NN;
}

struct vcl_gemm_class vcl_gemm_class_of(const struct vcl_gemm *gemm)
{
    return (struct vcl_gemm_class){kind_of(gemm), rounded(gemm->m), rounded(gemm->n),
                                   rounded(gemm->k)};
}

bool vcl_gemm_class_equal(const struct vcl_gemm_class *a, const struct vcl_gemm_class *b)
{
    return a->kind == b->kind && a->m == b->m && a->n == b->n && a->k == b->k;
}

bool vcl_gemm_class_matches(const struct vcl_gemm_class *pattern,
                            const struct vcl_gemm_class *shape)
{
    return (pattern->kind == VCL_KIND_ANY || pattern->kind == shape->kind) &&
           (!pattern->m || pattern->m == shape->m) && (!pattern->n || pattern->n == shape->n) &&
           (!pattern->k || pattern->k == shape->k);
}

static void size_text(char letter, uint32_t size, char text[16])
{
    if (size)
        snprintf(text, 16, " %c%u", letter, size);
    else
        snprintf(text, 16, " %c*", letter);
}

void vcl_gemm_class_text(const struct vcl_gemm_class *shape, char text[VCL_CLASS_TEXT])
{
    char m[16], n[16], k[16];
    if (!shape->m && !shape->n && !shape->k) {
        snprintf(text, VCL_CLASS_TEXT, "%s", kind_names[shape->kind]);
        return;
    }
    size_text('m', shape->m, m);
    size_text('n', shape->n, n);
    size_text('k', shape->k, k);
    snprintf(text, VCL_CLASS_TEXT, "%s%s%s%s", kind_names[shape->kind], m, n, k);
}

/* "m128" or "m*" */
static bool parse_size(const char *word, char letter, uint32_t *ret_size)
{
    uint64_t size;
    if (word[0] != letter)
        return false;
    if (strcmp(word + 1, "*") == 0) {
        *ret_size = 0;
        return true;
    }
    if (!vcl_parse_u64(word + 1, &size) || size == 0 || size > INT32_MAX)
        return false;
    *ret_size = rounded((uint32_t)size);
    return true;
}

bool vcl_gemm_class_parse(char *const *words, size_t count, struct vcl_gemm_class *ret_class)
{
    struct vcl_gemm_class shape = {0};
    int kind = 0;
    if (count != 1 && count != 4)
        return false;
    while (kind < KINDS && strcmp(words[0], kind_names[kind]) != 0)
        kind++;
    if (kind == KINDS)
        return false;
    shape.kind = (enum vcl_gemm_kind)kind;
    if (count == 4 &&
        (!parse_size(words[1], 'm', &shape.m) || !parse_size(words[2], 'n', &shape.n) ||
         !parse_size(words[3], 'k', &shape.k)))
        return false;
    *ret_class = shape;
    return true;
}
