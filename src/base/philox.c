/* SPDX-License-Identifier: MIT */
#include "base/philox.h"

static uint32_t mul_hi(uint32_t a, uint32_t b)
{
    return (uint32_t)((uint64_t)a * b >> 32);
}

void vcl_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4])
{
    const uint32_t M0 = 0xD2511F53, M1 = 0xCD9E8D57, W0 = 0x9E3779B9, W1 = 0xBB67AE85;
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint32_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint32_t hi0 = mul_hi(M0, c0), lo0 = M0 * c0;
        uint32_t hi1 = mul_hi(M1, c2), lo1 = M1 * c2;
        c0 = hi1 ^ c1 ^ k0;
        c1 = lo1;
        c2 = hi0 ^ c3 ^ k1;
        c3 = lo0;
        k0 += W0;
        k1 += W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

uint32_t vcl_philox_word(const struct vcl_philox *rng, uint32_t row, uint32_t col)
{
    const uint32_t counter[4] = {col / 4, row, rng->step, rng->stream};
    const uint32_t key[2] = {(uint32_t)rng->seed, (uint32_t)(rng->seed >> 32)};
    uint32_t out[4];
    vcl_philox4x32(counter, key, out);
    return out[col % 4];
}

float vcl_philox_uniform(const struct vcl_philox *rng, uint32_t row, uint32_t col)
{
    return (float)(vcl_philox_word(rng, row, col) >> 8) * 0x1p-24f;
}

uint32_t vcl_philox_below(const struct vcl_philox *rng, uint32_t row, uint32_t col, uint32_t bound)
{
    return mul_hi(vcl_philox_word(rng, row, col), bound);
}

void vcl_philox_shuffle(const struct vcl_philox *rng, uint32_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n; i > 1; i--) {
        uint32_t j = vcl_philox_below(rng, 0, (uint32_t)i, (uint32_t)i);
        uint32_t swapped = order[i - 1];
        order[i - 1] = order[j];
        order[j] = swapped;
    }
}
