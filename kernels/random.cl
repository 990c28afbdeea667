/* SPDX-License-Identifier: MIT
 *
 * Random numbers on lanes: the same Philox4x32-10 as src/base/philox.c, which says how a number
 * is keyed. Each lane has its own row and column.
 */

/* The upper half of the 64-bit products. Compilers make mul_hi of a vector lane by lane. */
#if VEC == 16
#define PHILOX_HIGH(m, x) convert_uint16(convert_ulong16(x) * (ulong)(m) >> 32)
#else
#define PHILOX_HIGH(m, x) mul_hi(m, x)
#endif

/* One round of Philox4x32 on the counter c0..c3. */
#define PHILOX_ROUND(c0, c1, c2, c3, k0, k1)                                                       \
    do {                                                                                           \
        ureal hi0 = PHILOX_HIGH(0xD2511F53u, c0), lo0 = 0xD2511F53u * c0;                          \
        ureal hi1 = PHILOX_HIGH(0xCD9E8D57u, c2), lo1 = 0xCD9E8D57u * c2;                          \
        c0 = hi1 ^ c1 ^ (k0);                                                                      \
        c1 = lo1;                                                                                  \
        c2 = hi0 ^ c3 ^ (k1);                                                                      \
        c3 = lo0;                                                                                  \
    } while (0)

/* Ten rounds on the counter (*c0 .. *c3), in place. */
static inline void philox4x32(uint k0, uint k1, ureal *c0, ureal *c1, ureal *c2, ureal *c3)
{
    ureal w0 = *c0, w1 = *c1, w2 = *c2, w3 = *c3;
    for (uint round = 0; round < 10; round++) {
        PHILOX_ROUND(w0, w1, w2, w3, k0, k1);
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    *c0 = w0;
    *c1 = w1;
    *c2 = w2;
    *c3 = w3;
}

/* Word (row, col): output col % 4 of the block col / 4. */
static inline ureal philox_word(uint seed_lo, uint seed_hi, uint stream, uint step, ureal row,
                                ureal col)
{
    ureal w0 = col >> 2, w1 = row, w2 = (ureal)(step), w3 = (ureal)(stream);
    philox4x32(seed_lo, seed_hi, &w0, &w1, &w2, &w3);
    ureal low = (col & 1u) != 0u ? w1 : w0, high = (col & 1u) != 0u ? w3 : w2;
    return (col & 2u) != 0u ? high : low;
}

/* Uniform in [0, 1): the upper 24 bits of the word times 2^-24, exact. */
static inline real philox_uniform(uint seed_lo, uint seed_hi, uint stream, uint step, ureal row,
                                  ureal col)
{
    return to_real(philox_word(seed_lo, seed_hi, stream, step, row, col) >> 8) * 0x1p-24f;
}

/* Standard normal by Box and Muller. A block of four words makes the four normals of the same
 * columns: words 0 and 1 make columns 0 (cosine) and 1 (sine), words 2 and 3 make 2 and 3.
 * The radius uses all 32 bits of its word as (word + 1/2) 2^-32, rounded to float: in
 * [2^-33, 1], so that the largest |normal| is sqrt(2 * 33 ln 2) = 6.76. */
static inline real philox_normal(uint seed_lo, uint seed_hi, uint stream, uint step, ureal row,
                                 ureal col)
{
    ureal w0 = col >> 2, w1 = row, w2 = (ureal)(step), w3 = (ureal)(stream);
    philox4x32(seed_lo, seed_hi, &w0, &w1, &w2, &w3);
    ureal radius_word = (col & 2u) != 0u ? w2 : w0, angle_word = (col & 2u) != 0u ? w3 : w1;
    real u = fma(to_real(radius_word), (real)(0x1p-32f), (real)(0x1p-33f));
    real radius = vm_sqrt(-2.0f * vm_log_normal(u));
    real angle = to_real(angle_word >> 8) * 0x1p-24f;
    return radius * vm_cos_turns(angle, (col & 1u) * 3u);
}
