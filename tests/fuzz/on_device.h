/* SPDX-License-Identifier: MIT
 *
 * For targets that need a device: one context for all inputs, on a device that says it has little
 * memory, so that what a damaged number asks for is refused and not allocated.
 */
#ifndef FUZZ_ON_DEVICE_H
#define FUZZ_ON_DEVICE_H

#include "vaecl/vaecl.h"

/* Ends the program where there is none. */
struct vcl_ctx *fuzz_context(void);

/* An error must say the same as the status, in one line. */
void fuzz_check_status(enum vcl_status r, const struct vcl_error *err);

#endif
