/* SPDX-License-Identifier: MIT
 *
 * All of vae-cl. See examples/train_and_sample.c and examples/compute.c for programs that use it.
 */
#ifndef VAECL_VAECL_H
#define VAECL_VAECL_H

#include "vaecl/compute.h"
#include "vaecl/data.h"
#include "vaecl/device.h"
#include "vaecl/model.h"
#include "vaecl/selftest.h"
#include "vaecl/status.h"
#include "vaecl/train.h"
#include "vaecl/tune.h"
#include "vaecl/use.h"

#ifdef __cplusplus
extern "C" {
#endif

/* "0.1.0" */
VCL_API const char *vcl_version(void);

#ifdef __cplusplus
}
#endif
#endif
