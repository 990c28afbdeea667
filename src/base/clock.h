/* SPDX-License-Identifier: MIT */
#ifndef VCL_BASE_CLOCK_H
#define VCL_BASE_CLOCK_H

/* Seconds of a steady clock. */
double vcl_now(void);

#endif
