/* SPDX-License-Identifier: MIT */
#include "use/finite.h"

#include <math.h>

enum vcl_status vcl_check_number(const char *what, const char *item, size_t number, double value,
                                 struct vcl_error *err)
{
    if (isfinite(value))
        return VCL_OK;
    enum vcl_status r =
        ERR(err, VCL_E_NUMERIC, "the %s of %s %zu is not finite (%s)", what, item, number,
            isnan(value) ? "NaN"
            : value > 0  ? "inf"
                         : "-inf");
    return vcl_error_hint(err, r,
                          "the model's weights, or what they are given, are too large for float32: "
                          "train with a lower --lr");
}

enum vcl_status vcl_check_finite(const char *what, const char *item, size_t first, size_t rows,
                                 size_t width, const float *values, struct vcl_error *err)
{
    enum vcl_status r = VCL_OK;
    for (size_t i = 0; i < rows * width && r == VCL_OK; i++)
        r = vcl_check_number(what, item, first + i / width, (double)values[i], err);
    return r;
}
