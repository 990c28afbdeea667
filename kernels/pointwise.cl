/* Element-wise passes: the epilogue of products that cannot do it themselves, activations on their
 * own and their gradients, and what goes around a residual block.
 */
#include "prelude.cl"
#include "activation.cl"

#ifndef HAS_BIAS
#define HAS_BIAS 0
#endif

/* c (rows, cols) = act(c + bias), in place. */
kernel void epilogue(int cols, global const float *bias, global float *c)
{
    int j = FLAT_INDEX;
    if (j >= cols)
        return;
    global float *row = c + (size_t)get_global_id(1) * cols;
    real x = flat_load(row, cols, j);
#if HAS_BIAS
    x = x + flat_load(bias, cols, j);
#endif
    flat_store(activate(x), row, cols, j);
}

/* c (n) = c + x. */
kernel void add_to(int n, global const float *x, global float *c)
{
    int i = FLAT_INDEX;
    flat_store(flat_load(c, n, i) + flat_load(x, n, i), c, n, i);
}

/* y (n) = act(x). */
kernel void activation(int n, global const float *x, global float *y)
{
    int i = FLAT_INDEX;
    flat_store(activate(flat_load(x, n, i)), y, n, i);
}

/* dy (n) = dy * act'(x), in place; `x` is read only by activations that need it. */
kernel void activation_gradient(int n, global const float *x, global const float *y,
                                global float *dy)
{
    int i = FLAT_INDEX;
#ifdef NEEDS_INPUT
    real slope = activate_grad(flat_load(x, n, i), flat_load(y, n, i));
#else
    real slope = activate_grad((real)(0.0f), flat_load(y, n, i));
#endif
    flat_store(flat_load(dy, n, i) * slope, dy, n, i);
}

/* y (n) = act(a + b). */
kernel void add(int n, global const float *a, global const float *b, global float *y)
{
    int i = FLAT_INDEX;
    flat_store(activate(flat_load(a, n, i) + flat_load(b, n, i)), y, n, i);
}

/* dx (n) = (dy, or dx + dy with `accumulate`) * act'(x), where y = act(x). */
kernel void pass_gradient(int n, int accumulate, global const float *dy, global const float *y,
                          global float *dx)
{
    int i = FLAT_INDEX;
    real d = flat_load(dy, n, i);
    if (accumulate)
        d = flat_load(dx, n, i) + d;
    flat_store(d * activate_grad((real)(0.0f), flat_load(y, n, i)), dx, n, i);
}
