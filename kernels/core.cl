/* The kernels that have no variants, as one program: with some drivers each program costs tens of
 * milliseconds at start-up even when it is cached. What varies in them is an argument.
 */
#include "data.cl"
#include "latent.cl"
#include "metrics.cl"
#include "optimiser.cl"
#include "reduce.cl"
