/* SPDX-License-Identifier: MIT */
#ifndef VCL_TUNE_DATABASE_H
#define VCL_TUNE_DATABASE_H

#include "cl/context.h"

/* Writes the rows that the user's file should have for the context's device. */
enum vcl_status vcl_database_save(const struct vcl_ctx *ctx, struct vcl_error *err) VCL_MUST_CHECK;

#endif
