/* SPDX-License-Identifier: MIT
 *
 * Tuning: which implementation and setting does a matrix product fastest on a device is measured
 * once and kept in a file. Only implementations that give the same bits as the reference are tried,
 * beside the device's default, and only those whose results were compared are chosen: tuning
 * changes no result that was the same on every device.
 */
#ifndef VAECL_TUNE_H
#define VAECL_TUNE_H

#include "vaecl/compute.h"
#include "vaecl/model.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Products alike in transposition and in size share a setting: they are of one class. Strings are
 * valid during the call only. */
struct vcl_tune_result {
    const char *product;        /* the class: "nn m128 n384 k768" */
    const char *implementation; /* the best: "packed" */
    const char *setting;        /* "MR=8 NV=2", or "" */
    double default_gflops, gflops;
    uint32_t tried; /* settings measured */
    uint32_t wrong; /* settings left out because their results were wrong or they failed */
    bool all_tried; /* false: time ran out before the search was through */
};

struct vcl_tune_progress {
    const char *product;  /* being measured */
    uint32_t done, count; /* classes */
    double seconds, of_seconds;
};

enum vcl_tune_which {
    VCL_TUNE_UNKNOWN,    /* classes of which nothing is known, not even by the library itself; those
                            that are not reached in time count as known from then on */
    VCL_TUNE_UNMEASURED, /* those that were not measured on this very device */
    VCL_TUNE_ALL,
};

struct vcl_tune_params {
    /* What to tune for. Buffers are not touched, only whether they are there matters. Several of
     * one class count as much as their work. */
    const struct vcl_gemm *products;
    size_t count;
    double seconds; /* about so long, at most; 0 for 5 */
    enum vcl_tune_which which;
    bool must_keep; /* fail, before anything is measured, if results cannot be written to the
                       context's tuning_dir; otherwise they then hold for this context alone */
    /* Each may be NULL. A progress callback that returns true ends the tuning early. */
    bool (*progress)(void *user, const struct vcl_tune_progress *progress);
    void (*result)(void *user, const struct vcl_tune_result *result);
    void *user;
};

struct vcl_tune_summary {
    uint32_t tuned; /* classes measured now */
    uint32_t known; /* of those that were asked for, not measured: a row is there, or there is
                       nothing to choose between */
    uint32_t left;  /* not reached in time */
    double seconds;
};

/* Tunes what is asked for; the context obeys at once, and later ones with the same tuning_dir
 * do. Does nothing, quickly, if all is known. `ret_summary` may be NULL. */
VCL_API enum vcl_status vcl_tune(struct vcl_ctx *ctx, const struct vcl_tune_params *params,
                                 struct vcl_tune_summary *ret_summary,
                                 struct vcl_error *err) VCL_MUST_CHECK;

/* The file for the context's device, a string that the caller frees. VCL_E_ARG if the context has
 * no tuning_dir. */
VCL_API enum vcl_status vcl_tune_path(const struct vcl_ctx *ctx, char **ret_path,
                                      struct vcl_error *err) VCL_MUST_CHECK;

/* The products of a training step of a configuration's model on examples of `shape`, for vcl_tune:
 * one block that the caller frees. Their buffers are gone. */
VCL_API enum vcl_status vcl_config_products(struct vcl_ctx *ctx, const struct vcl_config *config,
                                            struct vcl_shape shape, struct vcl_gemm **ret_products,
                                            size_t *ret_count,
                                            struct vcl_error *err) VCL_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
