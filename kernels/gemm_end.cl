/* What products on GPUs do with an element's sum before it is stored, and the second pass of those
 * whose K was divided among work-groups. One element a work-item: VEC is 1.
 */
#include "prelude.cl"
#include "activation.cl"

#ifndef DERIVATIVE
#define DERIVATIVE 0
#endif

/* Bits of the argument `flags`. */
#define ADD_OLD  1 /* C's old value is added */
#define ADD_BIAS 2
#define SUM_B    4 /* the column sums of B are wanted */

/* Old value + sum, + bias, then the activation, or times its derivative where it was `at`. */
static inline float gemm_end(float x, int flags, float old, float bias, float at)
{
    if (flags & ADD_OLD)
        x = old + x;
    if (flags & ADD_BIAS)
        x = x + bias;
#if DERIVATIVE
    return x * activate_grad(0.0f, at);
#else
    return activate(x);
#endif
}
