/* Optimisers over the flat parameter buffer. Each kernel takes
 *   (n, first, clipped, a, b, c, decay, step, health, clip, gradient, value, state0, state1)
 * where a, b, c and decay are the optimiser's constants and clip[0] scales the gradient if `clipped`.
 * An element whose gradient is not finite is left alone and its index reported, counted from `first`.
 */
#include "prelude.cl"
#include "math.cl"
#include "step.cl"

/* The gradient, clipped; reports and zeroes what is not finite. */
static inline real checked_gradient(global const float *gradient, int n, uint first, int i,
                                    float scale, global struct health *health)
{
    real g = flat_load(gradient, n, i);
    if (any_lane(g - g != 0.0f)) {
        for (int lane = i; lane < n && lane < i + VEC; lane++) {
            if (gradient[lane] - gradient[lane] != 0.0f)
                atomic_min(&health->bad_index, first + (uint)lane);
        }
        g = g - g != 0.0f ? (real)(0.0f) : g;
    }
    return g * scale;
}

/* Many processors take a hundred times as long for subnormal numbers, so that a net of dead units
 * would train at half speed: a moment that nothing feeds fades to one, and rounding keeps it for
 * ever; a tiny gradient's square is one. */
static inline real fade(real x, float least)
{
    return fabs(x) < least ? (real)(0.0f) : x;
}
#define LEAST_MOMENT 0x1p-126f
#define LEAST_SLOPE  0x1p-63f

/* SGD with momentum `a` (PyTorch's form): v = a v + g; p -= lr v. */
kernel void sgd(int n, uint first, int clipped, float a, float b, float c, float decay, global const struct step *step,
                global struct health *health, global const float *clip,
                global const float *gradient, global float *value, global float *velocity,
                global float *unused)
{
    int i = FLAT_INDEX;
    if (health->halted || i >= n)
        return;
    real p = flat_load(value, n, i);
    real g = checked_gradient(gradient, n, first, i, clipped ? clip[0] : 1.0f, health);
    g = fma((real)(decay), p, g);
    real v = fade(fma((real)(a), flat_load(velocity, n, i), g), LEAST_MOMENT);
    flat_store(v, velocity, n, i);
    flat_store(fma((real)(-step->lr), v, p), value, n, i);
}

static inline void adam_step(int n, uint first, int clipped, int decoupled, float a, float b, float c,
                             float decay, global const struct step *step,
                             global struct health *health, global const float *clip,
                             global const float *gradient, global float *value,
                             global float *moment1, global float *moment2)
{
    int i = FLAT_INDEX;
    if (health->halted || i >= n)
        return;
    real p = flat_load(value, n, i);
    real g = checked_gradient(gradient, n, first, i, clipped ? clip[0] : 1.0f, health);
    if (decoupled)
        p = fma((real)(-(step->lr * decay)), p, p);
    else
        g = fma((real)(decay), p, g);
    g = fade(g, LEAST_SLOPE);
    real m = fade(fma((real)(a), flat_load(moment1, n, i), (1.0f - a) * g), LEAST_MOMENT);
    real v = fade(fma((real)(b), flat_load(moment2, n, i), ((1.0f - b) * g) * g), LEAST_MOMENT);
    real size = fma(vm_sqrt(v), (real)(step->correction2), (real)(c));
    flat_store(m, moment1, n, i);
    flat_store(v, moment2, n, i);
    flat_store(fma((real)(-(step->lr * step->correction1)), vm_div(m, size), p), value, n, i);
}

/* Adam (Kingma and Ba 2015) with beta1 = a, beta2 = b, epsilon = c:
 * p -= lr / (1 - a^t) * m / (sqrt(v) / sqrt(1 - b^t) + c). `decay` adds to the gradient. */
kernel void adam(int n, uint first, int clipped, float a, float b, float c, float decay,
                 global const struct step *step, global struct health *health,
                 global const float *clip, global const float *gradient, global float *value,
                 global float *moment1, global float *moment2)
{
    adam_step(n, first, clipped, 0, a, b, c, decay, step, health, clip, gradient, value, moment1,
              moment2);
}

/* AdamW (Loshchilov and Hutter 2019): Adam with the decay apart from the gradient. */
kernel void adamw(int n, uint first, int clipped, float a, float b, float c, float decay,
                  global const struct step *step, global struct health *health,
                  global const float *clip, global const float *gradient, global float *value,
                  global float *moment1, global float *moment2)
{
    adam_step(n, first, clipped, 1, a, b, c, decay, step, health, clip, gradient, value, moment1,
              moment2);
}

/* clip[0] = min(1, most / norm), from partial sums of squares (see row_sums in reduce.cl). */
kernel ROW_KERNEL void clip_scale(int count, float most, global const float *partial,
                                  global float *clip)
{
    ROW_SCRATCH
    real sum = (real)(0.0f);
    LANE_LOOP(j, count)
    {
        sum = sum + lanes_load(partial, count, j);
    }
    real norm = vm_sqrt((real)(lanes_sum(sum)));
    lanes_store(norm > most ? vm_div((real)(most), norm) : (real)(1.0f), clip, 1, 0);
}
