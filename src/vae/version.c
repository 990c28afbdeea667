/* SPDX-License-Identifier: MIT */
#include "vaecl/vaecl.h"

const char *vcl_version(void)
{
    return VCL_VERSION;
}
