/* SPDX-License-Identifier: MIT
 *
 * What Gaussians over codes share: rows mu | log sigma^2 (2Z), log sigma^2 clamped, with no
 * gradient beyond.
 */
#ifndef REF_STEP_REF_GAUSSIAN_H
#define REF_STEP_REF_GAUSSIAN_H

#define STEP_REF_LOG_2PI 1.83787706640934548356f

static inline float step_ref_clamped(float logvar)
{
    return logvar > 20 ? 20 : (logvar < -20 ? -20 : logvar);
}

#endif
