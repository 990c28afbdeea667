/* SPDX-License-Identifier: MIT
 *
 * Tuned settings: rows that say which implementation, with which setting, does products of one kind
 * and size best on a device. Rows come from the user's file for the device (written by src/tune),
 * then from those that the library brings along (tunings/). docs/files.md describes the text.
 * Implementations that promise the same bits give them with any setting: no row changes a result.
 */
#ifndef VCL_GEMM_TUNING_H
#define VCL_GEMM_TUNING_H

#include "base/str.h"
#include "gemm/gemm.h"

/* ---- classes of products ---- */

enum vcl_gemm_kind {
    VCL_KIND_ANY, /* in a row only */
    VCL_KIND_NN,  /* A and B: n as they are, t transposed */
    VCL_KIND_NT,
    VCL_KIND_TN,
    VCL_KIND_TT,
    VCL_KIND_MAP, /* the passes of a convolution */
    VCL_KIND_IMAGE,
    VCL_KIND_WEIGHTS,
};

/* Products alike enough to share a setting: sizes are rounded to 1, 2, 3, 4, 6, 8, 12 ... 16384,
 * the largest being for all beyond it. In a row, 0 is for any size. */
struct vcl_gemm_class {
    enum vcl_gemm_kind kind;
    uint32_t m, n, k;
};

struct vcl_gemm_class vcl_gemm_class_of(const struct vcl_gemm *gemm);
bool vcl_gemm_class_equal(const struct vcl_gemm_class *a, const struct vcl_gemm_class *b);
/* Is the class one of those that a row's `pattern` is for? */
bool vcl_gemm_class_matches(const struct vcl_gemm_class *pattern,
                            const struct vcl_gemm_class *shape);

/* "nn m128 n512 k1024"; in rows also "nn m* n512 k*", and "*" for any product. */
enum { VCL_CLASS_TEXT = 48 };
void vcl_gemm_class_text(const struct vcl_gemm_class *shape, char text[VCL_CLASS_TEXT]);
/* From its words; sizes are rounded. */
bool vcl_gemm_class_parse(char *const *words, size_t count, struct vcl_gemm_class *ret_class);

/* ---- rows ---- */

struct vcl_tuned_row {
    struct vcl_tuned_row *next;
    struct vcl_gemm_class shape;
    const struct vcl_gemm_def *def;  /* NULL: what is chosen without rows does well */
    struct vcl_gemm_setting setting; /* 0 leaves a parameter at its default */
    double gflops;                   /* when it was measured; 0: unknown */
    bool guess;                      /* better than nothing; measuring is worth while */
    bool own;                        /* from the user's file, or made since */
};

struct vcl_tuning {
    struct vcl_tuned_row *rows; /* the first that matches is meant */
};

/* The context's rows; the first call reads them. Files that cannot be used are debug lines. */
enum vcl_status vcl_tuning_get(const struct vcl_ctx *ctx, struct vcl_tuning **ret_tuning,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* The row for a product that can be obeyed here (with `def`, one of that implementation), or NULL
 * in *ret_row. If the row names an implementation, *ret_setting is its whole setting. */
enum vcl_status vcl_tuning_find(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                                const struct vcl_gemm_def *def,
                                const struct vcl_tuned_row **ret_row,
                                struct vcl_gemm_setting *ret_setting,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* Adds a row of the user's own, or replaces the one of the same class. */
enum vcl_status vcl_tuning_put(const struct vcl_ctx *ctx, const struct vcl_tuned_row *row,
                               struct vcl_error *err) VCL_MUST_CHECK;

/* "MR=8 NV=2", parameters at their default (0) left out; "" without parameters. */
enum { VCL_SETTING_TEXT = 160 };
void vcl_gemm_setting_text(const struct vcl_gemm_def *def, const struct vcl_gemm_setting *setting,
                           char text[VCL_SETTING_TEXT]);

/* ---- files ---- */

/* What a user's file begins with: rows measured under anything else say nothing. */
struct vcl_tuning_head {
    char device[256], platform[128], driver[128];
    uint32_t compute_units;
    uint64_t kernels; /* vcl_kernels_hash of the products' kernels */
};
enum vcl_status vcl_tuning_head_of(const struct vcl_ctx *ctx, struct vcl_tuning_head *ret_head,
                                   struct vcl_error *err) VCL_MUST_CHECK;

/* "FOLDER/nvidia-h100-pcie-0123abcd.tune", which the caller frees; VCL_E_ARG without a folder. */
enum vcl_status vcl_tuning_path(const struct vcl_ctx *ctx, char **ret_path,
                                struct vcl_error *err) VCL_MUST_CHECK;

struct vcl_tuning_reader {
    const struct vcl_tuning_head *head; /* what must be there, or NULL */
    enum vcl_status (*row)(void *user, const struct vcl_tuned_row *row, struct vcl_error *err);
    /* Each line that is left out; a head that is not as it must be leaves out all. */
    void (*left_out)(void *user, unsigned line, const char *why);
    void *user;
};
/* Fails only where reader->row does. */
enum vcl_status vcl_tuning_read(const char *text, const struct vcl_tuning_reader *reader,
                                struct vcl_error *err) VCL_MUST_CHECK;

/* A file's whole text: the head and the user's own rows. */
void vcl_tuning_write(const struct vcl_tuning_head *head, const struct vcl_tuned_row *rows,
                      struct vcl_str *out);

#endif
