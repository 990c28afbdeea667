/* What changes from step to step, written by the host before each (struct vcl_step in
 * src/ops/ops.h), so that the launches themselves can be recorded once.
 */
struct step {
    uint seed_lo, seed_hi;
    uint step;  /* counts training steps; keys the noise */
    uint epoch; /* keys dynamic binarisation */
    uint slot;  /* where metrics of this step go */
    float lr;
    float kl_weight;
    float correction1, correction2; /* Adam: lr is divided by 1, sqrt(v) multiplied by 2 */
    uint sample; /* the first one of several of an example */
    uint reserved[6];
};

/* Set by the device when a number is no longer finite; later updates are skipped, so that the host,
 * which looks now and then, finds the parameters as they were before the bad step. */
struct health {
    uint halted;
    uint bad_step;  /* the first step with a loss that is not finite, or the one after a bad gradient */
    uint bad_index; /* lowest flat index of a gradient that is not finite; UINT_MAX if none */
    uint reserved;
};
