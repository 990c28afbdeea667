/* SPDX-License-Identifier: MIT
 *
 * What may be asked of a run folder before anything is loaded or compiled for it.
 */
#ifndef VCL_TRAIN_RUN_FOLDER_H
#define VCL_TRAIN_RUN_FOLDER_H

#include <stdbool.h>

#include "base/error.h"

/* Would vcl_train refuse this folder now? VCL_E_BUSY, or VCL_E_EXISTS unless it is to be resumed.
 * Makes nothing. */
enum vcl_status vcl_run_folder_check(const char *folder, bool resume,
                                     struct vcl_error *err) VCL_MUST_CHECK;

#endif
