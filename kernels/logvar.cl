/* What all Gaussians over codes share: mu and log sigma^2 come from a network, (rows, 2 * dim), mu in
 * columns 0 .. dim-1 and log sigma^2 in dim .. 2*dim-1. log sigma^2 is clamped to +-LOGVAR_BOUND,
 * with zero gradient beyond.
 */
#define LOGVAR_BOUND 20.0f
#define LOG_2PI      1.83787706640934548356f

static inline real clamp_logvar(real v)
{
    return v > LOGVAR_BOUND ? (real)(LOGVAR_BOUND) : (v < -LOGVAR_BOUND ? (real)(-LOGVAR_BOUND) : v);
}
