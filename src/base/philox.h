/* SPDX-License-Identifier: MIT
 *
 * Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy
 * as 1, 2, 3", SC 2011). A number is a pure function of (seed, stream, step, row, column), so
 * noise, shuffles and initial weights do not depend on work-group size, device or resume point.
 * kernels/random.cl holds the same function for the device.
 *
 * The counter of word `col` is (col / 4, row, step, stream); the word is output col % 4.
 */
#ifndef VCL_BASE_PHILOX_H
#define VCL_BASE_PHILOX_H

#include <stddef.h>
#include <stdint.h>

/* Who draws: each use has a stream of its own, so that adding one never shifts another.
 * Nodes of a graph that draw use VCL_STREAM_NODE + their index. */
enum vcl_stream {
    VCL_STREAM_INIT = 1,      /* initial weights */
    VCL_STREAM_SHUFFLE = 2,   /* order of examples in an epoch */
    VCL_STREAM_BINARISE = 3,  /* dynamic binarisation */
    VCL_STREAM_SPLIT = 4,     /* training / validation split */
    VCL_STREAM_DIGITS = 5,    /* the built-in digits set */
    VCL_STREAM_PRIOR = 6,     /* z for samples */
    VCL_STREAM_COMPONENT = 7, /* which of a mixture they are of */
    VCL_STREAM_NODE = 64,
};

struct vcl_philox {
    uint64_t seed;
    uint32_t stream, step;
};

/* Ten rounds of Philox4x32 on `counter` with `key`. */
void vcl_philox4x32(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

/* Word (row, col). */
uint32_t vcl_philox_word(const struct vcl_philox *rng, uint32_t row, uint32_t col);

/* Uniform in [0, 1): the upper 24 bits of the word times 2^-24, exact in float. */
float vcl_philox_uniform(const struct vcl_philox *rng, uint32_t row, uint32_t col);

/* Uniform integer in [0, bound) by multiplication; the bias is below bound / 2^32. */
uint32_t vcl_philox_below(const struct vcl_philox *rng, uint32_t row, uint32_t col, uint32_t bound);

/* Fisher-Yates: fills order[0..n) with a permutation of 0..n-1. */
void vcl_philox_shuffle(const struct vcl_philox *rng, uint32_t *order, size_t n);

#endif
