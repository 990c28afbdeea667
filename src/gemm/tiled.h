/* SPDX-License-Identifier: MIT
 *
 * What gemm_tiled.c shares with gemm_matrix.c: the kernel is the same but for who multiplies.
 */
#ifndef VCL_GEMM_TILED_H
#define VCL_GEMM_TILED_H

#include "gemm/gemm.h"

/* The order of a setting's values. */
enum vcl_tiled_param {
    VCL_TM,
    VCL_TN,
    VCL_TK,
    VCL_RM,
    VCL_RN,
    VCL_VW,
    VCL_SPLIT,
    VCL_SG,
    VCL_TILED_PARAMS
};

/* Sides fit one another, and local memory and work-groups the device. */
bool vcl_tiled_valid(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm, const int *values);

/* The first of `rows` (ending with a TM of 0) that gives every unit of the device a work-group,
 * else the one that makes the most; false if none is valid. */
bool vcl_tiled_pick(const struct vcl_ctx *ctx, const struct vcl_gemm *gemm,
                    const struct vcl_gemm_setting *rows, struct vcl_gemm_setting *ret_setting);

/* `options` are further ones of the kernel; `store` is the columns that an item has side by side.
 */
enum vcl_status vcl_tiled_run(const struct vcl_emit *emit, const struct vcl_gemm *gemm,
                              const int *values, int store, const char *options,
                              struct vcl_error *err);

/* ---- matrix units: kernels/gemm_matrix.cl ---- */

struct vcl_matrix_unit {
    int id; /* -DMATRIX; 0 ends the table */
    const char *name, *precision;
    int across, down, um, un, uk, cm, cn;
    double rounding; /* relative error of an operand */
};
extern const struct vcl_matrix_unit vcl_matrix_units[];

/* Tiles of `side` x `side` by two sub-groups of lanes each way. */
struct vcl_gemm_setting vcl_matrix_setting(const struct vcl_matrix_unit *unit, int side, int split);
/* With `emulate`, by a play of the unit that any device can run. */
enum vcl_status vcl_matrix_run(const struct vcl_emit *emit, const struct vcl_matrix_unit *unit,
                               bool emulate, const struct vcl_gemm *gemm,
                               const struct vcl_gemm_setting *setting, struct vcl_error *err);

#endif
